"""`python -m mainspring_perf.memory`: what a session, an instrument and the hot path need of memory."""

import gc
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import psutil
from rich.console import Console
from rich.table import Table

from mainspring.host.config import load_config
from mainspring.host.planning import make_plan
from mainspring.host.registry import Registry
from mainspring.session import run_session
from mainspring.testing import INSTRUMENT
from mainspring_perf.candidates import candidates, make

__all__ = ["Memory", "allocated_a_pass", "book_bytes", "instruments_mib", "main", "measure_memory", "render_memory"]

_RUNS = 10
_LEVELS = 1_000
_BOOKS = 50
_INSTRUMENTS = 10_000
_INSTRUMENT_LEVELS = 50


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """`resident_mb` after each session of a row, `peak_mb` the most that the process ever had.

    `book_kib` is a book of two sides of 1,000 levels, by book; `blocks_a_message` how many blocks of Python's heap the
    hot path holds on to for each message, by hot path: 0 is none.
    """

    resident_mb: tuple[float, ...]
    peak_mb: float | None
    book_kib: dict[str, float]
    blocks_a_message: dict[str, float]


def measure_memory(*, sessions: int = _RUNS) -> Memory:
    """Runs the reference session so often in this process, and fills a few books of every kind that is installed."""
    registry = Registry.load()
    plan = make_plan(load_config(None), registry)
    process = psutil.Process()
    resident = []
    for _ in range(sessions):
        run_session(plan, registry)
        gc.collect()
        resident.append(process.memory_info().rss / 1e6)
    return Memory(
        resident_mb=tuple(resident),
        peak_mb=_peak_mb(),
        book_kib={offer.name: book_bytes(offer.name) / 1024 for offer in candidates("book")},
        blocks_a_message=_held_by_hot_paths(),
    )


def book_bytes(name: str, levels: int = _LEVELS) -> float:
    """What one book with so many levels a side adds to a process, on average over fifty, in bytes.

    Each in a process of its own: memory that was used and given back before would hide what is taken.
    """
    return _asked(f"_fill({name!r}, {_BOOKS}, {levels})") / _BOOKS


def instruments_mib(name: str = "ladder") -> float | str:
    """What 10,000 books of 50 levels add to a process, in MiB; why it can't be told where the book isn't here."""
    if name not in {offer.name for offer in candidates("book")}:
        return f"the book {name!r} isn't here"
    return _asked(f"_fill({name!r}, {_INSTRUMENTS}, {_INSTRUMENT_LEVELS // 2})") / 2**20


def allocated_a_pass(call: Callable[[Any], object], inputs: Sequence[Any]) -> float:
    """How many more blocks of Python's heap are held after the calls than before, for each call.

    The calls are made once beforehand, so that what grows once (a dict, a buffer) has grown.
    """
    for one in inputs:
        call(one)
    enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        before = sys.getallocatedblocks()
        for one in inputs:
            call(one)
        return (sys.getallocatedblocks() - before) / len(inputs)
    finally:
        if enabled:
            gc.enable()


def render_memory(found: Memory, console: Console) -> None:
    """Prints the figures."""
    first = found.resident_mb[0]
    sessions = Table("session", "resident MB", "since the first", box=None, pad_edge=False, header_style="bold")
    for number, resident in enumerate(found.resident_mb, 1):
        sessions.add_row(str(number), f"{resident:.1f}", f"{resident - first:+.1f}")
    console.print(sessions)
    if found.peak_mb is not None:
        console.print(f"peak: {found.peak_mb:.1f} MB")
    books = Table("book of 2 x 1,000 levels", "KiB", box=None, pad_edge=False, header_style="bold")
    for name, kib in found.book_kib.items():
        books.add_row(name, f"{kib:.1f}")
    console.print(books)
    paths = Table("hot path", "blocks kept a message", box=None, pad_edge=False, header_style="bold")
    for name, blocks in found.blocks_a_message.items():
        paths.add_row(name, f"{blocks:.4f}")
    console.print(paths)


def main() -> None:
    """Runs the reference session ten times and prints what was found."""
    render_memory(measure_memory(), Console(width=100, highlight=False))


def _peak_mb() -> float | None:
    """The most that this process ever had resident; None where the system doesn't say."""
    info = psutil.Process().memory_info()
    if hasattr(info, "peak_wset"):
        return float(info.peak_wset) / 1e6
    try:
        import resource
    except ImportError:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1e6 if sys.platform == "darwin" else most * 1024 / 1e6


def _held_by_hot_paths() -> dict[str, float]:
    from mainspring_perf import path

    held = {}
    for benchmark in path.benchmarks(True):
        assert benchmark.calls is not None
        held[benchmark.name] = allocated_a_pass(*benchmark.calls())
    return held


def _asked(expression: str) -> float:
    command = [sys.executable, "-c", f"from mainspring_perf.memory import _fill; print({expression})"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  our own words
    return float(done.stdout)


def _fill(name: str, books: int, levels: int) -> int:
    """Fills so many books, and returns by how many bytes the process has grown."""
    offer = next(offer for offer in candidates("book") if offer.name == name)
    process = psutil.Process()
    bids = [(1_000_000 - 3 * level, level + 1) for level in range(levels)]
    asks = [(1_000_001 + 3 * level, level + 1) for level in range(levels)]
    made = [make(offer, INSTRUMENT)]
    made[0].apply_snapshot(bids, asks)
    gc.collect()
    before: int = process.memory_info().rss
    for _ in range(books):
        book = make(offer, INSTRUMENT)
        book.apply_snapshot(bids, asks)
        made.append(book)
    after: int = process.memory_info().rss
    return after - before


if __name__ == "__main__":
    main()
