"""The portfolio: by instrument, by strategy, by currency, and what others read of it."""

from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.model import Fill, Funding, Mark, Side
from mainspring.portfolio import Marks, Portfolio, PortfolioOptions, converted
from mainspring.testing import INSTRUMENT


class Prices(SimpleNamespace):
    """A market of which mid and last trade are given."""

    last_fraction_nanoticks = 0

    def mid_half_ticks(self):
        return self.mid


def fill(side, lots, price=6_000_000, *, instrument=0, **fee):
    return Fill(1, instrument, 0, 1, side, price, lots, True, 0, **fee)


@pytest.fixture
def made(spot, inverse):
    """A portfolio of a spot pair and an inverse contract, marked at 60000."""

    def make(*prices):
        markets = prices or (Prices(mid=12_000_000, last_ticks=0), Prices(mid=1_200_000, last_ticks=0))
        lots = [SimpleNamespace(buy=3, sell=4) for _ in range(2)]
        return Portfolio((spot, inverse), lots, Marks(markets))

    return make


def test_an_account_is_what_checks_read(made):
    """Position and open lots, live; the statement is that of all strategies together."""
    portfolio = made()
    account = portfolio.accounts[0]
    portfolio.on_fill(fill(Side.BUY, 100_000), "a")
    portfolio.on_fill(fill(Side.SELL, 300_000), "b")
    assert (account.position_lots, account.open_buy_lots, account.open_sell_lots) == (-200_000, 3, 4)
    assert account.statement().exposure == -120_000


def test_strategies_have_positions_of_their_own(made):
    """Each by its own average cost: what one made, another doesn't have."""
    portfolio = made()
    portfolio.on_fill(fill(Side.BUY, 100_000, 5_900_000), "a")
    portfolio.on_fill(fill(Side.SELL, 100_000, 6_050_000), "b")
    assert portfolio.own_position("a", 0).position_lots == 100_000
    assert portfolio.profit("a", "USDT") == Decimal(1000)
    assert portfolio.profit("b", "USDT") == Decimal(500)
    assert portfolio.profit("b", "BTC") == 0
    assert list(portfolio.strategies(0)) == ["a", "b"]
    assert portfolio.currencies()["USDT"].net == 1500


rows = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.sampled_from(Side),
        st.integers(1, 10**6),
        st.integers(1, 10**7),
        st.sampled_from([{}, {"fee_amount": Decimal("0.1"), "fee_currency": "BNB"}, {"fee_amount": Decimal("-0.2")}]),
    ),
    max_size=30,
)


@given(rows)
def test_strategies_add_up_to_the_instrument(given_rows):
    """Position, cash, profit in all, fees and exposure; only how profit splits at closes may differ."""
    portfolio = Portfolio((INSTRUMENT,), [SimpleNamespace(buy=0, sell=0)], Marks([Prices(mid=11, last_ticks=0)]))
    for name, side, lots, price, fee in given_rows:
        portfolio.on_fill(fill(side, lots, price, **fee), name)
    portfolio.on_funding(Funding(0, 0, Decimal("0.3")))
    whole, parts = portfolio.accounts[0].statement(), list(portfolio.strategies(0).values())
    for field in ("position", "bought", "sold", "cash", "profit", "fees", "rebates", "funding", "net", "exposure"):
        assert sum(getattr(part, field) for part in parts) == getattr(whole, field), field
    others = sum(other.fees for part in parts for other in part.others)
    assert others == sum(other.fees for other in whole.others)


def test_funding_is_shared_by_positions(made):
    """Of 3 paid on a net position of 3 lots, who holds 5 pays 5 and who is short 2 receives 2."""
    portfolio = made()
    portfolio.on_fill(fill(Side.BUY, 5, instrument=1), "long")
    portfolio.on_fill(fill(Side.SELL, 2, instrument=1), "short")
    portfolio.on_funding(Funding(1, 0, Decimal(-3)))
    assert portfolio.currencies()["BTC"].funding == -3
    shares = portfolio.strategies(1)
    assert (shares["long"].funding, shares["short"].funding) == (-5, 2)


