"""Checks a slippage model against the contract of `mainspring.seams.SlippageModel`."""

import math
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from mainspring.model import Instrument, NewOrder, OrderKind, Refusal, Side, SlippageEstimate
from mainspring.seams import SlippageModel
from mainspring.testing._rules import Rules, shorten
from mainspring.testing.market import INSTRUMENT, FakeMarket, FakeStatistics

__all__ = ["check_slippage"]

_RELATIVE = 1e-9
_SIDES = (Side.BUY, Side.SELL)
_KINDS: tuple[OrderKind, ...] = ("market", "limit")


class _Shape(NamedTuple):
    """A symmetric market that can be rebuilt on another grid or with another volatility."""

    mid_ticks: int
    half_spread_ticks: int
    level_lots: int
    volatility: float

    def market(self, instrument: Instrument) -> FakeMarket:
        return FakeMarket(
            instrument,
            mid_ticks=self.mid_ticks,
            half_spread_ticks=self.half_spread_ticks,
            level_lots=self.level_lots,
            statistics=FakeStatistics(
                volatility_per_day=self.volatility,
                daily_volume_lots=1000.0 * self.level_lots,
                spread_ticks=2.0 * self.half_spread_ticks,
            ),
        )


def check_slippage(
    factory: Callable[[Instrument], SlippageModel],
    *,
    instrument: Instrument = INSTRUMENT,
    seed: int = 0,
    rounds: int = 30,
) -> None:
    """Asks a model of `factory` for estimates in `rounds` seeded symmetric markets, and in markets that lack a figure.

    Raises `ConformanceError`, which names the broken rule, the market and the order, and the seed.
    """
    rules = Rules(seed)
    model = factory(instrument)
    for _ in range(rounds):
        _check_known(rules, factory, model, instrument)
    _check_unknown(rules, model, instrument)


def _check_known(
    rules: Rules, factory: Callable[[Instrument], SlippageModel], model: SlippageModel, instrument: Instrument
) -> None:
    random = rules.random
    shape = _Shape(
        mid_ticks=random.randint(50_000, 5_000_000),
        half_spread_ticks=random.randint(1, 20),
        level_lots=random.randint(1_000, 100_000),
        volatility=random.uniform(0.005, 0.1),
    )
    market = shape.market(instrument)
    # Within the book's size, so that a model that walks it has an answer.
    small = random.randint(1, shape.level_lots)
    large = small + random.randint(1, 20 * shape.level_lots)
    base = _price(rules, model, _order(Side.BUY, small), market, shape)
    more = _price(rules, model, _order(Side.BUY, large), market, shape)
    rules.hold("grows with size", more >= base * (1 - _RELATIVE), f"{shape}: {small} lots {base}, {large} lots {more}")
    wilder = shape._replace(volatility=shape.volatility * random.uniform(1.1, 4))
    risky = _price(rules, model, _order(Side.BUY, small), wilder.market(instrument), wilder)
    rules.hold("grows with volatility", risky >= base * (1 - _RELATIVE), f"{shape}: {base}, more volatile {risky}")
    for kind in _KINDS:
        buy, sell = (_price(rules, model, _placed(side, small, kind, market), market, shape) for side in _SIDES)
        same = math.isclose(buy, sell, rel_tol=_RELATIVE)
        rules.hold("is the same for both sides", same, f"{shape}, {kind}: a buy costs {buy}, a sell {sell}")
        if kind == "limit":
            rests = f"{shape}, {small} lots: a limit that rests costs {buy}, a market order {base}"
            rules.hold("a limit that rests is cheaper than a market order", buy < base, rests)
    _check_units(rules, factory, instrument, shape)


