"""The book-walk model: level by level, and what it refuses."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainspring.model import Refusal, Side
from mainspring_plugins.slippage.book_walk import BookWalkOptions, BookWalkSlippage


def test_walk_by_hand(kit: SimpleNamespace) -> None:
    """400 lots at the touch and 600 one tick on: half the spread 0.01, and 600/1000 of a tick of depth."""
    market = kit.market()
    for side in Side:
        estimate = BookWalkSlippage(market.instrument).estimate(kit.take(1_000, side), market)
        assert [(cause.name, cause.price) for cause in estimate.causes] == [
            ("spread", pytest.approx(0.01)),
            ("depth", pytest.approx(0.006)),
        ]
        assert estimate.price == pytest.approx(0.016)


def test_within_the_touch_depth_costs_nothing(kit: SimpleNamespace) -> None:
    """An order no larger than the touch pays half the spread, exactly."""
    market = kit.market()
    estimate = BookWalkSlippage(market.instrument).estimate(kit.take(400), market)
    assert [cause.price for cause in estimate.causes] == [0.01, 0.0]


def test_resting_order_by_hand(kit: SimpleNamespace) -> None:
    """At the touch with a chance of 0.8: capture and selection cancel, and a fifth of the walk is left."""
    market = kit.market()
    model = BookWalkSlippage(market.instrument, options=BookWalkOptions(fill_probability=0.8))
    estimate = model.estimate(kit.rest(1_000, 9_999), market)
    assert [cause.price for cause in estimate.causes] == pytest.approx([-0.008, 0.008, 0.2 * 0.016])


def test_agrees_with_a_plain_walk(kit: SimpleNamespace) -> None:
    """The cost is what a plain sum over the levels says, on random books."""

    @settings(max_examples=100, deadline=None, derandomize=True)
    @given(st.lists(st.tuples(st.integers(1, 50), st.integers(1, 500)), max_size=8, unique_by=lambda row: row[0]))
    def check(deeper: list[tuple[int, int]]) -> None:
        market = kit.market(deeper=tuple(deeper))
        asks = sorted([(10_001, 400), *((10_001 + away, lots) for away, lots in deeper)])
        size = max(1, sum(lots for _, lots in asks) * 2 // 3)
        left, paid = size, 0
        for price, lots in asks:
            taken = min(left, lots)
            paid, left = paid + price * taken, left - taken
        answer: Any = BookWalkSlippage(market.instrument).estimate(kit.take(size), market)
        assert answer.price == pytest.approx((paid / size - 10_000) * 0.01)

    check()


@pytest.mark.parametrize("kind", ["market", "limit"])
def test_too_thin_a_book(kit: SimpleNamespace, kind: str) -> None:
    """What isn't visible isn't priced; one lot less still is."""
    market = kit.market(deeper=((1, 100),))
    model = BookWalkSlippage(market.instrument)
    whole, too_much = (kit.take(lots) if kind == "market" else kit.rest(lots, 9_999) for lots in (500, 501))
    assert not isinstance(model.estimate(whole, market), Refusal)
    answer = model.estimate(too_much, market)
    assert isinstance(answer, Refusal)
    assert (answer.reason, answer.detail) == ("book-too-thin", "501 lots wanted, 500 visible")


def test_the_book_itself_must_have_a_mid(kit: SimpleNamespace) -> None:
    """Good quotes don't help where the book to be walked is empty or crossed."""
    market = kit.market()
    model = BookWalkSlippage(market.instrument)
    market.book.apply_snapshot([(9_999, 1)], [])
    assert model.estimate(kit.take(1, Side.SELL), market).reason == "no-mid-price"
    market.book.apply_snapshot([(10_002, 1)], [(10_001, 1)])
    assert model.estimate(kit.take(1), market).reason == "book-crossed"


def test_a_newer_quote_does_not_mix_into_the_walk(kit: SimpleNamespace) -> None:
    """Where the quote ran ahead of the book, the estimate is measured from the book's own mid and stays above zero."""
    market = kit.market()
    market.bid_ticks, market.ask_ticks = 10_050, 10_052
    estimate = BookWalkSlippage(market.instrument).estimate(kit.take(400), market)
    assert estimate.reference_price == pytest.approx(100.0)
    assert estimate.price == pytest.approx(0.01)
