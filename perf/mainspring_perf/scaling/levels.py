"""What a change of one level costs, by how many levels the book holds: each installed book."""

from random import Random
from time import perf_counter
from typing import Any

from mainspring.model import Level, Side
from mainspring.testing import INSTRUMENT
from mainspring_perf.candidates import candidates, usable
from mainspring_perf.harness import WrongAnswer
from mainspring_perf.scaling.values import Case

__all__ = ["NAME", "cases", "measure"]

NAME = "levels"

_LEVELS = (10, 100, 1_000, 10_000, 100_000)
_MID_TICKS = 6_000_000
_BATCH = 36
_BATCHES = 1_000
_ROUNDS = 3


def cases(tiny: bool) -> list[Case]:
    """A case for each book that can run here."""
    sizes = {"levels": _LEVELS[:2] if tiny else _LEVELS, "batches": 10 if tiny else _BATCHES, "batch": _BATCH}
    return [{"book": offer.name, **sizes} for offer in candidates("book")]


def measure(case: Case) -> dict[str, Any]:
    """Nanoseconds a level, best prices read after each batch, the least of three rounds."""
    return {"level_ns": [_level_ns(case["book"], levels, case["batches"]) for levels in case["levels"]]}


def _level_ns(name: str, levels: int, batches: int) -> float:
    factory = usable("book", name)
    assert factory is not None
    stream = _stream(levels, batches)
    times = []
    for _ in range(_ROUNDS):
        book = factory(INSTRUMENT)
        book.apply_snapshot(_side(Side.BUY, levels // 2), _side(Side.SELL, levels // 2))
        apply_delta, bbo = book.apply_delta, book.bbo
        started = perf_counter()
        for bids, asks in stream:
            apply_delta(bids, asks)
            bbo()
        times.append((perf_counter() - started) * 1e9 / (batches * _BATCH))
        if len(book) != levels // 2 * 2:
            raise WrongAnswer(f"{name}: {len(book):,} levels are left of {levels // 2 * 2:,}")
    return min(times)


def _side(side: Side, count: int) -> list[Level]:
    return [(_MID_TICKS - side * (1 + distance), 1_000) for distance in range(count)]


def _stream(levels: int, batches: int) -> list[tuple[list[Level], list[Level]]]:
    """Batches of changes: each odd one takes levels away, and the even one after it brings them back."""
    random = Random(1)  # noqa: S311  a study's input, no secret
    half = levels // 2
    stream: list[tuple[list[Level], list[Level]]] = []
    for _ in range(batches // 2):
        taken: tuple[list[Level], list[Level]] = ([], [])
        given: tuple[list[Level], list[Level]] = ([], [])
        for place, sign in enumerate((-1, 1)):
            for _ in range(_BATCH // 2):
                ticks = _MID_TICKS + sign * (1 + random.randrange(half))
                gone = random.random() < 0.5
                taken[place].append((ticks, 0 if gone else random.randint(1, 10**6)))
                given[place].append((ticks, random.randint(1, 10**6)))
        stream += [taken, given]
    return stream
