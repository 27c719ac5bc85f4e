"""The native decoder: declarations compiled to a program over raw bytes, JSON or msgpack."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

import msgspec

from mainspring.errors import ConfigError, WireError
from mainspring.seams import Catalogue, Feed, FeedContext, FeedStatistics, FuseContext, Fused, ResyncRequest, hookimpl
from mainspring.wire import ControlMessage, WireFeed, python_decoder
from mainspring_native import BUILD, NEEDS

if TYPE_CHECKING:
    from mainspring_native._native import FrameDecoder

__all__ = ["NativeFeed", "native_decoder", "register_decoders"]


class NativeFeed:
    """A `mainspring.seams.Feed` that reads raw bytes in Rust, with the events, counts and errors of the Python decoder.

    It decodes without a codec: JSON as in RFC 8259, with the later of two equal keys and integers beyond 64 bits as
    floats; msgpack with no extension but the timestamp. What it rejects goes to the Python decoder with the session's
    codec, which words the error.
    """

    __slots__ = ("_instruments", "_plain", "_tags", "decoder", "on_message")

    def __init__(self, declared: WireFeed, context: FeedContext) -> None:
        """Raises `ConfigError` for a tick or lot size that the decoder can't take."""
        from mainspring_native._native import WireDecoder

        self._plain = python_decoder(declared, context)
        self._instruments = context.instruments
        messages = declared.format.messages
        self._tags = [str(message.__struct_config__.tag) for message in messages]
        kinds = [
            message.kind if isinstance(message, ControlMessage) else tag
            for message, tag in zip(messages, self._tags, strict=True)
        ]
        try:
            self.decoder = WireDecoder(
                msgspec.json.encode(declared.format),
                msgspec.json.encode(context.instruments),
                context.encoding,
                kinds,
                self._explain,
                context.alone,
                context.first_index,
                declared.format.flat,
            )
        except ValueError as error:
            raise ConfigError(f'{error}; set decoder.plugin = "python" for this feed') from error
        self.on_message = self.decoder.on_message

    def subscriptions(self, now_ns: int) -> Sequence[bytes]:
        """See `mainspring.seams.Feed`."""
        return self._plain.subscriptions(now_ns)

    def take_resync_requests(self) -> Sequence[ResyncRequest]:
        """See `mainspring.seams.Feed`."""
        return self._plain.resync_requests(self.decoder.take_wanted())

    def statistics(self) -> FeedStatistics:
        """See `mainspring.seams.Feed`."""
        counts, ignored, notes = self.decoder.counts()
        by_kind: Counter[str] = Counter(ignored=ignored, note=notes)
        for tag, count in zip(self._tags, counts, strict=True):
            by_kind[tag] += count
        gaps, resyncs = self.decoder.gaps()
        checksums, checksums_right = self.decoder.checksums()
        return FeedStatistics(
            messages=by_kind.total(),
            by_kind=dict(+by_kind),
            by_cause=self.decoder.causes(),
            gaps=gaps,
            resyncs=resyncs,
            checksums=checksums,
            checksums_right=checksums_right,
        )

    def fuse(self, context: FuseContext) -> Fused | None:
        """Feed, books and markets as one, where all the books are native; else None."""
        from mainspring_native._native import Book

        books = [book for book in context.books if isinstance(book, Book)]
        if len(books) < len(context.books):
            return None
        from mainspring_native.fused import NativeFused

        return NativeFused(self.decoder, self._instruments, books, context)

    def _explain(self, raw: bytes, receive_time_ns: int, at: int, what: str) -> NoReturn:
        """Raises the error for a refused message: the Python decoder's, if it refuses the message too."""
        self._plain.on_message(raw, receive_time_ns)
        raise WireError(f"byte {at} of the message {what}; the session's codec takes it, the native decoder doesn't")


class _NativeDecoder:
    """Makes feeds that are run in Rust, and what decodes the frames that they come in."""

    def __call__(self, declared: WireFeed, context: FeedContext) -> Feed:
        """The feed that is declared."""
        return NativeFeed(declared, context)

    @staticmethod
    def frames() -> "FrameDecoder":
        """See `mainspring.seams.Decoder`."""
        from mainspring_native._native import FrameDecoder

        return FrameDecoder()


native_decoder = _NativeDecoder()
"""The feed that is declared, run in Rust."""


@hookimpl
def register_decoders(catalogue: Catalogue) -> None:
    """Offers `native`."""
    catalogue.add(
        "native",
        native_decoder,
        rank=20,
        summary="Rust: declarations compiled to a program over the raw bytes",
        needs=NEEDS,
        build=BUILD,
        capabilities={"in_runs": True},
    )
