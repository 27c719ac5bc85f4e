"""What strategies save at the end of a session, they load at the start of the next."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mainspring.errors import ConfigError, DataError, PluginError
from mainspring.host.config import parse_config
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.session import run_session
from mainspring_plugins.strategies.momentum import Momentum

TEXT = """
instruments = ["BTC/USDT"]
feed = { plugin = "simulated", seconds = 2 }
session.state = "state.json"
[strategy.one]
plugin = "momentum"
size = 0.01
[risk]
max_order_size = 1
max_order_notional = 100_000
max_position = 1
collar_bps = 50
max_book_age_ms = 60_000
"""


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A strategy that counts its sessions, and what it was called with, in order."""
    found: list[Any] = []

    def load(self: Any, state: Any) -> None:
        found.append(("load", state))
        self.sessions = state["sessions"]

    def save(self: Any) -> Any:
        found.append("save")
        return {"sessions": getattr(self, "sessions", 0) + 1, "notes": ["é", 0.1, None]}

    monkeypatch.setattr(Momentum, "on_start", lambda self, session: found.append("start"))
    monkeypatch.setattr(Momentum, "on_bbo", lambda self, market: None)
    monkeypatch.setattr(Momentum, "on_stop", lambda self: found.append("stop"), raising=False)
    monkeypatch.setattr(Momentum, "load", load, raising=False)
    monkeypatch.setattr(Momentum, "save", save, raising=False)
    return found


@pytest.fixture
def run(registry: Registry, tmp_path: Path) -> Callable[..., Any]:
    """Runs a session whose config is in the test's folder."""

    def go(*overrides: str) -> Any:
        session = make_session(parse_config(TEXT, "s.toml", tmp_path, overrides), registry)
        return run_session(session, registry)

    return go


def test_a_state_goes_from_one_session_to_the_next(run: Callable[..., Any], calls: list[Any], tmp_path: Path) -> None:
    """Saved after the last callback, loaded before the first, unchanged; without a file nothing is loaded."""
    run()
    assert calls == ["start", "stop", "save"]
    calls.clear()
    run()
    assert calls == [("load", {"sessions": 1, "notes": ["é", 0.1, None]}), "start", "stop", "save"]
    saved = msgspec.json.decode((tmp_path / "state.json").read_bytes())
    assert saved["strategies"] == {"one": {"sessions": 2, "notes": ["é", 0.1, None]}}
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


def test_without_the_key_nothing_is_saved(registry: Registry, calls: list[Any], tmp_path: Path) -> None:
    """Neither save nor load is called, and no file is written."""
    text = TEXT.replace('session.state = "state.json"\n', "")
    run_session(make_session(parse_config(text, "s.toml", tmp_path), registry), registry)
    assert calls == ["start", "stop"]
    assert not list(tmp_path.iterdir())


def test_a_session_that_an_error_ended_leaves_the_file_as_it_was(
    run: Callable[..., Any], calls: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A strategy that raises, at a callback or while it saves, may be half-way: the last good state stays."""
    run()
    before = (tmp_path / "state.json").read_bytes()

    def broken(self: Any, *_: Any) -> None:
        raise ZeroDivisionError("half-way")

    for name in ("on_bbo", "save"):
        with monkeypatch.context() as patched:
            patched.setattr(Momentum, name, broken)
            with pytest.raises(PluginError, match="half-way"):
                run()
        assert (tmp_path / "state.json").read_bytes() == before


@pytest.mark.parametrize("state", [{1: 2}, {"a": (1,)}, {"a": object()}, {"a": float("nan")}, {"a": b"x"}])
def test_what_is_not_plain_is_refused(
    run: Callable[..., Any], calls: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: Any
) -> None:
    """What another session couldn't load as it was names its strategy, and no file is written."""
    monkeypatch.setattr(Momentum, "save", lambda self: state)
    with pytest.raises(PluginError, match=r"the strategy 'one' \(momentum of mainspring\) saved what isn't text"):
        run()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", r"isn't a file of strategies' states"),
        (b'{"format": "other", "strategies": {}}', r"isn't of the format .* but 'other'"),
        (
            b'{"format": "mainspring strategy state 1", "strategies": {"two": 1}}',
            r"has the state of two, and no strategy of that name here loads one",
        ),
    ],
)
def test_a_file_that_nobody_can_load_is_an_error(
    run: Callable[..., Any], calls: list[Any], tmp_path: Path, content: bytes, said: str
) -> None:
    """It names the file and what to do; no strategy is started, and the file stays."""
    path = tmp_path / "state.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match=said + r".*: name another file in session\.state, or remove this one"):
        run()
    assert calls == []
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ('instruments=["A/USDT", "B/USDT"]', "several lanes each have their own strategies: set lanes = 1"),
        ("mode=replay", 'a session without strategies has no states: set mode = "paper"'),
    ],
)
def test_where_there_can_be_no_state_the_key_is_refused(run: Callable[..., Any], override: str, said: str) -> None:
    """With several lanes, and in replay."""
    with pytest.raises(ConfigError, match=f"session.state: {said}"):
        run(override, *(["lanes=2", "hardware.pin=off"] if "A/USDT" in override else []))


def test_the_command_refuses_states_with_inputs_and_over_other_files(
    mainspring: Callable[..., Any], tmp_path: Path
) -> None:
    """Recorded inputs don't hold the first state; and the config isn't overwritten by it."""
    config = tmp_path / "s.toml"
    config.write_text(TEXT)
    code, _, said = mainspring("run", config, "--record-inputs", tmp_path / "inputs")
    assert code == 2
    assert "inputs don't hold the states" in " ".join(said.split())
    code, _, said = mainspring("run", config, "--set", 'session.state="s.toml"')
    assert code == 2
    assert "session.state" in said
    assert config.read_text() == TEXT
