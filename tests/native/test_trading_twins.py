"""Sessions that trade in fused runs: to the last byte and figure what the plain lane does, whatever happens."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from mainspring.host.config import load_config, parse_config
from mainspring.host.planning import make_plan
from mainspring.host.registry import Registry
from mainspring.model import Approved, NewOrder, OrderRequest
from mainspring.risk import Gate
from mainspring.seams import AccountView, MarketView
from mainspring.testing import INSTRUMENT
from mainspring_plugins.risk.max_message_rate import MaxMessageRate, RateOptions
from mainspring_tools.twins.lanes import generated_messages
from mainspring_tools.twins.sessions import SessionTwins, compare_session

# A level that our orders had left has to go with the print that explains its last fall, or an order that joins it later
# stands behind what is gone: the lanes once differed here.
_LEFT_LEVEL = """
seed = 11557
instruments = ["BTC/USDT"]
feed = { plugin = "simulated", seconds = 4, faults = { drop = 0.002, duplicate = 0.01 } }
router = { maker_fee_bps = -0.5, taker_fee_bps = 5 }
latency = { plugin = "constant", request_us = 1, response_us = 0 }
queue.plugin = "pessimistic"
[strategy.one]
plugin = "chaos"
size = 0.01
[strategy.two]
plugin = "quote-maker"
size = 0.01
edge_ticks = 3
[risk]
max_order_size = 0.5
max_order_notional = 20_000
max_position = 0.2
max_book_age_ms = 20
collar_bps = { limit = 5, passive = 60 }
"""


class _Nosy:
    """Passes everything, and listens."""

    def check(self, order: NewOrder, market: MarketView, account: AccountView) -> None:
        return None

    def on_sent(self, request: OrderRequest) -> None:
        pass


def _compare(seeds: range, hostile: float | None = None) -> Counter[str]:
    return sum((compare_session(seed, hostile=hostile) for seed in seeds), Counter())


def test_sessions_are_traded_alike() -> None:
    """What strategies ask for and hear, the log, the money and every figure of the report are equal."""
    counts = _compare(range(24))
    assert counts["Fill"] > 150
    assert counts["CheckStates"] > 5
    assert counts["RequestRefused"] > 200
    assert counts["GroupChanged"] > 100
    assert counts["compiled"] in (0, 12)


def test_strategies_with_habits_meet_the_checks_that_stop_them() -> None:
    """Repeated orders, fills on one side, cancels, orders that meet our own: each is refused often, in both alike."""
    counts = _compare(range(40_000, 40_040))
    names = ("duplicate_order_ms", "max_repeated_executions", "max_cancel_to_fill", "self_trade")
    refused = {name: counts[f"refused: {name}"] for name in names}
    assert min(refused.values()) > 3, refused


def test_a_hostile_venue_and_lost_connections_change_both_alike() -> None:
    """Events doubled, late, of unknown and of ended orders, over-fills, lost connections, commands: all the time."""
    counts = _compare(range(500, 506), hostile=0.6)
    assert counts["events"] > 200
    assert min(counts["Discrepancy"], counts["DiscrepancyCleared"], counts["MarkedUnknown"]) > 5


def test_a_cancel_that_is_rejected_again_and_again_has_an_end() -> None:
    """A venue that takes an order to be filled rejects its cancel at once; the market maker asks again at once."""
    counts = compare_session(13_315, config="orders.max_answers = 2\n", ends=False, checked=False)
    assert counts["refused: too-many-requests"] > 100


def test_a_level_that_was_left_goes_with_its_print() -> None:
    """The session in which it once stayed."""
    twins = SessionTwins(_LEFT_LEVEL, "book-walk", 11557, chunk=64, ends=False)
    twins.run(generated_messages(_LEFT_LEVEL))
    assert twins.counts["Fill"] > 20


def test_further_checks_run_in_runs_alike() -> None:
    """Hours, connections, open orders and exposure: what they refuse is what the plain lane refuses, word for word."""
    config = f"""{_LEFT_LEVEL}