def test_funding_of_nobody_is_not_lost(made):
    """Without a net position nobody can be charged: the amount stands without a strategy."""
    portfolio = made()
    portfolio.on_funding(Funding(1, 0, Decimal(-3), "BUSD"))
    assert portfolio.currencies()["BUSD"].net == -3
    assert portfolio.currencies("")["BUSD"].funding == -3


def test_currencies_are_never_added_up(made):
    """Spot in USDT, the inverse contract in BTC, a fee in BNB: three amounts."""
    portfolio = made()
    portfolio.on_fill(fill(Side.BUY, 100_000, 5_900_000, fee_amount=Decimal("0.5"), fee_currency="BNB"), "a")
    portfolio.on_fill(fill(Side.SELL, 100, 600_000, instrument=1), "a")
    found = portfolio.currencies()
    nets = {name: round(one.net, 20) for name, one in found.items()}
    assert nets == {"USDT": 1000, "BTC": 0, "BNB": Fraction(-1, 2)}
    assert found["BNB"].cash == Fraction(-1, 2)
    assert (found["USDT"].exposure, found["USDT"].gross_exposure) == (60_000, 60_000)
    assert abs(found["BTC"].exposure + Fraction(1, 6)) < Fraction(1, 10**25)
    assert found["BTC"].gross_exposure == -found["BTC"].exposure


def test_a_total_needs_stated_rates():
    """At the rates given; without one for an amount that isn't 0 there is none, and an unknown amount has no total."""
    nets = {"USDT": Fraction(5), "BTC": Fraction(1, 1000), "ETH": Fraction(0)}
    assert converted(nets, "USDT", {"BTC": Decimal(60_000)}) == 65
    with pytest.raises(KeyError, match="BTC"):
        converted(nets, "USDT", {})
    assert converted({**nets, "BTC": None}, "USDT", {}) is None


@pytest.mark.parametrize(
    ("choice", "mid", "last", "found"),
    [
        ("mid", 101, 40, (Fraction(101, 2), "mid")),
        ("mid", None, 40, (40, "last")),
        ("last", 101, 40, (40, "last")),
        ("last", 101, 0, (Fraction(101, 2), "mid")),
        ("mid", None, 0, None),
        ("last", None, 0, None),
    ],
)
def test_a_mark_falls_back_and_says_so(choice, mid, last, found):
    """The session's choice, else the other price; without either there is none."""
    mark = Marks([Prices(mid=mid, last_ticks=last)], choice).mark(0)
    assert (None if mark is None else (mark.price_ticks, mark.source)) == found


def test_a_last_trade_between_two_ticks_is_marked_exactly():
    """A mark may be finer than a tick."""
    between = Prices(mid=None, last_ticks=40, last_fraction_nanoticks=500_000_000)
    assert Marks([between], "last").mark(0) == Mark(Fraction(81, 2), "last")


def test_a_position_without_a_mark_leaves_its_currency_unknown(made):
    """None, in that currency alone."""
    portfolio = made(Prices(mid=None, last_ticks=0), Prices(mid=1_200_000, last_ticks=0))
    portfolio.on_fill(fill(Side.BUY, 1), "a")
    found = portfolio.currencies()
    assert (found["USDT"].net, found["USDT"].exposure, found["BTC"].net) == (None, None, 0)
    assert portfolio.profit("a", "USDT") is None


def test_options_that_can_not_be_are_refused():
    """A rate of zero, a rate that is no number, rates into no currency."""
    with pytest.raises(ValueError, match="rate of BTC"):
        PortfolioOptions(currency="USD", rates={"BTC": Decimal(0)})
    with pytest.raises(ValueError, match="rate of BTC"):
        PortfolioOptions(currency="USD", rates={"BTC": Decimal("nan")})
    with pytest.raises(ValueError, match="set its name"):
        PortfolioOptions(rates={"BTC": Decimal(1)})
