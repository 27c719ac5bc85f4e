"""Shows that check_slippage and check_risk find each way in which a model or a check can break its contract."""

import math
from typing import Any

import pytest

from mainspring.errors import ConformanceError
from mainspring.model import Cause, Refusal, Side, SlippageEstimate
from mainspring.testing import check_risk, check_slippage


class Honest:
    """Half the spread for what takes, a tenth of it for what rests, and an impact by size and volatility."""

    needs_volatility = True

    def __init__(self, instrument):
        self.tick = float(instrument.tick_size)

    def estimate(self, order, market):
        if not market.bid_lots or not market.ask_lots:
            return Refusal("no-mid-price")
        volatility = market.statistics.volatility_per_day
        if volatility is None:
            return self.without_volatility()
        mid = 0.5 * (market.bid_ticks + market.ask_ticks) * self.tick
        half_spread = 0.5 * (market.ask_ticks - market.bid_ticks) * self.tick
        taking = 1.0 if order.kind == "market" else 0.1
        parts = (taking * half_spread, taking * self.impact(order, volatility) * mid)
        return SlippageEstimate(sum(parts), mid, (Cause("spread", parts[0]), Cause("impact", parts[1])))

    def without_volatility(self):
        return Refusal("volatility-unknown")

    def impact(self, order, volatility):
        return volatility * math.sqrt(order.size_lots / 1e9)


class ReturnsZero(Honest):
    def estimate(self, order, market):
        return SlippageEstimate(0.0, 1.0, ())


class GuessesZero(Honest):
    def without_volatility(self):
        return SlippageEstimate(0.0, 1.0, (Cause("spread", 0.0),))


class RaisesWithoutVolatility(Honest):
    def without_volatility(self):
        raise TypeError


class ShrinksWithSize(Honest):
    def impact(self, order, volatility):
        return volatility / order.size_lots


class ShrinksWithVolatility(Honest):
    def impact(self, order, volatility):
        return 1e-4 / volatility


class PrefersBuyers(Honest):
    def impact(self, order, volatility):
        return volatility * (1e-3 if order.side is Side.BUY else 2e-3)


class LikesMarketOrders(Honest):
    def estimate(self, order, market):
        answer = super().estimate(order, market)
        if order.kind == "limit" and isinstance(answer, SlippageEstimate):
            return SlippageEstimate(answer.price * 100, answer.reference_price, (Cause("all", answer.price * 100),))
        return answer


class AnswersInTicks(Honest):
    def __init__(self, instrument):
        super().__init__(instrument)
        self.spread = 0.01

    def estimate(self, order, market):
        answer = super().estimate(order, market)
        if not isinstance(answer, SlippageEstimate):
            return answer
        price = answer.price / self.tick
        return SlippageEstimate(price, answer.reference_price, (Cause("all", price),))


class PricesAnEmptyBook(Honest):
    def estimate(self, order, market):
        if not market.bid_lots or not market.ask_lots:
            return SlippageEstimate(1.0, 1.0, (Cause("all", 1.0),))
        return super().estimate(order, market)


class LosesACause(Honest):
    def estimate(self, order, market):
        answer = super().estimate(order, market)
        if isinstance(answer, SlippageEstimate):
            return SlippageEstimate(answer.price, answer.reference_price, answer.causes[:1])
        return answer


@pytest.mark.parametrize(
    ("factory", "rule"),
    [
        (ReturnsZero, "above zero"),
        (GuessesZero, "never zero"),
        (RaisesWithoutVolatility, "never raises"),
        (ShrinksWithSize, "grows with size"),
        (ShrinksWithVolatility, "grows with volatility"),
        (PrefersBuyers, "same for both sides"),
        (LikesMarketOrders, "cheaper than a market order"),
        (AnswersInTicks, "in price units"),
        (PricesAnEmptyBook, "without a mid price it refuses"),
        (LosesACause, "causes add up"),
    ],
)
def test_a_broken_model_is_found(factory: Any, rule: str) -> None:
    """By the rule that it breaks, with the seed in the error."""
    with pytest.raises(ConformanceError, match=rule) as caught:
        check_slippage(factory, seed=2)
    assert caught.value.seed == 2


def test_an_honest_model_passes() -> None:
    """Whatever the seed."""
    for seed in range(3):
        check_slippage(Honest, seed=seed)


class Passes:
    def __init__(self, instrument):
        self.calls = 0

    def check(self, order, market, account):
        return Refusal("limit") if order.size_lots > 100 else None


class Raises(Passes):
    def check(self, order, market, account):
        return Refusal("limit") if 1 / market.bid_lots > 1 else None


class SaysFalse(Passes):
    def check(self, order, market, account):
        return order.size_lots < 100


class Remembers(Passes):
    def check(self, order, market, account):
        self.calls += 1
        return Refusal("limit") if self.calls > 350 else None


class PassesTooMuch(Passes):
    passes_if = "size_lots <= 10**6"


class HearsTooLittle(Passes):
    unmoved_if = "buy"

    def on_order(self, order):
        self.calls += 1


@pytest.mark.parametrize(
    ("factory", "rule"),
    [
        (PassesTooMuch, "passes what passes_if"),
        (HearsTooLittle, "where unmoved_if holds"),
        (Raises, "never raises"),
        (SaysFalse, "None or a Refusal"),
        (Remembers, "no state"),
    ],
)
def test_a_broken_risk_check_is_found(factory: Any, rule: str) -> None:
    """By the rule that it breaks."""
    with pytest.raises(ConformanceError, match=rule):
        check_risk(factory)


def test_a_refusal_has_the_name_of_its_check() -> None:
    """The reason code is the check's name."""
    check_risk(Passes, name="limit")
    with pytest.raises(ConformanceError, match="the reason is the check's name"):
        check_risk(Passes, name="max_order_size")
