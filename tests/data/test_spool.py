"""Pipes as captures: kept in a bounded temporary file, which a session reads as often as it needs."""

import gzip
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mainspring.data import locate, read_capture, spool
from mainspring.errors import DataError

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no FIFOs here")

_QUOTES = b"".join(
    b'%d {"u":%d,"s":"BTCUSDT","b":"100.00","B":"0.5","a":"100.01","A":"1.25"}\n' % (at, at) for at in range(1, 50)
)


@pytest.fixture
def piped(tmp_path: Path) -> Callable[[bytes], object]:
    """A FIFO that another thread writes to."""

    @contextmanager
    def piped(data: bytes) -> Iterator[Path]:
        path = tmp_path / "quotes"
        os.mkfifo(path)

        def write() -> None:
            with path.open("wb") as pipe:
                pipe.write(data)

        thread = threading.Thread(target=write)
        thread.start()
        try:
            yield path
        finally:
            thread.join()

    return piped


@pytest.mark.parametrize("form", [bytes, gzip.compress])
def test_a_pipe_is_kept_and_read_as_often_as_needed(piped, form):
    """The messages that came, however compressed; asking again gives the same file and doesn't touch the pipe."""
    with piped(form(_QUOTES)) as path:
        kept = locate(path).path
    assert kept != path
    assert kept.is_file()
    for _ in range(2):
        assert len(list(read_capture(kept))) == 49
    assert locate(path).path == kept


def test_what_is_kept_is_bounded(piped, monkeypatch):
    """More than the bound is refused with what to do instead, and nothing is left of it."""
    before = set(Path(spool._folder().name).rglob("quotes"))
    monkeypatch.setattr(spool, "MAX_SPOOLED_BYTES", 1_000)
    with (
        piped(_QUOTES) as path,
        pytest.raises(DataError, match=r"more than 1,000 bytes come from .*write them to a file"),
    ):
        locate(path)
    assert not set(Path(spool._folder().name).rglob("quotes")) - before


def test_a_session_runs_from_standard_input(tmp_path):
    """`mainspring run --capture /dev/stdin` finds feed and grid, runs, and leaves no temporary file."""
    environ = {**os.environ, "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-m", "mainspring", "run", "--capture", "/dev/stdin", "--set", "mode=replay", "--json"]
    done = subprocess.run(command, input=_QUOTES, capture_output=True, check=False, env=environ)
    assert done.returncode == 0, done.stderr.decode()
    assert b"BTC/USDT" in done.stdout
    assert list(tmp_path.iterdir()) == []
