"""The native engine: declarations compiled to a program over raw bytes, JSON or msgpack."""

from collections import Counter
from collections.abc import Sequence
from typing import NoReturn

import msgspec

from mainspring.errors import ConfigError, WireError
from mainspring.seams import Catalogue, Feed, FeedContext, FeedStatistics, FuseContext, Fused, ResyncRequest, hookimpl
from mainspring.wire import ControlMessage, WireFeed, python_engine
from mainspring_native import BUILD, NEEDS

__all__ = ["NativeFeed", "native_engine", "register_engines"]


class NativeFeed:
    """A `mainspring.seams.Feed` that reads raw bytes in Rust, with the events, counts and errors of the Python engine.

    It decodes by itself: JSON as RFC 8259 has it, of a key that comes twice the later one, an integer beyond 64 bits as
    a float; msgpack with no extension but the timestamp. What it refuses is read once more by the Python engine with
    the session's codec, which finds the words.
    """

    __slots__ = ("_instruments", "_plain", "_tags", "engine", "on_message")

    def __init__(self, declared: WireFeed, context: FeedContext) -> None:
        """Raises `ConfigError` for a tick or lot size that the engine can't take."""
        from mainspring_native._native import WireEngine

        self._plain = python_engine(declared, context)
        self._instruments = context.instruments
        messages = declared.format.messages
        self._tags = [str(message.__struct_config__.tag) for message in messages]
        kinds = [
            message.kind if isinstance(message, ControlMessage) else tag
            for message, tag in zip(messages, self._tags, strict=True)
        ]
        try:
            self.engine = WireEngine(
                msgspec.json.encode(declared.format),
                msgspec.json.encode(context.instruments),
                context.encoding,
                kinds,
                self._explain,
                context.alone,
            )
        except ValueError as error:
            raise ConfigError(f'{error}; set engine.plugin = "python" for this feed') from error
        self.on_message = self.engine.on_message

    def subscriptions(self) -> Sequence[bytes]:
        """See `mainspring.seams.Feed`."""
        return self._plain.subscriptions()

    def take_resync_requests(self) -> Sequence[ResyncRequest]:
        """See `mainspring.seams.Feed`."""
        return self._plain.resync_requests(self.engine.take_wanted())

    def statistics(self) -> FeedStatistics:
        """See `mainspring.seams.Feed`."""
        counts, ignored = self.engine.counts()
        by_kind: Counter[str] = Counter(ignored=ignored)
        for tag, count in zip(self._tags, counts, strict=True):
            by_kind[tag] += count
        gaps, resyncs = self.engine.gaps()
        return FeedStatistics(
            messages=by_kind.total(),
            by_kind=dict(+by_kind),
            by_cause=self.engine.causes(),
            gaps=gaps,
            resyncs=resyncs,
        )

    def fuse(self, context: FuseContext) -> Fused | None:
        """Feed, books and markets as one, where all the books are native; else None."""
        from mainspring_native._native import Book

        books = [book for book in context.books if isinstance(book, Book)]
        if len(books) < len(context.books):
            return None
        from mainspring_native.fused import NativeFused

        return NativeFused(self.engine, self._instruments, books, context)

    def _explain(self, raw: bytes, receive_time_ns: int, at: int, what: str) -> NoReturn:
        """Raises the error for a message that was refused: the Python engine's, where it refuses it too."""
        self._plain.on_message(raw, receive_time_ns)
        raise WireError(f"byte {at} of the message {what}; the session's codec takes it, the native engine doesn't")


def native_engine(declared: WireFeed, context: FeedContext) -> Feed:
    """The feed that is declared, run in Rust."""
    return NativeFeed(declared, context)


@hookimpl
def register_engines(catalogue: Catalogue) -> None:
    """Offers `native`."""
    catalogue.add(
        "native",
        native_engine,
        summary="Rust: declarations compiled to a program over the raw bytes",
        needs=NEEDS,
        build=BUILD,
    )
