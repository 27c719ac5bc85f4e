"""Refuses orders that could make us too long or too short over all."""

from collections.abc import Sequence

from mainspring.model import Instrument, NewOrder
from mainspring.seams import Catalogue, hookimpl
from mainspring_plugins.risk._exposure import ExposureCheck, ExposureOptions

__all__ = ["MaxNetExposure", "register_risk_checks"]

_NAME = "max_net_exposure"


class MaxNetExposure(ExposureCheck):
    """Passes an order if long less short stays within the limits, should every open order of its side fill and none of
    the other side. It is valued at the mid.

    A short position in one instrument offsets a long one in another. Without a mid of an instrument that counts, the
    order is refused.
    """

    def __init__(self, instruments: Sequence[Instrument], *, options: ExposureOptions) -> None:
        super().__init__(_NAME, instruments, options, _one_way, _raised)


def _one_way(position: int, buys: int, sells: int, buy: bool) -> int:
    return position + buys if buy else sells - position


def _raised(position: int, buys: int, sells: int, order: NewOrder) -> int:
    return (position + buys if order.side > 0 else sells - position) + order.size_lots


@hookimpl
def register_risk_checks(catalogue: Catalogue) -> None:
    """Offers `max_net_exposure`."""
    catalogue.add(
        _NAME,
        MaxNetExposure,
        summary="Largest exposure, long less short, by account, instrument, strategy or currency",
        options=ExposureOptions,
        capabilities={"across_instruments": True, "in_runs": True},
    )
