"""Bytes to book: the Python wire decoder and the default codec and book, against loops written by hand for Binance
spot.

The loops by hand are the baseline: what an experienced engineer writes for this one format, with orjson, a dict and a
bisect-sorted list of prices a side. They follow the update ids, read quotes and trades, and take the best prices after
each depth message. They check nothing else: not a price's text, not a type, not a bound.

The native decoder runs the same declaration over the raw bytes into native books, where it is built: 512 messages a
call, as a lane does, which come as Python's tuples, or as the blocks that its own reader leaves in memory. Every
decoder that is installed, it too, also runs a message a call for a Python book.

One makes whole ticks and lots of prices and sizes, as the decoder does, by rounding a float: it gives the same answer,
and is what the decoder is held to. The other keeps prices and sizes as floats, the least that can be done.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import orjson

from mainspring.host.offers import Offer
from mainspring.model import Instrument
from mainspring.seams import NEVER_NS, Feed, FeedContext, RawMessage
from mainspring_perf.candidates import candidates, make, usable
from mainspring_perf.harness import Benchmark, Calls, WrongAnswer
from mainspring_perf.parts import CHUNK, book_sides, drive, fused, run_fused
from mainspring_perf.peers.adapters._loop import follow, whole_levels
from mainspring_perf.peers.adapters.by_hand import BisectBook
from mainspring_perf.sessions import sessions
from mainspring_plugins.books.bisect_list import BisectListBook
from mainspring_plugins.codecs.orjson import OrjsonCodec
from mainspring_plugins.feeds.simulated import WHOLE_SPOT

__all__ = ["COUNTED", "SEAMS", "SUITE", "benchmarks", "hot_paths"]

SUITE = "wire"
COUNTED = True
SEAMS = ("decoder",)

_STRUCTURES = ("ladder", "sorted-vec", "btree")
_BEST = "ladder"
_PLAIN = "python"

_Messages = Sequence[RawMessage]
_Answer = tuple[dict[Any, Any], dict[Any, Any], int, int]
"""The bids and asks at the end, and how many quotes and trades there were."""


def benchmarks(tiny: bool) -> list[Benchmark]:
    """The decoder and both loops, on the reference session, and on the recorded one where it is here."""
    return [
        benchmark for name, plan, messages in sessions(tiny=tiny) for benchmark in _on(name, plan.instruments, messages)
    ]


def _on(name: str, instruments: Sequence[Instrument], messages: _Messages) -> list[Benchmark]:
    (instrument,) = instruments
    right = _by_hand_integers(messages, instrument)
    stated = f"{name}: {len(messages)} messages of {sum(len(raw) for _, raw in messages) // len(messages)} bytes each"
    by_hand = "by hand, integers"
    reference = name.startswith("reference")

    def benchmark(what: str, run: Callable[[], object], check: Callable[..., None], **more: Any) -> Benchmark:
        return Benchmark(
            name=f"{name}: {what}",
            run=run,
            operations=len(messages),
            check=partial(check, right),
            input=stated,
            baseline=None if what == by_hand else f"{name}: {by_hand}",
            **more,
        )

    native = []
    if usable("decoder", "native"):
        tuples = [messages[start : start + CHUNK] for start in range(0, len(messages), CHUNK)]
        forms = {"tuples": tuples, "blocks": _blocks(tuples)}
        native = [
            benchmark(
                f"native decoder, {structure}, {form}",
                partial(run_fused, chunks, WHOLE_SPOT, instrument, structure),
                _expect_native,
                calls=partial(_each_native, messages, instrument) if structure == _BEST and form == "blocks" else None,
                counted=5 if structure == _BEST and reference else 0,
            )
            for structure in _STRUCTURES
            for form, chunks in forms.items()
        ]
    return [
        *native,
        benchmark(by_hand, partial(_by_hand_integers, messages, instrument), _expect),
        benchmark("by hand, floats", partial(_by_hand_floats, messages), partial(_expect_floats, instrument)),
        *(
            benchmark(
                f"{offer.name} decoder" if offer.name == _PLAIN else f"{offer.name} decoder, a message a call",
                partial(_decoder, offer, messages, instrument),
                _expect,
                offer=offer,
                calls=partial(_each_message, offer, messages, instrument),
                counted=1 if offer.name == _PLAIN and reference else 0,
            )
            for offer in candidates("decoder")
        ),
    ]


def _feed(offer: Offer, instrument: Instrument) -> Feed:
    return WHOLE_SPOT(FeedContext((instrument,), OrjsonCodec(), "json", partial(make, offer)))


def _each_message(
    offer: Offer, messages: _Messages, instrument: Instrument
) -> tuple[Callable[[RawMessage], None], _Messages]:
    feed, book = _feed(offer, instrument), BisectListBook(instrument)
    return lambda message: drive(feed, book, (message,)), messages


def _decoder(offer: Offer, messages: _Messages, instrument: Instrument) -> _Answer:
    feed, book = _feed(offer, instrument), BisectListBook(instrument)
    drive(feed, book, messages)
    return _ended(book, feed)


def _ended(book: Any, feed: Any) -> _Answer:
    by_kind = feed.statistics().by_kind
    bids, asks = book_sides(book)
    return dict(bids), dict(asks), by_kind["quote"], by_kind["trade"]


def _blocks(chunks: Sequence[_Messages]) -> Sequence[Any]:
    """The messages as the native reader leaves them in memory."""
    from mainspring_native._native import Batch

    return [Batch(chunk) for chunk in chunks]


def hot_paths(*, tiny: bool) -> dict[str, Calls]:
    """Bytes to book of the reference session, a message a call: by the plain parts, and by the native ones."""
    name, plan, messages = sessions(tiny=tiny)[0]
    (instrument,) = plan.instruments
    paths: dict[str, Calls] = {
        f"{name}: {offer.name} decoder": partial(_each_message, offer, messages, instrument)
        for offer in candidates("decoder")
        if offer.name == _PLAIN
    }
    if usable("decoder", "native"):
        paths[f"{name}: native decoder, {_BEST}"] = partial(_each_native, messages, instrument)
    return paths


def _each_native(messages: _Messages, instrument: Instrument) -> tuple[Callable[[Any], object], Sequence[Any]]:
    _, _, running = fused(WHOLE_SPOT, instrument, _BEST)
    run = running.run
    return lambda batch: run(batch, 0, NEVER_NS, None, timed=False), _blocks([(one,) for one in messages])


def _expect_native(right: _Answer, answer: Any) -> None:
    _expect(right, _ended(*answer))


def _by_hand_integers(messages: _Messages, instrument: Instrument) -> _Answer:
    return _by_hand(messages, whole_levels(instrument.tick_size, instrument.lot_size))


def _by_hand_floats(messages: _Messages) -> _Answer:
    return _by_hand(messages, lambda rows: [(float(price), float(size)) for price, size in rows])


def _by_hand(messages: _Messages, levels: Callable[[Any], list[tuple[Any, Any]]]) -> _Answer:
    book, quotes, trades = follow(messages, orjson.loads, BisectBook, levels)
    return *book.sides(), quotes, trades


def _expect(right: _Answer, answer: object) -> None:
    if answer != right:
        raise WrongAnswer("the book at the end, or the count of quotes and trades, isn't that of the loop by hand")


def _expect_floats(instrument: Instrument, right: _Answer, answer: object) -> None:
    bids, asks, quotes, trades = right
    tick_size, lot_size = instrument.tick_size, instrument.lot_size

    def floats(side: dict[int, int]) -> dict[float, float]:
        return {float(ticks * tick_size): float(lots * lot_size) for ticks, lots in side.items()}

    _expect((floats(bids), floats(asks), quotes, trades), answer)
