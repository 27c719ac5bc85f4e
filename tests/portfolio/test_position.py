"""Positions: exact, by average cost, for spot, linear and inverse contracts."""

# Sums that tests compare may be whole, and what may be None is known to be there.
# mypy: disable-error-code="comparison-overlap, operator"

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainspring.model import Fill, Instrument, Mark, Side, amount_text
from mainspring.portfolio import INVERSE_SCALE, Position, Valuation

CONTRACTS = ("spot", "linear", "inverse")

fills = st.lists(
    st.tuples(st.sampled_from(Side), st.integers(1, 10**7), st.integers(1, 10**6), st.integers(-20_000, 2_000_000)),
    min_size=1,
    max_size=40,
)


def fill(side, price, lots, fee_ppb=0, **fee):
    return Fill(1, 0, 0, 1, side, price, lots, True, fee_ppb, **fee)


def position(contract="spot", size="100"):
    return Position(
        Valuation(
            Instrument(
                symbol="A/B",
                venue_symbol="AB",
                tick_size=Decimal("0.1"),
                lot_size=Decimal(1),
                contract=contract,
                contract_size=Decimal(size),
            )
        )
    )


def at(price_ticks):
    return Mark(Fraction(price_ticks), "mid")


def test_a_round_trip(spot):
    """Buy 0.5 at 60000, sell it at 61000: 500 made, and the fees of both sides."""
    one = Position(Valuation(spot))
    one.on_fill(fill(Side.BUY, 6_000_000, 50_000, 1_000_000))
    one.on_fill(fill(Side.SELL, 6_100_000, 50_000, 1_000_000))
    statement = one.statement(None)
    assert statement.currency == "USDT"
    assert (statement.bought, statement.sold, statement.position) == (Fraction(1, 2), Fraction(1, 2), 0)
    assert (statement.realised, statement.unrealised, statement.profit) == (500, 0, 500)
    assert statement.fees == Fraction("60.5")
    assert statement.net == statement.cash == Fraction("439.5")
    assert (statement.average_buy, statement.average_sell, statement.average_entry) == (60_000, 61_000, None)


def test_average_cost_and_a_flip(spot):
    """Selling through a long position realises against its average cost and opens the short at the fill's price."""
    one = Position(Valuation(spot))
    one.on_fill(fill(Side.BUY, 100, 10))
    one.on_fill(fill(Side.BUY, 200, 10))
    assert one.statement(None).average_entry == Fraction("1.5")
    one.on_fill(fill(Side.SELL, 180, 30))
    assert one.realised_units == 20 * (180 - 150)
    assert (one.position_lots, one.cost_units) == (-10, 1800)
    marked = one.statement(at(170))
    assert marked.unrealised == 10 * (180 - 170) * Fraction("0.0000001")
    assert marked.exposure == -10 * 170 * Fraction("0.0000001")


@pytest.mark.parametrize("side", Side)
def test_an_inverse_contract_earns_base_currency(inverse, side):
    """100 contracts of 100 USD from 50000 to 60000: 10000 * (1/50000 - 1/60000) BTC, long or short."""
    one = Position(Valuation(inverse))
    one.on_fill(fill(side, 500_000, 100, 500_000))
    expected = side * 10_000 * (Fraction(1, 50_000) - Fraction(1, 60_000))
    marked = one.statement(at(600_000))
    assert marked.currency == "BTC"
    assert abs(marked.unrealised - expected) < Fraction(1, 10**25)
    assert abs(marked.exposure - side * Fraction(10_000, 60_000)) < Fraction(1, 10**25)
    assert abs(marked.average_entry - 50_000) < Fraction(1, 10**15)
    one.on_fill(fill(Side(-side), 600_000, 100))
    closed = one.statement(None)
    assert abs(closed.realised - expected) < Fraction(1, 10**25)
    assert abs(closed.fees - 10_000 * Fraction(1, 50_000) * Fraction(5, 10_000)) < Fraction(1, 10**25)
    assert closed.cash == closed.realised - closed.fees


