"""The decoder seam: runs the declarations of a feed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from mainspring.model import MarketEvent
from mainspring.seams.book import Book
from mainspring.seams.catalogue import Catalogue, hookspec
from mainspring.seams.feed import Feed, FeedContext, RawMessage

__all__ = ["CaptureBlocks", "Decoder", "FuseContext", "Fused", "register_decoders"]


class FuseContext(msgspec.Struct, frozen=True, kw_only=True):
    """What a feed needs to run books and markets itself.

    It holds the lane's books, in the order of the instruments, and how the markets' statistics are estimated (see
    `mainspring.lane.StatisticsOptions`).
    """

    books: tuple[Book, ...]
    top_of_book: bool
    volatility_half_life_s: float
    warm_up_s: float
    daily_volume_lots: tuple[float | None, ...]
    daily_volatility: float | None


class CaptureBlocks(Protocol):
    """Reads a capture's messages in blocks, ahead of the consumer.

    It reads plain, gzip and zstd files and whole lines as `mainspring.data.read_capture` does. At a broken line or
    broken compression it stops: `read_capture` reads on from there and reports the error.
    """

    @property
    def whole(self) -> bool:
        """Whether the capture ended cleanly and all of it was taken."""
        ...

    @property
    def bytes_read(self) -> int:
        """How many bytes of the (compressed) file were read."""
        ...

    def take(self) -> Sequence[RawMessage]:
        """Returns the next block as a batch of its `Fused`; an empty one at the end.

        A batch may have a method `tally(start, stop, last_ns)`. For the messages from `start` up to, but not
        including, `stop` it returns the first receive time that isn't 0, how often time went backwards (starting from
        `last_ns`), and the last time.
        """
        ...

    def close(self) -> None:
        """Stops reading."""
        ...


class Fused(Protocol):
    """Runs feed, books and markets as one, up to the point where other code must look.

    `markets` implement `mainspring.seams.MarketView` and behave as the lane's own do. A fused run gives the same
    results as the lane does for the same events one by one.
    """

    @property
    def markets(self) -> Sequence[Any]:
        """The markets, in the order of the instruments."""
        ...

    @property
    def refused_at(self) -> int:
        """The index of the message that the last `run` rejected."""
        ...

    @property
    def last_ns(self) -> int:
        """How long feed and book took for the message that ended the last timed `run`, in nanoseconds."""
        ...

    def batch(self, messages: Sequence[RawMessage]) -> Any:
        """Prepares messages to be run; returns a batch unchanged."""
        ...

    def open_capture(self, path: Path, block: int) -> CaptureBlocks:
        """Opens a capture to be read in blocks of at most `block` messages. Raises `OSError` if it can't be opened."""
        ...

    def run(self, batch: Any, start: int, until_ns: int, *, callbacks: bool, timed: bool) -> int:
        """Runs the messages of a batch from index `start`; returns the index after the last one run.

        It stops before a message at or after `until_ns`. With `callbacks`, it also stops after a message that changed
        best prices; `changed` then lists the instruments. `timed` turns on stage timing. Raises what the feed raises
        for a rejected message.
        """
        ...

    def changed(self) -> Sequence[int]:
        """The instruments whose best prices the last message of a run changed, in order of change."""
        ...

    def take_conflated(self) -> Sequence[MarketEvent]:
        """Returns what an idle router has to know of the messages run since the last call: see `Router.idle`."""
        ...

    def take_times(self) -> Mapping[str, tuple[Mapping[int, int], int, int]]:
        """Returns the times measured since the last call: counts by bucket of `Histogram`, their sum and maximum.

        "fused" is feed and book together; "whole_path" covers the messages after which no other code ran. The buckets
        are those of `mainspring.telemetry.Histogram`.
        """
        ...


class Decoder(Protocol):
    """Makes a feed from a declaration. Every decoder gives the same events, counts and errors for the same messages.

    Errors of rejected messages have the text of the Python decoder, which names the field at fault.

    The feed may have a method `fuse`, called as `fuse(context)` with a `FuseContext`. It returns a `Fused`, or None if
    it can't work on books of that kind.
    """

    def __call__(self, declared: Any, context: FeedContext) -> Feed:
        """Returns the feed that a `WireFeed` declares. Raises `ConfigError` if this decoder can't run it."""
        ...


@hookspec
def register_decoders(catalogue: Catalogue) -> None:
    """Offers decoders for declared feeds.

    Called once, when the registry loads. Add each decoder with `catalogue.add(name, factory, summary=...)`; the
    factory is called as `factory(declared, context)` with a `mainspring.wire.WireFeed` and a
    `mainspring.seams.FeedContext`, once per lane, and implements `mainspring.seams.Decoder`.
    `mainspring.testing.check_decoder` checks that it does.

    Capabilities: none.
    """
