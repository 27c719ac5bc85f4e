"""What the native crate's programs print is read, and what is missing is named."""

import shutil
import sys

import pytest

from mainspring_perf.sessions import recorded_capture
from mainspring_tools import native_programs
from mainspring_tools.native_programs import (
    book_update_captured_ns,
    book_update_deep_ratio,
    book_update_near_ns,
    json_throughput_ratio,
    read_books,
    read_throughput,
)

PRINTED = """\
recorded deltas                  sorted-vec    62.2 ns an update with its BBO,  0.85x btree, 8304 bytes
recorded deltas                  btree         53.0 ns an update with its BBO,  1.00x btree, 9664 bytes
within 30 levels of the best     sorted-vec    30.4 ns an update with its BBO,  1.21x btree, 8304 bytes
within 30 levels of the best     btree         36.6 ns an update with its BBO,  1.00x btree, 9664 bytes
mean 4,000 ticks, 2 x 10,000     sorted-vec   175.0 ns an update with its BBO,  0.40x btree, 524400 bytes
mean 4,000 ticks, 2 x 10,000     btree         70.6 ns an update with its BBO,  1.00x btree, 435136 bytes
10,000 instruments of 50 levels  sorted-vec   182.2 ns in turn, 52.2 ns one alone, 15.9 MiB
"""
PROBES = [book_update_captured_ns, book_update_near_ns, book_update_deep_ratio, json_throughput_ratio]


@pytest.fixture(autouse=True)
def nothing_kept():
    """No test reads what another has run."""
    native_programs._books.cache_clear()
    yield
    native_programs._books.cache_clear()


@pytest.fixture
def all_there(monkeypatch, tmp_path):
    """Sources, cargo and a capture, each of them only a name."""
    monkeypatch.setattr(native_programs, "_CRATE", tmp_path)
    monkeypatch.setattr(shutil, "which", lambda _: "/nowhere/cargo")
    monkeypatch.setattr(native_programs, "recorded_capture", lambda: tmp_path / "capture.gz")


def test_the_figures_are_those_that_are_printed(all_there, monkeypatch):
    """The best structure of a stream; the worst ratio of a structure's own figures."""
    monkeypatch.setattr(native_programs, "_reported", lambda command: PRINTED)
    assert book_update_captured_ns() == 53.0
    assert book_update_near_ns() == 30.4
    assert book_update_deep_ratio() == pytest.approx(175.0 / 62.2)


def test_a_stream_that_is_not_printed_is_named():
    """A program that has changed is no figure of its own."""
    with pytest.raises(ValueError, match="printed nothing on: mean 4,000 ticks, 2 x 10,000"):
        read_books(PRINTED[: PRINTED.index("mean 4,000")])


def test_the_throughput_is_the_ratio_that_is_printed():
    """And its absence is an error."""
    assert (
        read_throughput("9 ns\ndepth messages: 359 ns each, 3.58 GB/s; simd-json's tape 1.43 GB/s: 2.50 of it\n") == 2.5
    )
    with pytest.raises(ValueError, match="no ratio"):
        read_throughput("9 ns a message\n")


@pytest.mark.parametrize("probe", PROBES)
@pytest.mark.parametrize("missing", ["sources", "cargo", "recorded session"])
def test_what_is_missing_is_named(all_there, monkeypatch, tmp_path, probe, missing):
    """Each of them by what it takes to have it."""
    if missing == "sources":
        monkeypatch.setattr(native_programs, "_CRATE", tmp_path / "nowhere")
    elif missing == "cargo":
        monkeypatch.setattr(shutil, "which", lambda _: None)
    else:
        monkeypatch.setattr(native_programs, "recorded_capture", lambda: None)
    why = probe()
    assert isinstance(why, str)
    assert missing in why


@pytest.mark.parametrize("probe", PROBES)
def test_a_program_that_fails_says_why(all_there, monkeypatch, probe):
    """Its last words, as the reason."""
    real = native_programs._reported
    monkeypatch.setattr(
        native_programs, "_reported", lambda _: real([sys.executable, "-c", "raise SystemExit('no such book')"])
    )
    assert str(probe()).endswith("failed: no such book")


@pytest.mark.gate
@pytest.mark.weekly
@pytest.mark.skipif(shutil.which("cargo") is None, reason="cargo isn't installed")
@pytest.mark.skipif(recorded_capture() is None, reason="the capture btcusdt-spot isn't here")
def test_the_programs_are_what_is_read():
    """No stand-in: both are built and run on the recorded session."""
    found = [probe() for probe in PROBES]
    assert [why for why in found if isinstance(why, str)] == []
    captured, near, deep, ratio = (one for one in found if not isinstance(one, str))
    assert 0 < near < 1_000, near
    assert 0 < captured < 1_000, captured
    assert 0 < deep < 100, deep
    assert 0 < ratio < 100, ratio