def test_the_average_entry_of_an_inverse_contract_is_the_harmonic_mean(inverse):
    """Equal contracts at 50000 and 60000 break even at 54545.45..., not at 55000."""
    one = Position(Valuation(inverse))
    one.on_fill(fill(Side.BUY, 500_000, 10))
    one.on_fill(fill(Side.BUY, 600_000, 10))
    assert abs(one.statement(None).average_entry - Fraction(600_000, 11)) < Fraction(1, 10**15)


def test_a_multiplier_is_in_the_money_and_not_in_the_price():
    """Ten contracts of 100 units each, from 10.0 to 11.0: 1000 made, average entry 10."""
    one = position("linear")
    one.on_fill(fill(Side.BUY, 100, 10))
    statement = one.statement(at(110))
    assert (statement.unrealised, statement.average_entry, statement.exposure) == (1000, 10, 11_000)
    assert statement.cash == 0


@pytest.mark.parametrize("side", Side)
def test_twenty_thousand_closes_lose_nothing(side):
    """Closing a third of a position again and again: realised profit is the exact average-cost one, to a unit."""
    one = position(size="1")
    one.on_fill(fill(side, 100_000, 3))
    # Cost is cost / 3**closes, in integers that grow; realised profit is what makes cash and cost agree.
    cost, scale, cash = 300_000, 1, -side * 300_000
    for number in range(20_000):
        price = 100_000 + number * 7 % 11
        one.on_fill(fill(Side(-side), price, 1))
        one.on_fill(fill(side, price + 1, 1))
        scale *= 3
        cost = 2 * cost + (price + 1) * scale
        cash += side * (price - (price + 1))
    exact = cash + side * Fraction(cost, scale)
    assert abs(one.realised_units - exact) <= 1
    assert abs(one.statement(None).realised / one.valuation.unit - exact) < Fraction(1, 10**12)


