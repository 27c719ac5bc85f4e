"""Figures that only our own targets ask for: memory of many sessions and books, imports, the capacity model."""

import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final

from hwprofile.children import code_command
from mainspring.testing import INSTRUMENT
from mainspring_perf.candidates import usable
from mainspring_perf.memory import book_bytes, in_fresh_process
from mainspring_perf.scaling import orders, rate
from mainspring_perf.scaling.run import run_cases

__all__ = [
    "capacity_error_percent",
    "growth_mb",
    "import_ms",
    "instruments_mib",
    "instruments_update_ratio",
    "native_book_kib",
    "resting_orders_ratio",
]

_BOOKS: Final = 10_000
_LEVELS_A_SIDE: Final = 25
_NO_LADDER: Final = "the book 'ladder' isn't here"


def growth_mb() -> float:
    """Returns the MB by which resident memory grows from the second session to the tenth, in a fresh process."""
    return in_fresh_process("(lambda resident: resident[-1] - resident[1])(measure_sessions(10))")


def native_book_kib() -> float | str:
    """Returns the KiB of a native book of 1,000 levels a side, or why none is available."""
    return book_bytes("ladder") / 1024 if usable("book", "ladder") else _NO_LADDER


def instruments_mib() -> float | str:
    """Returns the MiB that 10,000 native books of 50 levels add to a process, or why none is available."""
    return (
        _BOOKS * book_bytes("ladder", _LEVELS_A_SIDE, books=_BOOKS) / 2**20 if usable("book", "ladder") else _NO_LADDER
    )


def instruments_update_ratio() -> float | str:
    """Returns the cost of an update in one of 10,000 native books relative to a single book, median of rounds."""
    make_book = usable("book", "ladder")
    if make_book is None:
        return _NO_LADDER
    books = [make_book(INSTRUMENT) for _ in range(_BOOKS)]
    levels = range(1, _LEVELS_A_SIDE + 1)
    bids, asks = [(1_000_000 - one, one) for one in levels], [(1_000_000 + one, one) for one in levels]
    for book in books:
        book.apply_snapshot(bids, asks)
    random = Random(1)  # noqa: S311  a benchmark's input, no secret
    rows = [[(1_000_000 - random.randint(1, 25), random.randint(1, 99))] for _ in range(_BOOKS)]
    order = random.sample(range(_BOOKS), _BOOKS)
    many, one = [books[place].apply_delta for place in order], [books[0].apply_delta] * _BOOKS
    ratios = []
    for _ in range(7):
        each = _updates_s(many, rows)
        ratios.append(each / _updates_s(one, rows))
    return statistics.median(ratios)


def _updates_s(applies: Sequence[Callable[[Any, Any], None]], rows: Sequence[Any]) -> float:
    started = time.process_time()
    for apply_delta, bids in zip(applies, rows, strict=True):
        apply_delta(bids, ())
    return time.process_time() - started


def resting_orders_ratio() -> float | str:
    """Returns what a message costs a native lane with 1,000 orders in 100 instruments, against one order in one.

    The median of a few pairs, each measured in turn.
    """
    if usable("decoder", "native") is None:
        return "the native decoder isn't here"
    one, many = (
        {"part": "native", "instruments": count, "orders": resting, "messages": 30_000}
        for count, resting in ((1, 1), (100, 1_000))
    )
    pairs = [run_cases(orders.NAME, [one, many]) for _ in range(5)]
    ratios: list[float] = [high.found["message_ns"] / low.found["message_ns"] for low, high in pairs]
    return statistics.median(ratios)


def import_ms() -> float:
    """Returns the milliseconds that importing hwprofile adds to starting Python: least minus least of a few."""
    return _started_ms("import hwprofile") - _started_ms("")


def _started_ms(statement: str) -> float:
    times = []
    for _ in range(5):
        started = time.perf_counter()
        subprocess.run(code_command(statement), check=True)  # noqa: S603  our own words
        times.append(1e3 * (time.perf_counter() - started))
    return min(times)


def capacity_error_percent(*, tiny: bool = False) -> float | str:
    """Returns the largest error of a predicted saturation in percent, or why none could be assessed.

    Leaves out the latencies at each load, which say nothing about the model. `tiny` is for a check that takes seconds.
    """
    results = run_cases(rate.NAME, [{**case, "loads": []} for case in rate.cases(tiny)])
    errors = [error for error in map(rate.error_of, results) if error is not None]
    if not errors:
        return "not here: a core to itself, which no run had"
    return 100 * max(map(abs, errors))
