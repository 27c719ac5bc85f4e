"""Positions, profits and fees of whole sessions, recomputed from their order logs: no difference."""

import gzip
import os
from itertools import islice
from pathlib import Path

import pytest

from mainspring.host.config import parse_config
from mainspring.host.session_planning import make_session
from mainspring.report import SessionReport
from mainspring.session import run_session

_RECORDED = Path(os.environ.get("MAINSPRING_DATA") or Path(__file__).resolve().parents[3] / "shared/data/binance")

SPOT, INVERSE = ("spot", "1"), ("inverse", "100")

_COMMON = """
slippage.plugin = "fixed-bps"
latency = { plugin = "constant", request_us = 200 }
router = { plugin = "paper", maker_fee_bps = -0.25, taker_fee_bps = 4.5 }
strategy.maker = { plugin = "quote-maker", size = SIZE }
strategy.trend = { plugin = "momentum", size = SIZE, fast_s = 1, slow_s = 5 }
[risk]
max_order_size = 1000
max_order_notional = 100_000_000
max_position = 1000
collar_bps = 500
max_book_age_ms = 60_000
"""

_SIMULATED = """
instruments = ["BTC/USDT", "ETH/USDT"]
feed = { plugin = "simulated", seconds = 40, seed = SEED }
"""

_CAPTURES = {
    "spot": ("spot/btcusdt_20240808.gz", "binance-spot", "0.01", SPOT),
    "usdm": ("usdm/btcusdt_20240808.gz", "binance-usdm", "0.01", ("linear", "1")),
    "coinm": ("cm/btcusd_perp_20240808.gz", "binance-coinm", "3", INVERSE),
}


@pytest.fixture
def run(registry, tmp_path):
    """Runs a session; returns its report and its order log."""

    def go(text: str, size: str) -> tuple[SessionReport, Path]:
        log = tmp_path / "orders.log"
        loaded = parse_config(text + _COMMON.replace("SIZE", size), "s.toml", tmp_path)
        session = make_session(loaded, registry)
        return run_session(session, registry, order_log=log), log

    return go


@pytest.mark.parametrize("seed", [5, 6])
def test_simulated_sessions(run, oracle, seed):
    """Two instruments, two strategies, rebates for makers and fees for takers."""
    report, log = run(_SIMULATED.replace("SEED", str(seed)), "0.013")
    assert oracle.check(report, log, [SPOT, SPOT]) == []
    assert oracle.fills > 200
    assert any(len(one.strategies) == 2 for one in report.instruments)


def test_the_oracle_sees_a_difference(run, oracle):
    """With another multiplier, or as another kind of contract, nearly every figure differs."""
    report, log = run(_SIMULATED.replace("SEED", "5"), "0.013")
    assert len(oracle.check(report, log, [("spot", "2"), SPOT])) > 10
    as_contract = oracle.check(report, log, [SPOT, ("linear", "1")])
    assert as_contract
    assert all(": cash is" in one for one in as_contract)
    assert len(oracle.check(report, log, [INVERSE, SPOT])) > 10


@pytest.mark.parametrize("contract", ["linear", "inverse"])
def test_simulated_contracts(run, oracle, contract):
    """The same market as contracts of 7 units: linear, and inverse, which profits in the base currency."""
    terms = f'\ninstrument."ETH/USDT" = {{ contract = "{contract}", contract_size = 7 }}\n'
    report, log = run(_SIMULATED.replace("SEED", "7") + terms, "0.02")
    assert oracle.check(report, log, [SPOT, (contract, "7")]) == []
    assert oracle.fills > 200
    assert report.instruments[1].profit_currency == ("ETH" if contract == "inverse" else "USDT")


def _capture(name: str) -> Path:
    path = _RECORDED / _CAPTURES[name][0]
    if not path.is_file():
        pytest.skip(f"capture absent: {path.name}")
    return path


def _check(run, oracle, name: str, path: Path) -> None:
    _, feed, size, terms = _CAPTURES[name]
    report, log = run(f'feed = {{ plugin = "{feed}", capture = "{path}" }}\n', size)
    assert oracle.check(report, log, [terms]) == []


@pytest.mark.parametrize("name", _CAPTURES)
def test_recorded_prefixes(run, oracle, tmp_path, name):
    """The first 6,000 messages of recorded sessions: spot, linear and inverse."""
    path = tmp_path / "prefix.cap"
    with gzip.open(_capture(name), "rt") as whole:
        path.write_text("".join(islice(whole, 6_000)))
    _check(run, oracle, name, path)
    assert oracle.fills > 20


@pytest.mark.gate
@pytest.mark.parametrize("name", _CAPTURES)
def test_recorded_sessions(run, oracle, name):
    """Recorded sessions from end to end."""
    _check(run, oracle, name, _capture(name))
    assert oracle.fills > 200
