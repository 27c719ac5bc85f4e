"""Every session that users start from, recomputed from its order log: the examples, the pages', what `init` writes."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from mainspring.host.config import default_text, load_config
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.session import run_session

ROOT = Path(__file__).resolve().parents[2]
BREAKOUT = ROOT / "examples/breakout/src/breakout_mainspring/__init__.py"

SPOT, LINEAR, INVERSE = ("spot", "1"), ("linear", "1"), ("inverse", "100")

EXAMPLES = {
    "examples/market-maker.toml": [SPOT],
    "examples/two-strategies.toml": [SPOT, SPOT],
    "examples/breakout/session.toml": [SPOT],
}
CAPTURES = Path(os.environ.get("MAINSPRING_DATA") or ROOT.parent / "shared/data/binance")
RECORDED = {
    "btcusdt-spot": ("spot/btcusdt_20240808.gz", "binance-spot", "0.01", SPOT),
    "btcusdt-usdm": ("usdm/btcusdt_20240808.gz", "binance-usdm", "0.01", LINEAR),
    "btcusd-perp-coinm": ("cm/btcusd_perp_20240808.gz", "binance-coinm", "3", INVERSE),
}
LIMITS = ("max_order_size", "max_order_notional", "max_position")

Check = Callable[..., list[str]]


@pytest.fixture
def check(oracle, install, tmp_path) -> Check:
    """Runs a config's session and returns what the oracle finds. The example's own plugin is installed."""
    install("breakout-mainspring", {"breakout_mainspring": BREAKOUT.read_text(encoding="utf-8")})

    def run(text: str, kinds: list[tuple[str, str]], overrides: tuple[str, ...] = ()) -> list[str]:
        path, log = tmp_path / "session.toml", tmp_path / "orders.log"
        path.write_text(text, encoding="utf-8")
        loaded = load_config(path, overrides)
        registry = Registry.load(loaded.config.plugins.loaded)
        report = run_session(make_session(loaded, registry), registry, order_log=log)
        found: list[str] = oracle.check(report, log, kinds)
        return found

    return run


def test_every_example_has_its_turn() -> None:
    """A new example is a new row here, unless it needs a venue to send its orders to."""
    found = {str(path.relative_to(ROOT)) for path in (ROOT / "examples").rglob("*.toml")}
    sending = {"examples/loopback.toml", "examples/loopback-binance.toml"}
    assert found - {"examples/breakout/pyproject.toml"} - sending == set(EXAMPLES)


def _find(name: str) -> Path:
    path = CAPTURES / RECORDED[name][0]
    if not path.is_file():
        pytest.skip(f"capture absent: {path.name}")
    return path


@pytest.mark.gate
@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example(check: Check, oracle, name: str) -> None:
    """Each of the examples, whole."""
    assert check((ROOT / name).read_text(encoding="utf-8"), EXAMPLES[name]) == []
    assert oracle.fills > 10


@pytest.mark.parametrize(
    "seconds", [60, pytest.param(None, marks=pytest.mark.gate)], ids=["a minute of it", "the whole of it"]
)
def test_the_built_in_configuration(check: Check, oracle, seconds: int | None) -> None:
    """What `mainspring run` runs without a file, and what `mainspring init` writes."""
    overrides = () if seconds is None else (f"feed.seconds={seconds}",)
    assert check(default_text(), [SPOT], overrides) == []
    assert oracle.fills > 10


@pytest.mark.gate
@pytest.mark.parametrize("capture", RECORDED)
def test_what_init_writes_over_a_recorded_session(check: Check, oracle, capture: str) -> None:
    """The same with another feed: a spot market, a linear contract, and an inverse one in contracts."""
    _, feed, size, kind = RECORDED[capture]
    overrides = [f'feed={{plugin="{feed}", capture="{_find(capture)}"}}', "instruments=[]"]
    overrides += [f"strategy.maker.size={size}", *(f"risk.{name}=100_000_000" for name in LIMITS)]
    assert check(default_text(), [kind], tuple(overrides)) == []
    assert oracle.fills > 10


@pytest.mark.gate
def test_the_sessions_of_the_strategies_page(check: Check, oracle) -> None:
    """Schedules on the generated market, and a pair of a spot market and a contract, merged."""
    page = (ROOT / "docs/strategies.md").read_text(encoding="utf-8")
    schedules, pairs = re.findall(r"```toml\n(mode = .*?)```", page, re.DOTALL)
    assert check(schedules, [SPOT]) == []
    assert oracle.fills > 10
    for name in ("btcusdt-spot", "btcusdt-usdm"):
        pairs = pairs.replace(f'"{name}"', f'"{_find(name)}"')
    assert check(pairs, [SPOT, LINEAR]) == []
    assert oracle.fills > 0
