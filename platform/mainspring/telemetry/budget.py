"""The latency budget: ceilings that each stage's 99th percentile is held against."""

from typing import Annotated, TypeAlias

import msgspec

__all__ = ["STAGES", "Budget", "Microseconds"]

Microseconds: TypeAlias = Annotated[float, msgspec.Meta(gt=0)]

STAGES = ("feed", "book", "strategy", "slippage", "risk", "route", "venue", "whole_path")
"""Every stage that can have a budget, in the order in which a message meets them."""


class Budget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[budget]` table: the p99 latency in microseconds that each stage may take.

    None stands for no budget. The strategy has none until its author sets one: only he knows what it does. `venue`
    is the network way to the venue and back; `whole_path` runs from a message's bytes to the end of what they caused.
    """

    feed_us: Microseconds = 100
    book_us: Microseconds = 100
    strategy_us: Microseconds | None = None
    slippage_us: Microseconds = 100
    risk_us: Microseconds = 200
    route_us: Microseconds = 500
    venue_us: Microseconds = 4000
    whole_path_us: Microseconds = 5000

    def of(self, *stages: str) -> float | None:
        """The budget in microseconds of stages that are timed as one: their sum; None where one of them has none.

        Raises `ValueError` for a stage that isn't in `STAGES`.
        """
        total = 0.0
        for stage in stages:
            if stage not in STAGES:
                raise ValueError(f"no stage {stage!r}; there are {', '.join(STAGES)}")
            budget_us: float | None = getattr(self, f"{stage}_us")
            if budget_us is None:
                return None
            total += budget_us
        return total
