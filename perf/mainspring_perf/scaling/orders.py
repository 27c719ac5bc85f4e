"""What a message costs, by the orders that rest and the instruments that they rest in."""

from typing import Any

import msgspec

from mainspring.host.wiring import wire
from mainspring.seams import StrategyMarket
from mainspring.session.driver import Driver
from mainspring_perf.harness import WrongAnswer
from mainspring_perf.parts import least_message_ns, parts_here, plan_of, run_lane, standing_in
from mainspring_perf.scaling.streams import changes, instruments, snapshots
from mainspring_perf.scaling.values import Case

__all__ = ["NAME", "cases", "measure"]

NAME = "orders"

_COUNTS = ((1, 0), (1, 1), (1, 10), (100, 0), (100, 100), (100, 1_000))
_MESSAGES = 30_000
_WARM_UP = 3_000
_AWAY_TICKS = 30
_CONFIG = (
    # A model that needs no history, and limits that no order here meets.
    "slippage.plugin=book-walk",
    "risk.collar_bps=10_000",
    "risk.max_order_notional=1_000_000_000",
    "risk.max_position=1_000_000",
    "risk.max_order_size=1_000",
)


class _Resting:
    """Leaves a number of orders resting in each market, below every price of the stream."""

    def __init__(self, instruments: int, orders: int) -> None:
        self.missing = [orders] * instruments

    def on_bbo(self, market: StrategyMarket) -> None:
        """Enters one until there are enough."""
        missing = self.missing[market.index]
        if missing:
            self.missing[market.index] = missing - 1
            market.buy(size_lots=10, price_ticks=market.bid_ticks - _AWAY_TICKS - missing, post_only=True)


def cases(tiny: bool) -> list[Case]:
    """Each number of orders and instruments by each part."""
    counts = _COUNTS[:3] if tiny else _COUNTS
    messages = 900 if tiny else _MESSAGES
    return [
        {"part": part, "instruments": count, "orders": orders, "messages": messages}
        for count, orders in counts
        for part in parts_here()
    ]


def measure(case: Case) -> dict[str, Any]:
    """Nanoseconds a message once every order rests, the least of three thirds."""
    count, orders = case["instruments"], case["orders"]
    plan = plan_of(case["part"], *_CONFIG)
    plan = msgspec.structs.replace(plan, instruments=instruments(count))
    driver = Driver(wire(plan, standing_in(strategy=_Resting(count, orders // count))))
    stream = [*snapshots(count), *changes(count, _WARM_UP + case["messages"])]
    start = 2 * count + _WARM_UP
    run_lane(driver, stream[:start])
    message_ns = least_message_ns(driver, stream[start:])
    manager = driver.lane.order_manager
    states = [str(order.state) for order in manager.tracker.all_open()] if manager is not None else []
    if states != ["accepted"] * orders or driver.lane.feeds[0].feed.statistics().gaps:
        raise WrongAnswer(f"{case}: {len(states)} orders are open, {states.count('accepted')} of them accepted")
    return {"message_ns": message_ns}
