"""What fills cost in truth: the same causes as in the estimate, so that both can be compared."""

import pytest

from mainspring.host.config import load_config
from mainspring.host.session_planning import make_session
from mainspring.session import run_session

FIVE_SECONDS = 2
"""The place among the markouts of the horizon that adverse selection is taken at."""


@pytest.fixture
def instrument(registry):
    """A session's instrument, which quotes for a minute and takes now and then."""
    takes = 'strategy={maker={plugin="quote-maker", size=0.01, edge_ticks=2}, taker={plugin="momentum", size=0.01}}'
    session = make_session(load_config(None, ["feed.seconds=60", takes]), registry)
    (instrument,) = run_session(session, registry).instruments
    return instrument


def weighed(costs):
    """The mean by size of costs and fills."""
    return sum(cost * float(fill.size) for cost, fill in costs) / sum(float(fill.size) for _, fill in costs)


def from_mid(fill):
    return (1 if fill.side == "buy" else -1) * 1e4 * (float(fill.price) - fill.mid) / fill.mid


def test_a_makers_fills_cost_what_the_market_did_next(instrument):
    """Against the mid when a quote was sent, adverse selection can't be seen: it is what comes after the fill."""
    costs = next(one for one in instrument.slippage if one.role == "maker")
    fills = [one for one in instrument.fill_samples if one.maker]
    assert len(fills) == costs.fills > 10
    for one in fills:
        moved = one.markouts_bps[FIVE_SECONDS]
        assert one.realised_bps == (None if moved is None else pytest.approx(from_mid(one) - moved))
    parts = {part.name: part.realised_bps for part in costs.parts}
    assert parts["spread-capture"] == pytest.approx(weighed([(from_mid(one), one) for one in fills]))
    assert costs.realised_bps == parts["spread-capture"] + parts["adverse-selection"]
    assert costs.estimated_bps == pytest.approx(weighed([(one.estimated_bps, one) for one in fills]))


def test_a_takers_fills_cost_their_way_from_the_arrival_price(instrument):
    """The table weighs its fills, and taking has cost something."""
    costs = next(one for one in instrument.slippage if one.role == "taker")
    fills = [one for one in instrument.fill_samples if not one.maker]
    assert len(fills) == costs.fills > 3
    assert costs.realised_bps == pytest.approx(weighed([(one.realised_bps, one) for one in fills]))
    assert costs.realised_bps > 0
