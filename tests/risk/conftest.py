"""A market, an account and orders, all of them plain values."""

import importlib
from decimal import Decimal
from types import SimpleNamespace

import msgspec
import pytest

from mainspring.model import Instrument, NewOrder, Side
from mainspring.testing import NaiveBook

MS = 1_000_000


@pytest.fixture
def spot():
    """0.01 a tick, 0.001 a lot."""
    return Instrument(symbol="BTC/USDT", venue_symbol="BTCUSDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.001"))


@pytest.fixture
def inverse():
    """Contracts of 100 USD."""
    return Instrument(
        symbol="BTC/USD",
        venue_symbol="BTCUSD_PERP",
        tick_size=Decimal("0.1"),
        lot_size=Decimal(1),
        contract="inverse",
        contract_size=Decimal(100),
    )


@pytest.fixture
def make_market():
    """A live market of 9999 at 10001 ticks, as old as said, with 5,000 lots a side behind the best prices."""

    def make(*, bids=((9999, 10), (9998, 5000)), asks=((10001, 10), (10002, 5000)), **changes):
        book = NaiveBook()
        book.apply_snapshot(bids, asks)
        market = {
            "book": book,
            "index": 0,
            "now_ns": 1000 * MS,
            "bid_ticks": 9999,
            "bid_lots": 10,
            "ask_ticks": 10001,
            "ask_lots": 10,
            "bbo_time_ns": 1000 * MS,
            "live": True,
        }
        return SimpleNamespace(**{**market, **changes})

    return make


@pytest.fixture
def make_account():
    """An account with the lots said."""

    def make(position=0, buys=0, sells=0):
        return SimpleNamespace(position_lots=position, open_buy_lots=buys, open_sell_lots=sells)

    return make


@pytest.fixture
def make_order():
    """An order of the first instrument: a market order where no price is given."""

    def make(side, lots, price=0, **terms):
        kind = "limit" if price else "market"
        return NewOrder(1, 0, Side(side), terms.pop("kind", kind), price, lots, 0, **terms)

    return make


@pytest.fixture
def catalogue():
    """A catalogue that keeps what it is given."""

    class Kept(dict[str, SimpleNamespace]):
        def add(self, name, factory, **offer):
            assert name not in self
            self[name] = SimpleNamespace(factory=factory, **offer)

    return Kept()


@pytest.fixture
def make_check(catalogue):
    """Makes a check as wiring does, from the value in the config, and shows it a session."""

    def make(name, instrument, limit, session=None, /, **more):
        if name not in catalogue:
            importlib.import_module(f"mainspring_plugins.risk.{name}").register_risk_checks(catalogue)
        offer = catalogue[name]
        options = msgspec.convert({"limit": limit, **more}, offer.options)
        check = offer.factory(instrument, options=options)
        if session is not None:
            check.bind(session)
        return check

    return make
