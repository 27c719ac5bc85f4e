"""Every step of docs/strategies.md runs as it is written."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mainspring.data.catalogue import capture_catalogue
from mainspring.data.locate import find_capture
from mainspring.host.registry import Registry
from mainspring.lane.callbacks import defined_callbacks
from mainspring.seams import Callbacks
from mainspring.testing import check_strategy

_ROOT = Path(__file__).resolve().parents[2]
_PAGE = (_ROOT / "docs/strategies.md").read_text(encoding="utf-8")
_SESSIONS = re.findall(r"```toml\n(.*?)```", _PAGE, re.DOTALL)


def _code() -> dict[str, Any]:
    """What the page's Python defines, run in one module, in order."""
    pytest.importorskip("talipp", reason="the page uses the extra `indicators`")
    defined: dict[str, Any] = {"__name__": "page"}
    for block in re.findall(r"```python\n(.*?)```", _PAGE, re.DOTALL):
        exec(compile(block, "docs/strategies.md", "exec"), defined)
    return defined


def _strategies() -> dict[str, Any]:
    code = _code()
    return {
        name: one
        for name, one in code.items()
        if isinstance(one, type) and one.__module__ == "page" and defined_callbacks(one(), name)
    }


@pytest.mark.parametrize("seed", range(3))
def test_its_strategies_keep_the_contract(seed: int) -> None:
    """Each class of the page passes the conformance kit."""
    strategies = _strategies()
    assert len(strategies) >= 7
    for strategy in strategies.values():
        check_strategy(strategy, seed=seed)


def test_its_tests_pass() -> None:
    """The tests on the page are tests that pass."""
    tests = [one for name, one in _code().items() if name.startswith("test_")]
    assert len(tests) >= 3
    for test in tests:
        test()


def test_its_table_has_every_callback() -> None:
    """The page names each method that a strategy may define, with its parameters."""
    for name in (name for name in vars(Callbacks) if not name.startswith("_")):
        assert f"`{name}(self" in _PAGE


def test_it_names_every_built_in_strategy() -> None:
    """A strategy that is added is added to the page."""
    for name in Registry.load(["mainspring"]).offers("strategy"):
        assert f"| `{name}` |" in _PAGE


@pytest.mark.parametrize("session", _SESSIONS, ids=range(len(_SESSIONS)))
def test_its_sessions_run_and_trade(session: str, tmp_path: Path) -> None:
    """Each session ends well, fills orders, and logs what its strategies did."""
    for feed in tomllib.loads(session).get("feeds", {}).values():
        if find_capture(capture_catalogue()[feed["capture"]]) is None:
            pytest.skip(f"the capture {feed['capture']} isn't on this machine")
    config = tmp_path / "session.toml"
    config.write_text(session, encoding="utf-8")
    command = [sys.executable, "-P", "-m", "mainspring", "run", str(config), "--json", "--quiet", "--log", "info"]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert all(instrument["fills"] for instrument in msgspec.json.decode(done.stdout)["instruments"])
    logged = done.stderr.decode()
    for name in tomllib.loads(session)["strategy"]:
        assert f"Z {name}: " in logged
