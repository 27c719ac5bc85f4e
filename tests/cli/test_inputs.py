"""`run --record-inputs` and `run --inputs`: a session recorded, and run again as far as wanted."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SHORT = ("--set", "feed.seconds=12", "--quiet", "--json")

Command = Callable[..., tuple[int | str, str, str]]


@pytest.fixture
def recorded(mainspring: Command, tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    """Recorded inputs, and the report of the session that they were recorded of."""
    path = tmp_path / "session.inputs"
    code, out, err = mainspring("run", *SHORT, "--record-inputs", path)
    assert (code, err) == (0, "")
    return path, json.loads(out)


def test_recorded_inputs_run_again(mainspring: Command, recorded: tuple[Path, dict[str, Any]]) -> None:
    """The same order log comes of them, and the report says where its messages came from."""
    path, report = recorded
    code, out, _ = mainspring("run", *SHORT, "--inputs", path)
    again = json.loads(out)
    assert code == 0
    assert report["order_log_records"] > 0
    assert again["order_log_sha256"] == report["order_log_sha256"]
    assert again["instruments"] == report["instruments"]
    assert str(path) in again["feed"]["source"]


def test_until_stops_after_so_many_events(mainspring: Command, recorded: tuple[Path, dict[str, Any]]) -> None:
    """The first events alone are run: fewer messages, and a report of what they led to."""
    path, report = recorded
    code, out, _ = mainspring("run", *SHORT, "--inputs", path, "--until", 20)
    part = json.loads(out)
    assert code == 0
    assert 0 < part["feed"]["messages"] < report["feed"]["messages"]
    assert part["order_log_records"] < report["order_log_records"]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--until", 3), "--until counts recorded events: it needs --inputs FILE"),
        (("--inputs", "a.inputs", "--record-inputs", "b.inputs"), "give one of them"),
        (("--inputs", "a.inputs", "--until", -1), "Invalid value for '--until'"),
        (("--inputs", "absent.inputs"), "absent.inputs: No such file or directory"),
        (("--inputs", "quotes.cap"), "record 0, at byte 0: a length of"),
        (("--record-inputs", "absent/b.inputs"), "absent"),
        (("--record-inputs", "quotes.cap"), "quotes.cap"),
        (
            ("--record-inputs", "b.inputs", "--set", "lanes=2", "--set", 'instruments=["BTC/USDT", "ETH/USDT"]'),
            "inputs are those of one lane, and this session has 2: set lanes = 1",
        ),
    ],
    ids=["until alone", "both", "negative", "absent", "a capture", "no folder", "a file that is there", "lanes"],
)
def test_wrong_input_is_refused(
    mainspring: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[Any, ...],
    problem: str,
) -> None:
    """What can't be recorded or run as asked for is an error of one sentence, exit code 2, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    capture = tmp_path / "quotes.cap"
    capture.write_text('1 {"u":1}\n')
    code, out, err = mainspring("run", *SHORT, *options)
    assert (code, out) == (2, "")
    assert problem in " ".join(err.split())
    assert capture.read_text() == '1 {"u":1}\n'
    assert [path.name for path in tmp_path.iterdir()] == ["quotes.cap"]


def test_force_replaces_recorded_inputs(mainspring: Command, recorded: tuple[Path, dict[str, Any]]) -> None:
    """Recorded inputs that are there are kept, unless `--force` says otherwise."""
    path, _ = recorded
    before = path.read_bytes()
    code, _, err = mainspring("run", *SHORT, "--record-inputs", path)
    assert (code, path.read_bytes()) == (2, before)
    assert "--force" in err
    code, _, _ = mainspring("run", *SHORT, "--record-inputs", path, "--force")
    assert (code, path.read_bytes()) == (0, before), "the same session is the same to the byte"
