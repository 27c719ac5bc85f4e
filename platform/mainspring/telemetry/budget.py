"""The latency budget: a ceiling for each stage's 99th percentile."""

from typing import Annotated, TypeAlias

import msgspec

__all__ = ["STAGES", "Budget", "Microseconds"]

Microseconds: TypeAlias = Annotated[float, msgspec.Meta(gt=0, le=3.6e9)]
"""Above zero, and at most the hour that a `Histogram` reaches to."""

STAGES = ("feed", "book", "strategy", "slippage", "risk", "journal", "route", "venue", "whole_path")
"""Every stage that can have a budget, in the order in which a message passes them."""


class Budget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[budget]` table: the p99 latency in microseconds that each stage may take.

    None means no budget. The strategy has none until its author sets one. `journal` is what an order waits for until
    its request is durable. `venue` is the network round trip to the venue; `whole_path` runs from a message's bytes to
    the end of what they caused.
    """

    feed_us: Microseconds = 100
    book_us: Microseconds = 100
    strategy_us: Microseconds | None = None
    slippage_us: Microseconds = 100
    risk_us: Microseconds = 200
    journal_us: Microseconds = 20_000
    route_us: Microseconds = 500
    venue_us: Microseconds = 4000
    whole_path_us: Microseconds = 5000

    def of(self, *stages: str) -> float | None:
        """Returns the budget in microseconds of stages timed as one: their sum, or None if one of them has none.

        Raises `ValueError` for a stage that isn't in `STAGES`.
        """
        total = 0.0
        for stage in stages:
            if stage not in STAGES:
                raise ValueError(f"unknown stage {stage!r}; the stages are {', '.join(STAGES)}")
            budget_us: float | None = getattr(self, f"{stage}_us")
            if budget_us is None:
                return None
            total += budget_us
        return total
