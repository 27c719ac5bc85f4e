"""What orders that took liquidity have cost, and what they were expected to."""

from collections.abc import Iterable, Mapping

import msgspec

from mainspring.lane.tally import FillRecord, cost_bps

__all__ = ["TakenOrder", "taken_orders"]


class TakenOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order that took liquidity. All costs are in basis points of the mid when it was sent.

    `cost_bps` is what its fills paid against that mid, averaged over their lots, without fees. `causes_bps` is what
    its estimate consisted of, and `lots` what was filled.
    """

    order_id: int
    cost_bps: float
    causes_bps: Mapping[str, float]
    lots: int


def taken_orders(fills: Iterable[FillRecord]) -> list[TakenOrder]:
    """Returns the orders that only took liquidity, and were expected to, of an instrument's fills.

    A replaced order counts as one for each of its arrival prices.
    """
    found: dict[tuple[int, int], list[FillRecord]] = {}
    for one in fills:
        found.setdefault((one.fill.order_id, one.arrival.submitted_ns), []).append(one)
    return [
        _order(own)
        for own in found.values()
        if own[0].arrival.estimate.fill_probability == 1.0 and not any(one.fill.maker for one in own)
    ]


def _order(fills: list[FillRecord]) -> TakenOrder:
    arrival = fills[0].arrival
    lots = sum(one.fill.size_lots for one in fills)
    paid = sum(one.fill.size_lots * cost_bps(one.fill, arrival.mid_half_ticks) for one in fills)
    return TakenOrder(
        order_id=fills[0].fill.order_id,
        cost_bps=paid / lots,
        causes_bps=arrival.estimate.causes_if_filled_bps(),
        lots=lots,
    )
