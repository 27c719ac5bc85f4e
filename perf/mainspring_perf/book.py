"""Times books: deltas, snapshots, best prices, depth and walks."""

from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any, NamedTuple

from mainspring.host.offers import Offer
from mainspring.model import BBO, Level, Side
from mainspring.seams import Book
from mainspring.testing import INSTRUMENT, NaiveBook
from mainspring_perf.candidates import candidates, make
from mainspring_perf.harness import Benchmark, again, expect

__all__ = ["COUNTED", "SEAMS", "SUITE", "benchmarks"]

SUITE = "book"
COUNTED = True
SEAMS = ("book",)

_BASELINE = "sorted-dict"
_MID_TICKS = 6_000_000
_MEAN_DISTANCE_TICKS = 4_000
_REMOVALS = 0.48
_LEVELS_A_DELTA = 36
_WALK_LEVELS = 20

_Delta = tuple[list[Level], list[Level]]


def benchmarks(tiny: bool) -> list[Benchmark]:
    """Returns benchmarks of every installed book on one seeded stream; `tiny` makes it short enough for a test."""
    deltas = _deltas(20 if tiny else 2_000)
    every_bid = [level for bids, _ in deltas for level in bids]
    singles: list[_Delta] = [([level], []) for level in every_bid]
    naive, naive_singles = NaiveBook(), NaiveBook()
    # Of one price only the last row counts, so that the naive books may take them all at once.
    naive.apply_delta(every_bid, [level for _, asks in deltas for level in asks])
    naive_singles.apply_delta(every_bid, [])
    right = _Right(naive, (naive_singles.bbo(), len(naive_singles)))
    return [benchmark for offer in candidates("book") for benchmark in _of_book(offer, deltas, singles, right, tiny)]


class _Right(NamedTuple):
    """What the naive book gives: itself after all deltas, and the answer after all single levels."""

    naive: NaiveBook
    singles: tuple[BBO, int]


def _of_book(offer: Offer, deltas: list[_Delta], singles: list[_Delta], right: _Right, tiny: bool) -> list[Benchmark]:
    naive = right.naive
    name, factory = offer.name, partial(make, offer)
    stream = (
        f"{len(deltas)} deltas of {_LEVELS_A_DELTA} levels each, their distance from the mid exponential with a mean "
        f"of {_MEAN_DISTANCE_TICKS} ticks, {_REMOVALS:.0%} of them removals, seed 1"
    )
    sides = naive.depth(Side.BUY, len(naive)), naive.depth(Side.SELL, len(naive))
    full = factory(INSTRUMENT)
    full.apply_snapshot(*sides)
    standing = f"a book of {len(naive)} levels"
    all_lots = sum(lots for _, lots in sides[1])
    size_lots = sum(lots for _, lots in naive.depth(Side.SELL, _WALK_LEVELS))
    calls = 10 if tiny else 1_000
    # What reads a whole book takes so long that fewer calls make a pass.
    few = calls // 10

    def benchmark(what: str, right: object, **more: Any) -> Benchmark:
        return Benchmark(
            name=f"{name}: {what}",
            check=partial(expect, f"{name}: {what}", right),
            baseline=None if name == _BASELINE else f"{_BASELINE}: {what}",
            offer=offer,
            **more,
        )

    def asked(what: str, call: Callable[[], object], right: object, *, times: int = calls, **more: Any) -> Benchmark:
        return benchmark(what, right, **again(times, call), input=f"{standing}, {times} times", **more)

    return [
        benchmark(
            "a level, with the best prices after each delta",
            (naive.bbo(), len(naive)),
            run=partial(_replay, factory, deltas),
            operations=len(deltas) * _LEVELS_A_DELTA,
            input=f"{stream}; an operation is a level",
            counted=5,
        ),
        benchmark(
            "a level a call, with the best prices",
            right.singles,
            run=partial(_replay, factory, singles),
            operations=len(singles),
            input=f"the bids of {stream}, one a call",
            calls=partial(_each_delta, factory, singles),
        ),
        asked("best prices", full.bbo, naive.bbo()),
        benchmark(
            "snapshot",
            len(naive),
            run=partial(_snapshot, full, sides),
            operations=1,
            input=f"a snapshot of {len(naive)} levels onto as many",
        ),
        asked("depth of 5", partial(full.depth, Side.BUY, 5), naive.depth(Side.BUY, 5)),
        asked("depth of 20", partial(full.depth, Side.BUY, 20), naive.depth(Side.BUY, 20)),
        asked("depth of all", partial(full.depth, Side.BUY, len(naive)), sides[0], times=few),
        asked("walk within the best level", partial(full.walk, Side.BUY, 1), naive.walk(Side.BUY, 1)),
        asked(
            "walk over 20 levels",
            partial(full.walk, Side.BUY, size_lots),
            naive.walk(Side.BUY, size_lots),
            counted=100,
        ),
        asked(
            "walk through the whole book",
            partial(full.walk, Side.BUY, all_lots + 1),
            naive.walk(Side.BUY, all_lots + 1),
            times=few,
        ),
    ]


def _deltas(count: int) -> list[_Delta]:
    random = Random(1)  # noqa: S311  a benchmark's input, no secret
    half = _LEVELS_A_DELTA // 2

    def level(sign: int) -> Level:
        distance = 1 + int(random.expovariate(1 / _MEAN_DISTANCE_TICKS))
        return _MID_TICKS + sign * distance, 0 if random.random() < _REMOVALS else random.randint(1, 10**6)

    return [([level(-1) for _ in range(half)], [level(1) for _ in range(half)]) for _ in range(count)]


def _replay(factory: Callable[..., Book], deltas: list[_Delta]) -> tuple[BBO, int]:
    book = factory(INSTRUMENT)
    best = book.bbo()
    apply_delta, bbo = book.apply_delta, book.bbo
    for bids, asks in deltas:
        apply_delta(bids, asks)
        best = bbo()
    return best, len(book)


def _each_delta(factory: Callable[..., Book], deltas: list[_Delta]) -> tuple[Callable[[_Delta], object], list[_Delta]]:
    book = factory(INSTRUMENT)
    apply_delta, bbo = book.apply_delta, book.bbo

    def call(delta: _Delta) -> object:
        apply_delta(*delta)
        return bbo()

    return call, deltas


def _snapshot(book: Book, sides: tuple[list[Level], list[Level]]) -> int:
    book.apply_snapshot(*sides)
    return len(book)
