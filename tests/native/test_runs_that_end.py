"""Runs that end where strategies ask for something: requests are approved in Rust, and leave once they may."""

from pathlib import Path
from typing import Any

import pytest

from mainspring.host.config import load_config
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.lane.reaction import RunTrading
from mainspring.model import OrderRequest
from mainspring.session.lane_run import LaneRun

_SESSION = ("feed.seconds=20", "market.warm_up_s=1", 'strategy.maker={plugin="quote-maker", size=0.01}')
_CHECKED = (
    *_SESSION,
    'strategy.trend={plugin="momentum", size=0.01}',
    "risk.max_message_rate={limit=8, window_ms=300}",
    "risk.duplicate_order_ms=200",
    'risk.self_trade="refuse"',
    "risk.max_daily_loss=20",
)


def _run(decoder: str, path: Path, *overrides: str, native_terms: frozenset[str] | None = None) -> tuple[str, Any]:
    """Runs a session whose orders wait for its journal; returns its order log's hash and its lane."""
    registry = Registry.load()
    config = load_config(None, (*overrides, f"decoder.plugin={decoder}", f"journal.path={path}"))
    (plan,) = make_session(config, registry).lanes
    with LaneRun(plan, registry, {}) as run:
        lane: Any = run.lane
        if native_terms is not None:
            lane.order_manager.terms.native = [native_terms] * len(lane.markets)
        while run.step():
            pass
        result = run.finish()
    return result.log.sha256, lane


@pytest.fixture
def approved(monkeypatch: pytest.MonkeyPatch) -> list[OrderRequest]:
    """What was approved in Rust and handed on."""
    found: list[OrderRequest] = []
    send = RunTrading.send_approved

    def noted(self: RunTrading, request: OrderRequest) -> None:
        found.append(request)
        send(self, request)

    monkeypatch.setattr(RunTrading, "send_approved", noted)
    return found


@pytest.mark.parametrize("overrides", [_SESSION, _CHECKED], ids=["maker", "checked"])
def test_they_give_the_orders_of_the_plain_lane(
    tmp_path: Path, approved: list[OrderRequest], overrides: tuple[str, ...]
) -> None:
    """Byte for byte; the requests wait for the journal in both, and are approved in Rust in one."""
    plain, _ = _run("python", tmp_path / "plain.db", *overrides)
    assert not approved
    native, lane = _run("native", tmp_path / "native.db", *overrides)
    assert native == plain
    assert len(approved) > 40
    assert {"NewOrder"} < {type(request).__name__ for request in approved}
    assert not lane.message_loop.trades_in_runs(0)
    assert not lane.order_manager.audit._due


def test_a_term_that_the_venue_lacks_is_for_python(tmp_path: Path, approved: list[OrderRequest]) -> None:
    """A maker's orders only rest, so that a venue that doesn't know that gets none of them."""
    lacking = {"native_terms": frozenset({"ioc"})}
    plain, _ = _run("python", tmp_path / "plain.db", *_SESSION, **lacking)
    native, lane = _run("native", tmp_path / "native.db", *_SESSION, **lacking)
    assert native == plain
    assert not approved
    assert lane.order_manager.quality.refusals["unsupported-post-only"] > 10
