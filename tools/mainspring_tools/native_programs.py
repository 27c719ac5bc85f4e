"""What the native crate's own programs find: times inside Rust, with no Python around them.

They are built from the sources in `plugins/native` by cargo, so that a checkout of the project and a Rust compiler are
needed. Each function here returns a number, or says why there is none.
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from hwprofile.children import script_command
from mainspring_perf.sessions import RECORDED, recorded_capture

__all__ = [
    "book_update_captured_ns",
    "book_update_deep_ratio",
    "book_update_near_ns",
    "json_throughput_ratio",
    "read_books",
    "read_throughput",
]

_CRATE: Final = Path(__file__).parents[2] / "plugins" / "native"
_FEED: Final = "binance-spot"

_CAPTURED: Final = "recorded deltas"
_NEAR: Final = "within 30 levels of the best"
_DEEP: Final = "mean 4,000 ticks, 2 x 10,000"

_BOOK = re.compile(r"^(?P<stream>\S.*?) {2,}(?P<book>[a-z-]+) +(?P<ns>[\d.]+) ns an update with its BBO", re.MULTILINE)
_SPEED = re.compile(r"^depth messages: .* (?P<ratio>[\d.]+) of it$", re.MULTILINE)

Books = dict[str, dict[str, float]]
"""Nanoseconds of an update and the best prices after it: by stream, then by structure."""


class _NotHere(Exception):  # noqa: N818  it is one
    """What it takes isn't here. The text says what."""


def book_update_captured_ns() -> float | str:
    """The quickest structure's update and best prices on the recorded deltas, in ns."""
    return _found(lambda: min(_books()[_CAPTURED].values()))


def book_update_near_ns() -> float | str:
    """The same on updates within 30 levels of the best."""
    return _found(lambda: min(_books()[_NEAR].values()))


def book_update_deep_ratio() -> float | str:
    """The most that an update of 10,000 levels a side costs any structure, against its own on the recorded deltas."""
    return _found(lambda: max(ns / _books()[_CAPTURED][book] for book, ns in _books()[_DEEP].items()))


def json_throughput_ratio() -> float | str:
    """The decoder's throughput on depth messages, against a bare pass of simd-json over them."""
    return _found(lambda: read_throughput(_run("decoder_bench", "format.json", "instruments.json", "lines")))


def read_books(printed: str) -> Books:
    """What `book_bench` printed. Raises `ValueError` if a stream that is asked for isn't in it."""
    found: Books = {}
    for line in _BOOK.finditer(printed):
        found.setdefault(line["stream"], {})[line["book"]] = float(line["ns"])
    missing = [stream for stream in (_CAPTURED, _NEAR, _DEEP) if stream not in found]
    if missing:
        raise ValueError(f"book_bench printed nothing on: {', '.join(missing)}")
    return found


def read_throughput(printed: str) -> float:
    """What `decoder_bench` printed. Raises `ValueError` if no ratio is in it."""
    found = _SPEED.search(printed)
    if found is None:
        raise ValueError("decoder_bench printed no ratio to simd-json")
    return float(found["ratio"])


@cache
def _books() -> Books:
    return read_books(_run("book_bench", "rows"))


def _found(figure: Callable[[], float]) -> float | str:
    try:
        return figure()
    except _NotHere as why:
        return str(why)


def _run(program: str, *inputs: str) -> str:
    """What a program prints on these files of the recorded session, built where it isn't yet."""
    if not _CRATE.is_dir():
        raise _NotHere("not here: the sources, a checkout of the project")
    cargo = shutil.which("cargo")
    if cargo is None:
        raise _NotHere("not here: cargo, which comes with Rust (https://rustup.rs)")
    capture = recorded_capture()
    if capture is None:
        raise _NotHere(f"not here: the recorded session (`mainspring data get {RECORDED}`)")
    build = [cargo, "run", "--release", "--locked", "--quiet", "--manifest-path", str(_CRATE / "Cargo.toml")]
    with tempfile.TemporaryDirectory() as folder:
        _reported(script_command(_CRATE / "examples" / "prepare.py", str(capture), _FEED, folder))
        return _reported([*build, "--example", program, "--", *(str(Path(folder) / name) for name in inputs)])


def _reported(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  our own sources
    if done.returncode:
        words = done.stderr.strip().splitlines()
        raise _NotHere(f"{' '.join(command[:2])} failed: {words[-1] if words else f'exit code {done.returncode}'}")
    return done.stdout
