"""A live session trades on an exchange in a box over a bad line, without sockets: what can go wrong does, by a seed.

At the end the session's positions and fills are the exchange's, no order is there twice, and none is open.
`python -m mainspring_tools.bad_line` runs any seeds.
"""

import pytest

from mainspring.session.inputs import RecordedInputs
from mainspring.session.lane_run import LaneRun
from mainspring_tools.bad_line.line import Line, crashes_of, differences, line_registry, trade
from mainspring_tools.bad_line.sides import SIDES


@pytest.fixture(scope="module")
def registry():
    return line_registry()


@pytest.mark.parametrize("router", SIDES)
def test_a_good_line(tmp_path, registry, router):
    """Nothing goes wrong: no difference is found, nothing is unknown, orders are replaced."""
    with Line(SIDES[router], 1, tmp_path, registry, trouble=0.0) as line:
        trade(line)
        assert differences(line) == []
        assert line.trading.reconciling.differences == []
        assert len(line.exchange.executions) > 10
        assert line.replaced


def test_messages_that_come_one_by_one_are_folded_together(tmp_path, registry, monkeypatch):
    """What was measured of them isn't looked through at each: once for as many as a chunk has."""
    with Line(SIDES["alpaca"], 1, tmp_path, registry, trouble=0.0) as line:
        folded = []
        monkeypatch.setattr(line.trading.lane, "fold", lambda: folded.append(line.run.messages))
        while line.run.messages < 1_500:
            line.step()
        assert 1 <= len(folded) <= line.run.messages // line.plan.parts[0].chunk.value


def test_what_differs_is_said(tmp_path, registry):
    """A fill that one side doesn't know, an order that left twice, and one that is open."""
    with Line(SIDES["alpaca"], 1, tmp_path, registry, trouble=0.0) as line:
        while not (line.fills and line.exchange.open_orders()):
            line.step()
        line.fills.pop()
        line.posts.update(line.posts)
        found = " ".join(differences(line))
        assert all(said in found for said in ("left more than once", "fills are", "open orders"))


@pytest.mark.parametrize(
    ("router", "seed"),
    [
        *(("alpaca", seed) for seed in range(50)),
        *((router, seed) for router in ("binance-spot", "binance-usdm") for seed in range(20)),
    ],
)
def test_a_bad_line(tmp_path, registry, router, seed):
    """Updates are lost, doubled, late and garbled, requests and answers are lost, and the stream goes down."""
    with Line(SIDES[router], seed, tmp_path, registry) as line:
        trade(line)
        assert differences(line) == []
        assert sum(line.happened.values()) > 5, line.happened


def test_what_a_live_session_was_fed_is_fed_again(tmp_path, registry):
    """Its recorded inputs, what the venue said among them, give every record of the order log again."""
    inputs = tmp_path / "live.inputs"
    with Line(SIDES["alpaca"], 3, tmp_path, registry, record_inputs=inputs) as line:
        trade(line)
        log = line.run.finish().log
    with LaneRun(line.plan, registry, {}, inputs=RecordedInputs(inputs)) as again:
        while again.step():
            pass
        repeated = again.finish().log
    assert (repeated.sha256, repeated.records) == (log.sha256, log.records)
    assert log.records > 100


@pytest.mark.parametrize(
    ("router", "seed"),
    [
        *(("alpaca", seed) for seed in range(100, 110)),
        *((router, seed) for router in ("binance-spot", "binance-usdm") for seed in range(100, 105)),
    ],
)
def test_a_bad_line_and_crashes(tmp_path, registry, router, seed):
    """The process dies twice in between, with orders open and requests under way; the next one takes over."""
    side = SIDES[router]
    with Line(side, seed, tmp_path, registry) as line:
        trade(line, side.seconds, crashes_of(side, seed))
        assert differences(line) == []
        assert line.trading.took_over is not None
