"""How fast the books take deltas and snapshots, and answer for depth and walks."""

from collections.abc import Callable
from functools import partial
from random import Random

from mainspring.model import BBO, Level, Side
from mainspring.seams import Book
from mainspring.testing import INSTRUMENT, NaiveBook
from mainspring_perf.harness import Benchmark, WrongAnswer
from mainspring_perf.sessions import usable

__all__ = ["SUITE", "benchmarks"]

SUITE = "book"

_NAMES = ("bisect-list", "sorted-dict", "sorted-vec", "btree", "ladder")
"""Those that can run here are timed: the last three are native."""

_WALK_US = {"sorted-vec": 0.3, "ladder": 0.3}
_YARDSTICK = "sorted-dict"
_MID_TICKS = 6_000_000
_MEAN_DISTANCE_TICKS = 4_000
_REMOVALS = 0.48
_LEVELS_A_DELTA = 36
_WALK_LEVELS = 20

_Delta = tuple[list[Level], list[Level]]


def benchmarks(tiny: bool) -> list[Benchmark]:
    """Each book on the same seeded stream; `tiny` makes it short enough for a test."""
    deltas = _deltas(20 if tiny else 2_000)
    naive = NaiveBook()
    for bids, asks in deltas:
        naive.apply_delta(bids, asks)
    return [
        benchmark
        for name in _NAMES
        if (factory := usable("book", name)) is not None
        for benchmark in _of_book(name, factory, deltas, naive, tiny)
    ]


def _of_book(
    name: str, factory: Callable[..., Book], deltas: list[_Delta], naive: NaiveBook, tiny: bool
) -> list[Benchmark]:
    stream = (
        f"{len(deltas)} deltas of {_LEVELS_A_DELTA} levels each, their distance from the mid exponential with a mean "
        f"of {_MEAN_DISTANCE_TICKS} ticks, {_REMOVALS:.0%} of them removals, seed 1"
    )
    sides = naive.depth(Side.BUY, len(naive)), naive.depth(Side.SELL, len(naive))
    full = factory(INSTRUMENT)
    full.apply_snapshot(*sides)
    standing = f"a book of {len(naive)} levels"
    size_lots = sum(lots for _, lots in naive.depth(Side.SELL, _WALK_LEVELS))
    calls = 10 if tiny else 1_000

    def benchmark(what: str, run: Callable[[], object], right: object, operations: int, **more: object) -> Benchmark:
        return Benchmark(
            name=f"{name}: {what}",
            run=run,
            operations=operations,
            check=partial(_expect, f"{name}: {what}", right),
            yardstick=None if name == _YARDSTICK else f"{_YARDSTICK}: {what}",
            **more,  # type: ignore[arg-type]
        )

    return [
        benchmark(
            "a level, with the best prices after each delta",
            partial(_replay, factory, deltas),
            (naive.bbo(), len(naive)),
            len(deltas) * _LEVELS_A_DELTA,
            input=f"{stream}; an operation is a level",
        ),
        benchmark(
            "best prices", partial(_repeat, calls, full.bbo), naive.bbo(), calls, input=f"{standing}, {calls} times"
        ),
        benchmark(
            "snapshot",
            partial(_snapshot, full, sides),
            len(naive),
            1,
            input=f"a snapshot of {len(naive)} levels onto as many",
        ),
        benchmark(
            "depth of 20",
            partial(_repeat, calls, partial(full.depth, Side.BUY, 20)),
            naive.depth(Side.BUY, 20),
            calls,
            input=f"{standing}, {calls} times",
        ),
        benchmark(
            "walk over 20 levels",
            partial(_repeat, calls, partial(full.walk, Side.BUY, size_lots)),
            naive.walk(Side.BUY, size_lots),
            calls,
            input=f"{standing}, {calls} times",
            target_us=_WALK_US.get(name, 5.0),
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


def _snapshot(book: Book, sides: tuple[list[Level], list[Level]]) -> int:
    book.apply_snapshot(*sides)
    return len(book)


def _repeat(calls: int, call: Callable[[], object]) -> object:
    answer = None
    for _ in range(calls):
        answer = call()
    return answer


def _expect(name: str, right: object, answer: object) -> None:
    if answer != right:
        raise WrongAnswer(f"{name} gave {str(answer)[:200]}, not {str(right)[:200]}")
