"""`bench memory`: measures the memory of sessions, books and hot paths."""

import ctypes
import gc
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import psutil

from hwprofile.children import code_command
from mainspring.host.config import load_config
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.session import run_session
from mainspring.testing import INSTRUMENT
from mainspring_perf.candidates import candidates, make
from mainspring_perf.harness import Calls
from mainspring_perf.wire import hot_paths

__all__ = [
    "Memory",
    "Taken",
    "book_bytes",
    "in_fresh_process",
    "measure_memory",
    "measure_sessions",
    "taken_by",
]

_RUNS = 10
_LEVELS = 1_000
_BOOKS = 500


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What calls took of Python's heap: blocks kept per call on average, and the most bytes in use at once."""

    blocks_kept: float
    peak_bytes: int


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """`resident_mb` after each session of a row, `peak_mb` the most that the process ever had.

    `book_kib` is a book of two sides of 1,000 levels, by book. `taken` is what a hot path takes of Python's heap for
    each message, by hot path: blocks that it keeps, and bytes at most while it runs. 0 is none.
    """

    resident_mb: tuple[float, ...]
    peak_mb: float
    book_kib: dict[str, float]
    taken: dict[str, Taken]


def measure_memory(*, sessions: int = _RUNS) -> Memory:
    """Runs the reference session `sessions` times in this process, and fills books of every installed kind."""
    return Memory(
        resident_mb=tuple(measure_sessions(sessions)),
        peak_mb=_peak_mb(),
        book_kib={offer.name: book_bytes(offer.name) / 1024 for offer in candidates("book")},
        taken={name: taken_by(calls) for name, calls in hot_paths(tiny=True).items()},
    )


def measure_sessions(sessions: int) -> list[float]:
    """Returns the resident MB after each of `sessions` reference sessions in this process."""
    registry = Registry.load()
    session = make_session(load_config(None), registry)
    process = psutil.Process()
    resident = []
    for _ in range(sessions):
        run_session(session, registry)
        gc.collect()
        resident.append(process.memory_info().rss / 1e6)
    return resident


def book_bytes(name: str, levels: int = _LEVELS, *, books: int = _BOOKS) -> float:
    """Returns the bytes that one book with `levels` levels a side adds to a process, averaged over `books` books.

    Uses a fresh process: memory freed earlier would hide what is allocated.
    """
    return in_fresh_process(f"_fill({name!r}, {books}, {levels})") / books


def taken_by(calls: Calls) -> Taken:
    """Measures what the second half of the calls takes of Python's heap.

    The first half runs beforehand, so that what grows only once (a dict, a buffer) has grown.
    """
    enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        call, later = _half_done(calls)
        before = sys.getallocatedblocks()
        for one in later:
            call(one)
        kept = sys.getallocatedblocks() - before
        tracemalloc.start()
        try:
            call, later = _half_done(calls)
            started, _ = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            for one in later:
                call(one)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    finally:
        if enabled:
            gc.enable()
    return Taken(blocks_kept=kept / len(later), peak_bytes=peak - started)


def _half_done(calls: Calls) -> tuple[Callable[[Any], object], Sequence[Any]]:
    call, inputs = calls()
    half = len(inputs) // 2
    for one in inputs[:half]:
        call(one)
    return call, inputs[half:]


def _peak_mb() -> float:
    """Returns the peak resident MB of this process."""
    if sys.platform == "win32":
        return float(psutil.Process().memory_info().peak_wset) / 1e6
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1e6 if sys.platform == "darwin" else most * 1024 / 1e6


def _give_back() -> None:
    """Returns freed memory to the system, if the C library can, so that the next allocation is visible."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


def in_fresh_process(expression: str) -> float:
    """Evaluates an expression over this module's functions in a process of its own."""
    command = code_command(f"from mainspring_perf.memory import _fill, measure_sessions; print({expression})")
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  our own words
    return float(done.stdout)


def _fill(name: str, books: int, levels: int) -> int:
    """Fills `books` books, and returns the bytes by which the process has grown."""
    offer = next(offer for offer in candidates("book") if offer.name == name)
    process = psutil.Process()
    bids = [(1_000_000 - 3 * level, level + 1) for level in range(levels)]
    asks = [(1_000_001 + 3 * level, level + 1) for level in range(levels)]
    made = [make(offer, INSTRUMENT)]
    made[0].apply_snapshot(bids, asks)
    _give_back()
    before: int = process.memory_info().rss
    for _ in range(books):
        book = make(offer, INSTRUMENT)
        book.apply_snapshot(bids, asks)
        made.append(book)
    after: int = process.memory_info().rss
    return after - before
