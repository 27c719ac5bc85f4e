"""The POV schedule: how it keeps up with the market's volume."""

from decimal import Decimal
from typing import Any

import pytest

from mainspring.testing import INSTRUMENT, SECOND_INSTRUMENT, FakeSession, check_strategy
from mainspring_plugins.strategies.pov import Pov, PovOptions


def started(state: dict[str, Any] | None = None, **options: Any) -> FakeSession:
    """A session with a best bid of 99 and offer of 101 ticks, and a POV of 100 lots at a tenth of the volume."""
    settings: dict[str, Any] = {"side": "buy", "size": Decimal("0.100"), "rate": Decimal("0.1"), **options}
    session = FakeSession((INSTRUMENT, SECOND_INSTRUMENT))
    session.show(bid_ticks=99, ask_ticks=101)
    session.start(Pov(options=PovOptions(**settings)), state)
    session.advance(seconds=0.5)
    return session


def sizes(session: FakeSession) -> list[int]:
    """Fills what was requested; returns the sizes of all orders."""
    for order in session.markets[0].open_orders:
        session.fill(order)
    return [order.size_lots for order in session.new_orders()]


def test_it_trades_its_share_of_the_volume() -> None:
    """Each second the target is a tenth of what the market has traded, rounded down, and no other market counts."""
    session = started()
    session.print_trade(price_ticks=100, size_lots=55)
    session.print_trade(1, price_ticks=100, size_lots=1_000)
    session.advance(seconds=1)
    assert sizes(session) == [5]
    session.print_trade(price_ticks=100, size_lots=44)
    session.advance(seconds=1)
    assert sizes(session) == [5, 4]
    session.print_trade(price_ticks=100, size_lots=1)
    session.advance(seconds=1)
    assert sizes(session) == [5, 4, 1]
    session.advance(seconds=5)
    assert sizes(session) == [5, 4, 1]


def test_it_trades_no_more_than_its_size() -> None:
    """However much the market trades, the size is the most; the last order may be below the least."""
    session = started(least=Decimal("0.060"))
    session.print_trade(price_ticks=100, size_lots=599)
    session.advance(seconds=1)
    assert sizes(session) == []
    session.print_trade(price_ticks=100, size_lots=1)
    session.advance(seconds=1)
    assert sizes(session) == [60]
    session.print_trade(price_ticks=100, size_lots=10_000)
    session.advance(seconds=1)
    assert sizes(session) == [60, 40]


def test_volume_before_the_start_does_not_count() -> None:
    """The schedule starts after `start_s`, and ends after `duration_s`."""
    session = started(start_s=2.0, duration_s=3.0)
    session.print_trade(price_ticks=100, size_lots=500)
    session.advance(seconds=2)
    session.print_trade(price_ticks=100, size_lots=50)
    session.advance(seconds=1)
    assert sizes(session) == [5]
    session.advance(seconds=3)
    session.print_trade(price_ticks=100, size_lots=500)
    session.advance(seconds=2)
    assert sizes(session) == [5]


def test_what_was_not_filled_is_tried_again() -> None:
    """An order that expires unfilled is requested again when the best prices change."""
    session = started()
    session.print_trade(price_ticks=100, size_lots=50)
    session.advance(seconds=1)
    session.expire(session.markets[0].open_orders[0])
    session.show(ask_ticks=102)
    assert [(order.size_lots, order.price_ticks) for order in session.new_orders()] == [(5, 101), (5, 102)]


def test_a_restart_goes_on_where_it_was() -> None:
    """The volume seen and what was filled are saved."""
    first = started()
    first.print_trade(price_ticks=100, size_lots=50)
    first.advance(seconds=1)
    sizes(first)
    first.print_trade(price_ticks=100, size_lots=50)
    state = first.save()
    assert state is not None
    assert (state["volume_lots"], state["filled_lots"]) == (100, 5)
    second = started(dict(state))
    second.advance(seconds=1)
    assert sizes(second) == [5]


@pytest.mark.parametrize(
    "options",
    [{"rate": Decimal(0)}, {"rate": Decimal("1.1")}, {"rate": Decimal("NaN")}, {"every_s": 0.0}, {"duration_s": -1.0}],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    """The error names the option."""
    with pytest.raises(ValueError, match=next(iter(options))):
        PovOptions(side="buy", size=Decimal(1), **options)


@pytest.mark.parametrize("style", ["take", "post"])
@pytest.mark.parametrize("seed", range(3))
def test_it_keeps_the_contract(seed: int, style: Any) -> None:
    """The conformance kit finds nothing to say."""
    options = PovOptions(side="buy", size=Decimal("0.5"), rate=Decimal("0.3"), style=style)
    check_strategy(lambda: Pov(options=options), seed=seed)
