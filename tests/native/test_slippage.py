"""The native slippage models are their Python twins: to the last bit, and word for word where they refuse."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mainspring.model import Instrument, NewOrder, Side
from mainspring.seams import FeedContext, FuseContext
from mainspring.testing import FakeMarket, FakeStatistics, check_slippage, plain_codec
from mainspring_native.books import ladder
from mainspring_native.decoders import native_decoder
from mainspring_native.slippage import almgren_chriss, book_walk, square_root
from mainspring_plugins.books.bisect_list import BisectListBook
from mainspring_plugins.feeds.binance_spot import BINANCE_SPOT
from mainspring_plugins.slippage.almgren_chriss import AlmgrenChrissOptions, AlmgrenChrissSlippage
from mainspring_plugins.slippage.book_walk import BookWalkOptions, BookWalkSlippage
from mainspring_plugins.slippage.square_root import SquareRootOptions, SquareRootSlippage

INSTRUMENT = Instrument(symbol="A/B", venue_symbol="AB", tick_size=Decimal("0.01"), lot_size=Decimal("0.001"))
TWINS: dict[Callable[..., Any], tuple[Callable[..., Any], Any]] = {
    square_root: (SquareRootSlippage, SquareRootOptions(impact_coefficient=0.7, patience_s=7.5, chase_spreads=1.3)),
    almgren_chriss: (AlmgrenChrissSlippage, AlmgrenChrissOptions(execution_days=0.03, gamma=0.2, patience_s=11.0)),
    book_walk: (BookWalkSlippage, BookWalkOptions(fill_probability=0.37, chase_spreads=0.8)),
}
_PRICES = st.one_of(st.integers(1, 40), st.integers(1, 2**40))
_LOTS = st.one_of(st.integers(0, 20), st.integers(0, 2**50), st.integers(2**61, 2**62))
_FIGURES = st.one_of(st.none(), st.floats(0, 1e12), st.sampled_from([0.0, float("inf"), float("nan"), -1.0]))
_ORDERS = st.builds(
    NewOrder,
    st.just(1),
    st.just(0),
    st.sampled_from(Side),
    st.sampled_from(["market", "limit"]),
    _PRICES,
    _LOTS,
    st.just(0),
    post_only=st.booleans(),
)
_RELAXED = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("model", TWINS, ids=lambda model: model.__name__)
def test_keeps_the_contract(model: Callable[..., Any]) -> None:
    """The conformance kit, on several seeds."""
    for seed in range(3):
        check_slippage(model, seed=seed)


@pytest.mark.parametrize("model", TWINS, ids=lambda model: model.__name__)
@pytest.mark.parametrize("make_book", [BisectListBook, ladder], ids=["python book", "native book"])
@_RELAXED
@given(
    order=_ORDERS,
    bid=_PRICES,
    spread=st.integers(-2, 9),
    lots=st.lists(_LOTS, min_size=2, max_size=6),
    figures=st.tuples(_FIGURES, _FIGURES),
    live=st.booleans(),
)
def test_prices_as_its_twin_does(
    model: Any, make_book: Any, order: Any, bid: int, spread: int, lots: list[int], figures: Any, live: bool
) -> None:
    """Every estimate is the twin's to the last bit, and every refusal word for word."""
    ask = max(bid + spread, 0)
    book = make_book(INSTRUMENT)
    book.apply_snapshot(
        [(bid - at, size) for at, size in enumerate(lots) if bid >= at],
        [(ask + at, size) for at, size in enumerate(reversed(lots))],
    )
    statistics = FakeStatistics(volatility_per_day=figures[0], daily_volume_lots=figures[1])
    market = FakeMarket(INSTRUMENT, book=book, statistics=statistics)
    market.bid_ticks, market.bid_lots, market.ask_ticks, market.ask_lots = bid, lots[0], ask, lots[-1]
    market.live = live
    twin, options = TWINS[model]
    for given_options in (None, options):
        right = twin(INSTRUMENT, given_options).estimate(order, market)
        # By their text: a NaN that went in may come out.
        assert repr(model(INSTRUMENT, given_options).estimate(order, market)) == repr(right)


@pytest.mark.parametrize("model", TWINS, ids=lambda model: model.__name__)
def test_prices_in_a_native_market_as_its_twin_does(model: Callable[..., Any]) -> None:
    """The same where the market itself is native, and is read without Python."""
    feed: Any = native_decoder(BINANCE_SPOT, FeedContext((INSTRUMENT,), plain_codec("json")))
    fused = feed.fuse(
        FuseContext(
            books=(ladder(INSTRUMENT),),
            top_of_book=False,
            volatility_half_life_s=300.0,
            warm_up_s=10.0,
            daily_volume_lots=(5e6,),
            daily_volatility=0.03,
        )
    )
    (market,) = fused.markets
    twin, options = TWINS[model]
    native, plain = model(INSTRUMENT, options), twin(INSTRUMENT, options)
    orders = [
        NewOrder(1, 0, side, kind, price, size, 0, post_only=post_only)
        for side in Side
        for kind in ("market", "limit")
        for price in (1, 99, 100, 101, 102, 103, 900)
        for size in (0, 1, 7, 30, 10**6)
        for post_only in (False, True)
    ]
    snapshot = b'{"lastUpdateId":5,"bids":[["1.00","0.005"],["0.99","0.020"]],"asks":[["1.03","0.007"],["1.04","0.1"]]}'
    estimates = 0
    for raw in (None, snapshot):
        if raw is not None:
            fused.run(fused.batch([(1, raw)]), 0, 2**62, None, timed=False)
        for order in orders:
            right = plain.estimate(order, market)
            assert native.estimate(order, market) == right
            estimates += hasattr(right, "price")
    assert estimates > 50
