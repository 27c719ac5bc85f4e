"""Every example runs as its page says, trades, and its page names it."""

import importlib.util
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

_EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
_PLUGIN = _EXAMPLES / "breakout/src/breakout_mainspring/__init__.py"


def _report(config: Path, folder: Path) -> Any:
    command = [sys.executable, "-P", "-m", "mainspring", "run", str(config), "--json", "--quiet"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return msgspec.json.decode(done.stdout)


def _without_a_venue() -> list[Path]:
    """The configs that need no other process. Those that do are run by tests of live sessions."""
    configs = sorted(_EXAMPLES.glob("**/*session*.toml")) + sorted(_EXAMPLES.glob("*.toml"))
    return [path for path in configs if tomllib.loads(path.read_text(encoding="utf-8")).get("mode") != "live"]


@pytest.mark.parametrize("config", _without_a_venue(), ids=lambda path: path.name)
def test_an_example_runs_and_trades(
    config: Path, tmp_path: Path, install: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 0, and fills."""
    site = install("breakout-mainspring", {"breakout_mainspring": _PLUGIN.read_text(encoding="utf-8")})
    monkeypatch.setenv("PYTHONPATH", str(site))
    report = _report(config, tmp_path)
    assert all(instrument["fills"] for instrument in report["instruments"])


def test_the_page_names_every_example() -> None:
    """A reader finds each of them."""
    page = (_EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert all(f"]({path.name})" in page for path in _EXAMPLES.iterdir() if path.name != "README.md")


def test_the_distribution_names_its_module() -> None:
    """The entry point is the module, and the config allows the distribution."""
    project = tomllib.loads((_EXAMPLES / "breakout/pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["mainspring"] == {"breakout": "breakout_mainspring"}
    config = tomllib.loads((_EXAMPLES / "breakout/session.toml").read_text(encoding="utf-8"))
    assert config["plugins"]["allow"] == [project["name"]]


@pytest.fixture
def breakout() -> ModuleType:
    spec = importlib.util.spec_from_file_location("breakout_mainspring", _PLUGIN)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_range_agrees_with_a_plain_one(breakout: ModuleType) -> None:
    """The deque's answer is that of a list searched in full, over a seeded walk."""
    values: list[tuple[int, int]] = []
    state, fast = 12345, breakout.Range(50)
    for now_ns in range(0, 4_000, 7):
        state = (state * 1_103_515_245 + 12_345) % 2**31
        value = (values[-1][1] if values else 1_000) + state // 2**16 % 7 - 3
        window = [old for time_ns, old in values if time_ns > now_ns - 50]
        expected = 0
        if now_ns >= 50 and window:
            expected = (value > max(window)) - (value < min(window))
        assert fast.breakout(now_ns, value) == expected, now_ns
        values.append((now_ns, value))