@settings(deadline=None)
@given(fills, st.sampled_from(CONTRACTS), st.integers(1, 10**7))
def test_realised_and_open_profit_are_cash_and_position_to_the_unit(rows, contract, price):
    """After every fill: cash + value of the position = realised + (value - cost), whole numbers on both sides."""
    one = position(contract)
    sign = -1 if contract == "inverse" else 1
    bought = sold = fees = cash = 0
    for side, ticks, lots, fee_ppb in rows:
        one.on_fill(fill(side, ticks, lots, fee_ppb))
        bought += lots if side > 0 else 0
        sold += lots if side < 0 else 0
        units = lots * ticks if sign > 0 else round(Fraction(lots * INVERSE_SCALE, ticks) + Fraction(1, 10**40))
        cash -= sign * side * units
        fees += units * fee_ppb
        held = bought - sold
        assert (one.units.bought_lots, one.units.sold_lots, one.position_lots) == (bought, sold, held)
        worth = held * price if sign > 0 else held * (INVERSE_SCALE // price)
        cost = one.cost_units if held > 0 else -one.cost_units
        assert (one.cash_units, one.fees_ppb_units) == (cash, fees)
        assert cash + sign * worth == one.realised_units + sign * (worth - cost)
        assert one.cost_units >= 0
        assert held or not one.cost_units


@settings(deadline=None)
@given(fills, st.sampled_from(CONTRACTS))
def test_realised_profit_is_the_exact_average_cost_one(rows, contract):
    """Against plain fractions: within a unit; of inverse contracts each fill's value may be off by half of one."""
    one = position(contract)
    held, cost, realised = 0, Fraction(0), Fraction(0)
    sign = -1 if contract == "inverse" else 1
    for side, ticks, lots, _ in rows:
        one.on_fill(fill(side, ticks, lots))
        each = Fraction(ticks) if sign > 0 else Fraction(INVERSE_SCALE, ticks)
        closing = min(lots, abs(held)) if held * side < 0 else 0
        if closing:
            part = cost * closing / abs(held)
            realised += sign * (1 if held > 0 else -1) * (each * closing - part)
            cost -= part
        cost += each * (lots - closing)
        held += side * lots
    assert abs(one.realised_units - realised) <= (1 if sign > 0 else 1 + len(rows))


@settings(deadline=None)
@given(fills, st.sampled_from(CONTRACTS), st.integers(1, 10**7))
def test_a_statement_adds_up(rows, contract, price):
    """Net is realised plus unrealised less fees plus funding, exactly, and fees less rebates are what was charged."""
    one = position(contract)
    for side, ticks, lots, fee_ppb in rows:
        one.on_fill(fill(side, ticks, lots, fee_ppb))
    one.on_funding(Fraction("-0.25"))
    statement = one.statement(at(price))
    assert statement.profit == statement.realised + statement.unrealised
    assert statement.net == statement.profit - statement.fees + statement.funding
    assert statement.funding == Fraction("-0.25")
    assert statement.rebates >= 0
    if contract != "spot":
        assert statement.cash == statement.realised - statement.fees + statement.funding
    else:
        assert statement.cash + statement.exposure == statement.net


def test_a_reported_fee_counts_in_its_own_currency(spot):
    """A rate is of the notional; what the venue reports is taken as it is, in quote, base or its own coin."""
    one = Position(Valuation(spot))
    one.on_fill(fill(Side.BUY, 6_000_000, 100_000, 1_000_000))
    one.on_fill(fill(Side.BUY, 6_000_000, 100_000, fee_amount=Decimal("1.5"), fee_currency="USDT"))
    one.on_fill(fill(Side.BUY, 6_000_000, 100_000, fee_amount=Decimal("0.5")))
    one.on_fill(fill(Side.BUY, 6_000_000, 100_000, fee_amount=Decimal("0.001"), fee_currency="BTC"))
    one.on_fill(fill(Side.BUY, 6_000_000, 100_000, 7, fee_amount=Decimal("0.0312"), fee_currency="BNB"))
    statement = one.statement(at(6_000_000))
    assert statement.fees == 60 + 2
    assert {other.currency: other.fees for other in statement.others} == {
        "BNB": Fraction("0.0312"),
        "BTC": Fraction("0.001"),
    }
    assert statement.net == -62


def test_a_rebate_is_a_negative_fee(spot):
    """By rate or as reported: it lowers the fees, and is also shown by itself."""
    one = Position(Valuation(spot))
    one.on_fill(fill(Side.BUY, 6_000_000, 100_000, -100_000))
    one.on_fill(fill(Side.SELL, 6_000_000, 100_000, fee_amount=Decimal(-2)))
    one.on_fill(fill(Side.SELL, 6_000_000, 100_000, fee_amount=Decimal(3)))
    statement = one.statement(at(6_000_000))
    assert (statement.fees, statement.rebates, statement.net) == (-5, 8, 5)


def test_a_fee_that_is_no_number_is_refused():
    """Not a number, or infinite: it would spoil every sum from then on."""
    for text in ("nan", "inf"):
        with pytest.raises(ValueError, match="a fee of"):
            fill(Side.BUY, 1, 1, fee_amount=Decimal(text), fee_currency="BNB")


def test_an_open_position_without_a_mark_has_no_profit_figure(spot):
    """None, not zero; a flat one needs no mark."""
    one = Position(Valuation(spot))
    one.on_fill(fill(Side.BUY, 100, 10))
    statement = one.statement(None)
    assert (statement.unrealised, statement.profit, statement.net, statement.exposure) == (None,) * 4
    assert (statement.mark, statement.mark_source) == (None, "")
    assert statement.fees == 0
    one.on_fill(fill(Side.SELL, 100, 10))
    assert one.statement(None).net == 0


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
    assert Position(Valuation(one)).statement(None).currency == currency


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
