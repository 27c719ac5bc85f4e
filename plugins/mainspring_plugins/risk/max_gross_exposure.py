"""Refuses orders that could put too much at stake, long and short added up."""

from collections.abc import Sequence

from mainspring.model import Instrument, NewOrder
from mainspring.seams import Catalogue, hookimpl
from mainspring_plugins.risk._exposure import ExposureCheck, ExposureOptions

__all__ = ["MaxGrossExposure", "register_risk_checks"]

_NAME = "max_gross_exposure"


class MaxGrossExposure(ExposureCheck):
    """Passes an order if the largest positions that open orders could lead to, at the mid, stay within the limits.

    In each instrument, either all open buys fill and no sells, or all sells and no buys, whichever is more. Long and
    short are added up. Without a mid of an instrument that counts, the order is refused.
    """

    def __init__(self, instruments: Sequence[Instrument], *, options: ExposureOptions) -> None:
        super().__init__(_NAME, instruments, options, _either_way, _raised)
        if self.passes_if is not None:
            self.passes_if = f"after_lots <= other_lots or {self.passes_if}"


def _either_way(position: int, buys: int, sells: int, _buy: bool) -> int:
    longest, shortest = position + buys, sells - position
    # Neither is below zero unless the other is above it.
    return longest if longest > shortest else shortest  # noqa: FURB136  a call of max costs several times more


def _raised(position: int, buys: int, sells: int, order: NewOrder) -> int | None:
    if order.side > 0:
        after, other = position + buys + order.size_lots, sells - position
    else:
        after, other = sells - position + order.size_lots, position + buys
    # What was at stake before is the other way, or less than this.
    return after if after > other else None


@hookimpl
def register_risk_checks(catalogue: Catalogue) -> None:
    """Offers `max_gross_exposure`."""
    catalogue.add(
        _NAME,
        MaxGrossExposure,
        summary="Largest exposure, long and short added up, by account, instrument, strategy or currency",
        options=ExposureOptions,
        capabilities={"across_instruments": True, "in_runs": True},
    )
