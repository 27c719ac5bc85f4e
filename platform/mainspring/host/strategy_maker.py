"""Makes the strategies of a lane, each with the session that it sees."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from mainspring.host.guard import calling
from mainspring.host.maker import Maker
from mainspring.host.plan import Plan, StrategyPlan
from mainspring.host.registry import Registry
from mainspring.host.swapping import Swapping
from mainspring.lane import (
    BoundStrategy,
    ContingentOrders,
    FusedStrategyMarket,
    LaneClock,
    LaneSession,
    LaneStages,
    LaneStrategyMarket,
    Market,
    Outbox,
    OwnOrders,
    OwnTimers,
    Timers,
)
from mainspring.portfolio import Portfolio
from mainspring.seams import Fused

__all__ = ["StrategyMaker"]


class StrategyMaker:
    """Makes strategies once each: one object for all feeds whose config is the same.

    `labels`, `markets` and `day_ends` (what a market knows of the end of the trading day) are those of the lane by
    index, `fused` is that of its first fused feed, None if there is none. Strategies that flags exchange are handed to
    `swapping`.
    """

    def __init__(
        self,
        registry: Registry,
        maker: Maker,
        swapping: Swapping,
        *,
        labels: Sequence[str],
        markets: Sequence[Market],
        day_ends: Sequence[dict[str, Any]],
        time: LaneClock,
        timers: Timers,
        outbox: Outbox,
        portfolio: Portfolio,
        stages: LaneStages,
        fused: Fused | None,
        contingent: ContingentOrders,
    ) -> None:
        self._registry = registry
        self._maker = maker
        self._swapping = swapping
        self._labels = labels
        self._markets = markets
        self._day_ends = day_ends
        self._time = time
        self._timers = timers
        self._outbox = outbox
        self._portfolio = portfolio
        self._stages = stages
        self._fused = fused
        self._contingent = contingent

    def make(self, parts: Sequence[Plan], firsts: Sequence[int]) -> list[BoundStrategy]:
        """Returns the strategies of these feeds, whose first instruments have the indexes `firsts`."""
        places: dict[str, list[tuple[StrategyPlan, list[int]]]] = {}
        for part, first in zip(parts, firsts, strict=False):
            indexes = range(first, first + len(part.instruments))
            for strategy in part.strategies:
                alike = places.setdefault(strategy.name, [])
                for other, taken in alike:
                    if other == strategy:
                        taken.extend(indexes)
                        break
                else:
                    alike.append((strategy, list(indexes)))
        return [self._strategy(strategy, indexes) for alike in places.values() for strategy, indexes in alike]

    def _strategy(self, plan: StrategyPlan, indexes: Sequence[int]) -> BoundStrategy:
        fused, name, time, outbox = self._fused, plan.name, self._time, self._outbox
        make_orders = OwnOrders if fused is None else partial(fused.own_orders, clock=time, outbox=outbox)
        make_market = LaneStrategyMarket if fused is None else fused.strategy_market(FusedStrategyMarket)
        markets = [
            make_market(
                self._labels[index],
                name,
                self._markets[index],
                time,
                outbox,
                self._portfolio.accounts[index],
                self._portfolio.own_position(name, index),
                outbox.client_order_id,
                make_orders,
                contingent=self._contingent,
                **self._day_ends[index],
            )
            for index in indexes
        ]
        flagged = self._swapping.flagged(name)

        def bind(plugin: str, distribution: str, made: Any) -> BoundStrategy:
            timers = OwnTimers(self._timers) if flagged else self._timers
            profit = partial(self._portfolio.profit, name)
            session = LaneSession(name, markets, time, timers, profit, self._swapping.board)
            return BoundStrategy(session, made, plugin=plugin, distribution=distribution, record=self._stages.strategy)

        choice = plan.choice
        with calling(self._registry.get("strategy", choice.plugin), "be made"):
            bound = bind(choice.plugin, choice.distribution, self._maker.make(choice))
        if flagged:
            self._swapping.strategy(bound, choice, bind)
        return bound
