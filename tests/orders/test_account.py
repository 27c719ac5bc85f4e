"""Accounts: exact to the integer, by average cost, for spot and inverse contracts."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainspring.model import Fill, Instrument, Side
from mainspring.orders import Account, amount_text
from mainspring.orders.account import INVERSE_SCALE

fills = st.lists(
    st.tuples(st.sampled_from(Side), st.integers(1, 10**7), st.integers(1, 10**6), st.integers(-20_000, 2_000_000)),
    min_size=1,
    max_size=40,
)


def fill(side, price, lots, fee_ppb=0):
    return Fill(1, 0, 0, 1, side, price, lots, True, fee_ppb)


def instrument(contract):
    return Instrument(
        symbol="A/B",
        venue_symbol="AB",
        tick_size=Decimal("0.1"),
        lot_size=Decimal(1),
        contract=contract,
        contract_size=Decimal(100),
    )


def test_a_round_trip(spot):
    """Buy 0.5 at 60000, sell it at 61000: 500 made, and the fees of both sides."""
    account = Account(spot)
    account.fill(fill(Side.BUY, 6_000_000, 50_000, 1_000_000))
    account.fill(fill(Side.SELL, 6_100_000, 50_000, 1_000_000))
    statement = account.statement()
    assert statement.currency == "USDT"
    assert (statement.bought, statement.sold, statement.position) == (Fraction(1, 2), Fraction(1, 2), Fraction(0))
    assert (statement.realised, statement.unrealised, statement.profit) == (Fraction(500), Fraction(0), Fraction(500))
    assert statement.fees == Fraction("60.5")
    assert statement.net == Fraction("439.5")


def test_average_cost_and_a_flip(spot):
    """Selling through a long position realises against its average cost and opens the short at the fill's price."""
    account = Account(spot)
    account.fill(fill(Side.BUY, 100, 10))
    account.fill(fill(Side.BUY, 200, 10))
    account.fill(fill(Side.SELL, 180, 30))
    assert account.realised_units == 20 * (180 - 150)
    assert (account.position_lots, account.cost_units) == (-10, 1800)
    assert account.statement(169, 171).unrealised == 10 * (180 - 170) * Fraction("0.0000001")


def test_an_inverse_contract_earns_base_currency(inverse):
    """100 contracts of 100 USD from 50000 to 60000: 10000 * (1/50000 - 1/60000) BTC, long or short."""
    for side, sign in ((Side.BUY, 1), (Side.SELL, -1)):
        account = Account(inverse)
        account.fill(fill(side, 500_000, 100, 500_000))
        expected = sign * 10_000 * (Fraction(1, 50_000) - Fraction(1, 60_000))
        marked = account.statement(599_999, 600_001)
        assert marked.currency == "BTC"
        assert marked.unrealised is not None
        assert abs(marked.unrealised - expected) < Fraction(1, 10**25)
        account.fill(fill(Side(-side), 600_000, 100))
        closed = account.statement()
        assert abs(closed.realised - expected) < Fraction(1, 10**25)
        assert abs(closed.fees - 10_000 * Fraction(1, 50_000) * Fraction(5, 10_000)) < Fraction(1, 10**25)


@settings(deadline=None)
@given(fills, st.sampled_from(["spot", "linear", "inverse"]), st.integers(1, 10**7))
def test_realised_and_open_profit_are_cash_and_position_to_the_integer(rows, contract, price):
    """cash + value of the position = realised + (value - cost), whole numbers on both sides, whatever was traded."""
    account = Account(instrument(contract))
    sign = -1 if contract == "inverse" else 1
    bought = sold = fees = 0
    for side, ticks, lots, fee_ppb in rows:
        account.fill(fill(side, ticks, lots, fee_ppb))
        bought += lots if side > 0 else 0
        sold += lots if side < 0 else 0
        if contract != "inverse":
            fees += ticks * lots * fee_ppb
    assert (account.bought_lots, account.sold_lots, account.position_lots) == (bought, sold, bought - sold)
    position = account.position_lots
    worth = position * price if sign > 0 else position * (INVERSE_SCALE // price)
    cost = account.cost_units if position > 0 else -account.cost_units
    assert account.cash_units + sign * worth == account.realised_units + sign * (worth - cost)
    assert account.cost_units >= 0
    assert position or not account.cost_units
    if contract != "inverse":
        assert account.fees_ppb_units == fees
        assert account.cash_units == -sum(side * ticks * lots for side, ticks, lots, _ in rows)


@settings(deadline=None)
@given(fills, st.sampled_from(["linear", "inverse"]))
def test_realised_profit_is_the_exact_average_cost_one(rows, contract):
    """Against plain fractions: at most a unit for each fill apart (inverse: two, for the rounded values)."""
    account = Account(instrument(contract))
    position, cost, realised = 0, Fraction(0), Fraction(0)
    sign = -1 if contract == "inverse" else 1
    for side, ticks, lots, _ in rows:
        account.fill(fill(side, ticks, lots))
        each = Fraction(ticks) if sign > 0 else Fraction(INVERSE_SCALE, ticks)
        closing = min(lots, abs(position)) if position * side < 0 else 0
        if closing:
            part = cost * closing / abs(position)
            realised += sign * (1 if position > 0 else -1) * (each * closing - part)
            cost -= part
        cost += each * (lots - closing)
        position += side * lots
    assert abs(account.realised_units - realised) <= (1 if sign > 0 else 2) * len(rows)


def test_an_open_position_without_a_mid_has_no_profit_figure(spot):
    """None, not zero; a flat one needs no mid."""
    account = Account(spot)
    account.fill(fill(Side.BUY, 100, 10))
    statement = account.statement(bid_ticks=100)
    assert (statement.unrealised, statement.profit, statement.net) == (None, None, None)
    assert statement.fees == 0
    account.fill(fill(Side.SELL, 100, 10))
    assert account.statement().net == 0


@pytest.mark.parametrize(
    ("symbol", "contract", "currency"),
    [
        ("BTC/USDT", "spot", "USDT"),
        ("BTC/USDT:USDT", "linear", "USDT"),
        ("BTC/USD:BTC", "inverse", "BTC"),
        ("AAPL", "spot", "quote currency of AAPL"),
        ("XBTUSD", "inverse", "base currency of XBTUSD"),
    ],
)
def test_the_profit_currency(symbol, contract, currency):
    """The quote of a pair, or its base for an inverse contract; a symbol without a pair keeps a name of its own."""
    one = Instrument(symbol=symbol, venue_symbol="", tick_size=Decimal(1), lot_size=Decimal(1), contract=contract)
    assert Account(one).statement().currency == currency


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (Fraction(0), "0"),
        (Fraction(-1, 2), "-0.5"),
        (Fraction(1, 3), "0.333333333333333333"),
        (Fraction(2, 3), "0.666666666666666667"),
        (Fraction(1200), "1200"),
        (Fraction(-1, 10**19), "0"),
        (Fraction(5, 100), "0.05"),
    ],
)
def test_amounts_as_text(amount, text):
    """Exact where it can be, rounded half to even at 18 places, no zeros that say nothing, no "-0"."""
    assert amount_text(amount) == text