trading_hours = "00:00-00:00"
venue_connected = true
max_open_orders = 4
max_gross_exposure = 3_000
max_net_exposure = 1_500
"""
    plan = make_plan(parse_config(config.replace('"chaos"', '"momentum"'), "further.toml", Path()), Registry.load())
    assert not plan.outside_runs
    twins = SessionTwins(config, "book-walk", 11557, chunk=64, ends=False)
    twins.run(generated_messages(config))
    assert twins.counts["Fill"] > 5
    for name in ("max_open_orders", "max_gross_exposure", "max_net_exposure"):
        assert twins.counts[f"refused: {name}"] > 0


@pytest.mark.parametrize(("name", "limit"), [("buying_power", "1_100"), ("max_slippage_bps", "0.05")])
def test_checks_of_profit_and_cost_run_in_runs_alike(name: str, limit: str) -> None:
    """What was made so far and what the order is expected to cost are figures of the run, too."""
    config = f"{_LEFT_LEVEL}\n{name} = {limit}\n"
    plan = make_plan(parse_config(config.replace('"chaos"', '"momentum"'), "further.toml", Path()), Registry.load())
    assert not plan.outside_runs
    twins = SessionTwins(config, "book-walk", 11557, chunk=64, ends=False)
    twins.run(generated_messages(config))
    assert twins.counts["Fill"] > 5
    assert twins.counts[f"refused: {name}"] > 5


_LISTENING = {
    "max_message_rate": "{ limit = 6, window_ms = 300 }",
    "max_daily_loss": "0.5",
    "max_drawdown": "0.3",
    "max_repeated_executions": "{ limit = 3, window_ms = 500 }",
    "duplicate_order_ms": "400",
    "max_cancel_to_fill": "{ limit = 0.1, after = 1 }",
    "self_trade": '"refuse"',
}


@pytest.mark.parametrize("journalled", [False, True])
@pytest.mark.parametrize("name", [*_LISTENING, "all"])
def test_checks_that_listen_run_in_runs_alike(name: str, journalled: bool) -> None:
    """A run tells them what it sends and hears; with a journal, what losses are measured from is saved alike."""
    names = list(_LISTENING) if name == "all" else [name]
    config = _LEFT_LEVEL + "\n" + "\n".join(f"{one} = {_LISTENING[one]}" for one in names) + "\n"
    plan = make_plan(parse_config(config.replace('"chaos"', '"momentum"'), "further.toml", Path()), Registry.load())
    assert not plan.outside_runs
    twins = SessionTwins(config, "book-walk", 11557, chunk=64, ends=False, journalled=journalled)
    twins.run(generated_messages(config))
    assert twins.trades_in_runs
    assert twins.counts["Fill"] > 5
    assert twins.counts[f"refused: {name}"] > 1 or name == "all"
    saves = any("loss" in one or "drawdown" in one for one in names)
    assert (twins.counts["CheckStates"] > 1) is (journalled and saves)


_TWO_INSTRUMENTS = _LEFT_LEVEL.replace('["BTC/USDT"]', '["BTC/USDT", "ETH/USDT"]').replace("size = 0.01", "size = 0.02")

_WIDE = {
    "max_message_rate": "{ limit = 12, window_ms = 100 }",
    "max_daily_loss": "0.5",
    "max_drawdown": "0.3",
    "max_gross_exposure": "{ limit = 2_000, instrument = 1_500 }",
    "max_net_exposure": "900",
    "buying_power": "1_500",
    "max_open_orders": "{ limit = 2, strategy = 3, account = 3 }",
}


@pytest.mark.parametrize("name", [*_WIDE, "all"])
def test_checks_over_several_instruments_run_in_runs_alike(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the lane's instruments hold, owe and made together decides in Rust as in Python, and mostly without it."""
    names = list(_WIDE) if name == "all" else [name]
    config = _TWO_INSTRUMENTS + "\n" + "\n".join(f"{one} = {_WIDE[one]}" for one in names) + "\n"
    plan = make_plan(parse_config(config.replace('"chaos"', '"momentum"'), "further.toml", Path()), Registry.load())
    assert not plan.outside_runs
    twins = SessionTwins(config, "book-walk", 11557, chunk=64, ends=False)
    gates = [side.lane.order_manager.gate for side in twins._sides]
    passed: Counter[int] = Counter()
    for at, gate in enumerate(gates):
        approve = gate.approve

        def counted(*order: Any, at: int = at, approve: Any = approve) -> Any:
            found = approve(*order)
            passed[at] += isinstance(found, Approved)
            return found

        monkeypatch.setattr(gate, "approve", counted)
    twins.run(generated_messages(config))
    assert twins.trades_in_runs
    assert twins.counts["Fill"] > 5
    assert twins.counts[f"refused: {name}"] > 1 or name == "all"
    # Python has the first order, which shows the checks of losses what was made so far, and what walks the book.
    assert passed[1] < passed[0]


@pytest.mark.parametrize("mark", ["last", "mid"])
def test_a_profit_is_asked_for_while_nothing_is_locked(mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mark that isn't the mid is Python's, which may look at orders; they were locked once, for ever."""
    config = f"{_LEFT_LEVEL}\nbuying_power = 1_100\n[portfolio]\nmark = '{mark}'\n"
    twins = SessionTwins(config, "book-walk", 11557, chunk=64, ends=False)
    asked = 0
    manager = twins._sides[1].lane.order_manager
    tracker, known = manager.tracker, manager.portfolio.net_profit_ppb

    def nosy(instrument: int) -> int | None:
        nonlocal asked
        asked += 1
        tracker.all_open()
        return known(instrument)

    monkeypatch.setattr(manager.portfolio, "net_profit_ppb", nosy)
    twins._sides[1].lane.message_loop.renew_runs()
    twins.run(generated_messages(config))
    assert twins.counts["Fill"] > 5
    assert twins.counts["refused: buying_power"] > 5
    # At the mid, Python decides on what the run doesn't let pass, and on nothing else.
    assert (asked > twins.counts["refused: buying_power"] * 2) is (mark == "last")


def test_a_check_that_cannot_hear_in_runs_ends_them() -> None:
    """A check of another's that listens and doesn't say that a run may tell it hears everything, event by event."""
    gate = Gate([[("nosy", _Nosy())]])
    assert gate.listens
    assert not gate.hears_in_runs
    assert Gate([[("rate", MaxMessageRate([INSTRUMENT], options=RateOptions(limit=1)))]]).hears_in_runs


@pytest.mark.gate
def test_more_sessions_are_traded_alike() -> None:
    """A hundred other seeds; the seed that differs is printed."""
    _compare(range(1_000, 1_100))


def test_what_is_not_native_is_found_in_the_plan() -> None:
    """The built-in configuration is all native; a model, router or book in Python is named, unless the decoder is."""
    registry = Registry.load()

    def outside(*overrides: str) -> list[str]:
        plan = make_plan(load_config(None, overrides), registry)
        return [choice.slot for choice in plan.outside_runs]

    assert outside() == []
    assert outside("slippage.plugin=square-root") == ["slippage"]
    assert outside("router.plugin=paper", "book.plugin=bisect-list") == ["book", "router"]
    assert outside("decoder.plugin=python") == []
    assert outside("mode=replay", "book.plugin=bisect-list") == []
