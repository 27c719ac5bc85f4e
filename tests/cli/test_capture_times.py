"""Captures whose receive times aren't nanoseconds: refused by unit, and only if the venue's times show it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mainspring.data import read_capture

Command = Callable[..., tuple[int | str, str, str]]

_HAPPENED_MS = 1_760_000_000_050
_BOOK = '{"lastUpdateId":1,"bids":[["9","5"]],"asks":[["11","5"]]}'


def _capture(folder: Path, receive_time: int, event_ms: int) -> Path:
    change = f'{{"e":"depthUpdate","E":{event_ms},"s":"BTCUSDT","U":2,"u":2,"b":[["9","4"]],"a":[]}}'
    path = folder / "some.cap"
    path.write_text(f"{receive_time} {_BOOK}\n{receive_time} {change}\n{receive_time} nonsense\n")
    return path


def _said(mainspring: Command, command: str, path: Path) -> str:
    given = ("--capture", str(path), "--set", "mode=replay") if command == "run" else (str(path),)
    return " ".join(mainspring(command, *given, "--feed", "binance-spot", "--skip-bad")[2].split())


@pytest.mark.parametrize("command", ["run", "verify"])
@pytest.mark.parametrize(("unit", "factor"), [("seconds", 10**9), ("milliseconds", 10**6), ("microseconds", 10**3)])
def test_another_unit_is_an_error_that_names_it_and_the_remedy(
    mainspring: Command, command: str, unit: str, factor: int, tmp_path: Path
) -> None:
    """Nothing runs in 1970."""
    path = _capture(tmp_path, _HAPPENED_MS * 10**6 // factor, _HAPPENED_MS)
    said = _said(mainspring, command, path)
    assert f"receive times are in {unit}" in said
    assert "some.cap" in said
    assert "data import FILE --to NEW" in said


@pytest.mark.parametrize("receive_ns", [_HAPPENED_MS * 10**6, (_HAPPENED_MS - 1_270) * 10**6, 5, 10**18])
def test_nanoseconds_run_whatever_the_clocks_say(mainspring: Command, receive_ns: int, tmp_path: Path) -> None:
    """A clock that is behind, or made up, is no other unit."""
    assert "receive times are in" not in _said(mainspring, "verify", _capture(tmp_path, receive_ns, _HAPPENED_MS))


def test_the_remedy_works(mainspring: Command, tmp_path: Path) -> None:
    """What is imported has nanoseconds, and is taken."""
    path = _capture(tmp_path, _HAPPENED_MS * 10**3, _HAPPENED_MS)
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:2]))
    done = mainspring("data", "import", str(path), "--to", str(tmp_path / "new.cap"))
    assert done[0] == 0, done
    assert [received_ns for received_ns, _ in read_capture(tmp_path / "new.cap")] == [_HAPPENED_MS * 10**6] * 2
    assert "receive times are in" not in _said(mainspring, "verify", tmp_path / "new.cap")
