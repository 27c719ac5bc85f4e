"""WebSocket frames to books: order-book messages of Alpaca, about 100 bytes each, as a socket would hand them over.

The baseline decodes the frames by the plain decoder, and the messages by the Python decoder, into the default book.
"""

import random
from decimal import Decimal
from functools import partial
from typing import Any

from mainspring.model import Instrument
from mainspring.seams import FeedContext
from mainspring.wire import FrameDecoder, encode_frame
from mainspring_perf.candidates import usable
from mainspring_perf.harness import Benchmark, WrongAnswer
from mainspring_perf.parts import book_sides, drive, fused
from mainspring_plugins.books.bisect_list import BisectListBook
from mainspring_plugins.codecs.orjson import OrjsonCodec
from mainspring_plugins.feeds.alpaca_crypto import ALPACA_CRYPTO

__all__ = ["SUITE", "benchmarks"]

SUITE = "frames"

_CHUNK_BYTES = 64 * 1024
_SEED = 1

_INSTRUMENT = Instrument(
    symbol="BTC/USD", venue_symbol="BTC/USD", tick_size=Decimal("0.01"), lot_size=Decimal("0.0001")
)
_TIME = "2024-08-09T00:00:00.123456789Z"


def benchmarks(tiny: bool) -> list[Benchmark]:
    """Both ways of cutting the stream, by the plain parts and by the native ones."""
    messages = _messages(1_000 if tiny else 50_000)
    frames = [encode_frame("text", message) for message in messages]
    stream = b"".join(frames)
    cuts = {
        "chunks of 64 KiB": [stream[at : at + _CHUNK_BYTES] for at in range(0, len(stream), _CHUNK_BYTES)],
        "one message a call": frames,
    }
    stated = f"{len(messages):,} messages of {len(b''.join(messages)) // len(messages)} bytes, seed {_SEED}"
    made = []
    for cut, chunks in cuts.items():
        right = book_sides(_plain(chunks))
        parts = {"plain": partial(_plain, chunks)}
        if usable("decoder", "native"):
            parts["native"] = partial(_native, chunks)
        for part, run in parts.items():
            made.append(
                Benchmark(
                    name=f"{cut}, {part}",
                    run=run,
                    operations=len(messages),
                    check=partial(_check, right),
                    input=stated,
                    baseline=f"{cut}, plain" if part == "native" else None,
                )
            )
    return made


def _messages(count: int) -> list[bytes]:
    """A snapshot of nothing, and updates of a level each, most of them near the touch."""
    draw = random.Random(_SEED)  # noqa: S311  no secret is made of it
    messages = [f'[{{"T":"o","S":"BTC/USD","t":"{_TIME}","b":[],"a":[],"r":true}}]']
    for _ in range(count - 1):
        price = round(61_000 + draw.gauss(0, 20), 2)
        size = 0 if draw.random() < 0.4 else draw.randrange(1, 9_999) / 10_000
        level = f'[{{"p":{price},"s":{size}}}]'
        bids, asks = (level, "[]") if price < 61_000 else ("[]", level)
        messages.append(f'[{{"T":"o","S":"BTC/USD","t":"{_TIME}","b":{bids},"a":{asks}}}]')
    return [message.encode() for message in messages]


def _plain(chunks: list[bytes]) -> Any:
    feed, book = ALPACA_CRYPTO(FeedContext((_INSTRUMENT,), OrjsonCodec())), BisectListBook(_INSTRUMENT)
    decoder = FrameDecoder(check_utf8=False)
    for chunk in chunks:
        drive(feed, book, [(1, raw) for _, _, raw in decoder.feed(chunk)])
    return book


def _native(chunks: list[bytes]) -> Any:
    from mainspring_native._native import FrameDecoder as NativeDecoder

    book, _, running = fused(ALPACA_CRYPTO, _INSTRUMENT, "ladder")
    # The decoder checks what it reads.
    decoder = NativeDecoder(check_utf8=False)
    run = running.run_frames
    for chunk in chunks:
        run(decoder, chunk, 0, 1, callbacks=False, timed=False)
    return book


def _check(right: object, book: Any) -> None:
    if book_sides(book) != right:
        raise WrongAnswer("the book at the end isn't that of the plain parts")
