"""The decoder seam: what runs the declarations of a feed."""

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
    """What a feed needs to run books and markets itself: the lane's books, in the order of the instruments, and how the
    markets' statistics are estimated (see `mainspring.lane.StatisticsOptions`)."""

    books: tuple[Book, ...]
    top_of_book: bool
    volatility_half_life_s: float
    warm_up_s: float
    daily_volume_lots: tuple[float | None, ...]
    daily_volatility: float | None


class CaptureBlocks(Protocol):
    """A capture's messages in blocks, read ahead of whoever takes them.

    It knows plain, gzip and zstd files, and whole lines as `mainspring.data.read_capture` takes them. At anything else,
    a broken line or broken compression, it ends: what follows is read by `read_capture`, which has the words for it.
    """

    @property
    def whole(self) -> bool:
        """Whether the capture ended as it should, and all of it was taken."""
        ...

    @property
    def bytes_read(self) -> int:
        """How many bytes of the file, as it lies there, were read."""
        ...

    def take(self) -> Sequence[RawMessage]:
        """The next block, a batch of its `Fused`; an empty one at the end.

        It may have a method `tally(start, stop, last_ns)`: of the messages from `start` to before `stop` the first
        receive time that isn't 0, how often times went back, from `last_ns` on, and the last one.
        """
        ...

    def close(self) -> None:
        """Reads no further."""
        ...


class Fused(Protocol):
    """Feed, books and markets in one: messages run through all three, up to where somebody wants to look.

    `markets` keep the contract of `mainspring.seams.MarketView`, and of the lane's own markets. What a fused run makes
    of a message is what the lane makes of the same events, one after the other.
    """

    @property
    def markets(self) -> Sequence[Any]:
        """The markets, in the order of the instruments."""
        ...

    @property
    def refused_at(self) -> int:
        """The place of the message that the last `run` refused."""
        ...

    @property
    def last_ns(self) -> int:
        """What feed and book took of the message that ended the last timed `run`, in nanoseconds."""
        ...

    def batch(self, messages: Sequence[RawMessage]) -> Any:
        """The messages, ready to be run; a batch is returned as it is."""
        ...

    def open_capture(self, path: Path, block: int) -> CaptureBlocks:
        """Reads a capture in blocks of at most so many messages. Raises `OSError` where it can't be opened."""
        ...

    def run(self, batch: Any, start: int, until_ns: int, *, callbacks: bool, timed: bool) -> int:
        """Runs the messages of a batch from `start` on; returns the place behind the last one that was run.

        It ends before a message that comes at or after `until_ns` and, with `callbacks`, behind one that changed best
        prices: then `changed` says whose. Raises what the feed raises for a message that is refused.
        """
        ...

    def changed(self) -> Sequence[int]:
        """The instruments whose best prices the last message of a run changed, in the order in which they did."""
        ...

    def take_conflated(self) -> Sequence[MarketEvent]:
        """What an idle router has to know of the messages that were run since the last call: see `Router.idle`."""
        ...

    def take_times(self) -> Mapping[str, tuple[Mapping[int, int], int, int]]:
        """What was timed since the last call, under "fused" feed and book together and under "whole_path" the messages
        that nobody looked at: counts by bucket of `mainspring.telemetry.Histogram`, their sum and the largest."""
        ...


class Decoder(Protocol):
    """Makes a feed of a declaration: every decoder gives the same events, counts and errors for the same messages.

    A message that is refused is so in the words of the plain reading, which names the field at fault.

    The feed that it makes may have a method `fuse`, called as `fuse(context)` with a `FuseContext`: it returns a
    `Fused` where the books are of a kind that it can work on itself, and None where they aren't.
    """

    def __call__(self, declared: Any, context: FeedContext) -> Feed:
        """The feed that a `mainspring.wire.WireFeed` declares. Raises `ConfigError` where this decoder can't run it."""
        ...


@hookspec
def register_decoders(catalogue: Catalogue) -> None:
    """Offers decoders for feeds that are declared.

    Called once, when the registry loads. Add each decoder by `catalogue.add(name, factory, summary=...)`; the factory
    is called as `factory(declared, context)` with a `mainspring.wire.WireFeed` and a `mainspring.seams.FeedContext`,
    once for each lane, and keeps the contract of `mainspring.seams.Decoder`. `mainspring.testing.check_decoder` checks
    that it does.

    Capabilities: none are asked for.
    """