def _check_units(
    rules: Rules, factory: Callable[[Instrument], SlippageModel], instrument: Instrument, shape: _Shape
) -> None:
    """Checks that the same ticks on a grid twice as coarse give twice the cost and the same basis points."""
    order = _order(Side.BUY, shape.level_lots // 2)
    coarse = msgspec.structs.replace(instrument, tick_size=instrument.tick_size * 2)
    once = _estimate(rules, factory(instrument), order, shape.market(instrument), shape)
    twice = _estimate(rules, factory(coarse), order, shape.market(coarse), shape)
    detail = f"{shape}: {shorten(once)}, with ticks twice as large {shorten(twice)}"
    rules.hold("costs are in price units", math.isclose(twice.price, 2 * once.price), detail)
    rules.hold("basis points know no units", math.isclose(twice.bps, once.bps), detail)


def _check_unknown(rules: Rules, model: SlippageModel, instrument: Instrument) -> None:
    for gone in ("volatility_per_day", "daily_volume_lots", "spread_ticks"):
        statistics = FakeStatistics()
        setattr(statistics, gone, None)
        _refuses_or_knows(rules, model, FakeMarket(instrument, statistics=statistics), f"{gone} is not known")
    nothing = FakeStatistics(volatility_per_day=None, daily_volume_lots=None, spread_ticks=None)
    _refuses_or_knows(rules, model, FakeMarket(instrument, statistics=nothing), "no figure is known")
    for what, market in (
        ("no bid stands", FakeMarket(instrument, bids=[])),
        ("no ask stands", FakeMarket(instrument, asks=[])),
        ("the book is empty", FakeMarket(instrument, bids=[], asks=[])),
    ):
        for side in _SIDES:
            answer = rules.never_raises("estimate never raises", model.estimate, _order(side, 10), market)
            rules.hold("without a mid price it refuses", isinstance(answer, Refusal), f"{what}: {shorten(answer)}")


def _refuses_or_knows(rules: Rules, model: SlippageModel, market: FakeMarket, what: str) -> None:
    """Checks that without a figure a model that needs it refuses and others answer as before; none guesses zero."""
    for kind in _KINDS:
        order = _placed(Side.BUY, 10, kind, market)
        answer = rules.never_raises("estimate never raises", model.estimate, order, market)
        if isinstance(answer, Refusal):
            rules.hold("a refusal has a reason", bool(answer.reason), f"{what}: {shorten(answer)}")
        else:
            right = isinstance(answer, SlippageEstimate) and answer.price > 0
            rules.hold("what isn't known is never zero", right, f"{what}: {shorten(answer)}")


def _estimate(
    rules: Rules, model: SlippageModel, order: NewOrder, market: FakeMarket, shape: _Shape
) -> SlippageEstimate:
    answer = rules.never_raises("estimate never raises", model.estimate, order, market)
    detail = f"{shape}, {order.side.name} {order.size_lots} lots by {order.kind}: {shorten(answer)}"
    known = isinstance(answer, SlippageEstimate)
    rules.hold("where everything is known it gives an estimate", known, detail)
    assert isinstance(answer, SlippageEstimate)
    finite = math.isfinite(answer.price) and answer.price > 0
    rules.hold("is above zero for every order", finite, detail)
    whole = math.isclose(sum(cause.price for cause in answer.causes), answer.price, rel_tol=1e-6, abs_tol=1e-12)
    rules.hold("the causes add up to the whole", whole, detail)
    mid = 0.5 * (market.bid_ticks + market.ask_ticks) * float(market.instrument.tick_size)
    rules.hold("is measured from the mid price", math.isclose(answer.reference_price, mid), f"{detail}, mid {mid}")
    return answer


def _price(rules: Rules, model: SlippageModel, order: NewOrder, market: FakeMarket, shape: _Shape) -> float:
    return _estimate(rules, model, order, market, shape).price


def _order(side: Side, size_lots: int, kind: OrderKind = "market", price_ticks: int = 0) -> NewOrder:
    return NewOrder(1, 0, side, kind, price_ticks, size_lots, 1_700_000_000_000_000_000)


def _placed(side: Side, size_lots: int, kind: OrderKind, market: FakeMarket) -> NewOrder:
    """Returns an order of that kind; a limit order joins the best price of its own side."""
    if kind == "market":
        return _order(side, size_lots)
    return _order(side, size_lots, "limit", market.bid_ticks if side is Side.BUY else market.ask_ticks)
