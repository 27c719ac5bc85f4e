"""Built-in risk checks as the native core takes them: their limits in whole units."""

from typing import TypeAlias

from mainspring_plugins.risk.allowed_instruments import AllowedInstruments
from mainspring_plugins.risk.collar_bps import CollarBps
from mainspring_plugins.risk.max_book_age_ms import MaxBookAgeMs
from mainspring_plugins.risk.max_order_notional import MaxOrderNotional
from mainspring_plugins.risk.max_order_size import MaxOrderSize
from mainspring_plugins.risk.max_position import MaxPosition
from mainspring_plugins.risk.reduce_only import ReduceOnly
from mainspring_plugins.risk.restricted_instruments import RestrictedInstruments

__all__ = ["described"]

_Described: TypeAlias = tuple[str, int, int, int, int]

_LARGEST = 2**62


def described(check: object) -> _Described | None:
    """Describes a check by its name and up to four figures; None if it isn't one of ours.

    A limit beyond 62 bits is left to the check itself: no order comes near it.
    """
    # A subclass may have rules of its own.
    kind = type(check)
    figures: tuple[int, ...]
    if kind is MaxOrderSize and isinstance(check, MaxOrderSize):
        name, figures = "max_order_size", (check.max_lots,)
    elif kind is MaxOrderNotional and isinstance(check, MaxOrderNotional):
        name, figures = "max_order_notional", (int(check.priced), check.max_units)
    elif kind is MaxPosition and isinstance(check, MaxPosition):
        name, figures = "max_position", (check.max_lots,)
    elif kind is MaxBookAgeMs and isinstance(check, MaxBookAgeMs):
        name, figures = "max_book_age_ms", (check.max_ns,)
    elif kind is CollarBps and isinstance(check, CollarBps):
        passive = (-1, 0) if check.passive is None else (check.passive_numerator, check.passive_base)
        name, figures = "collar_bps", (check.numerator, check.base, *passive)
    elif kind is RestrictedInstruments and isinstance(check, RestrictedInstruments):
        name, figures = "restricted_instruments", (int(check.restricted),)
    elif kind is AllowedInstruments and isinstance(check, AllowedInstruments):
        name, figures = "allowed_instruments", (int(check.allowed),)
    elif kind is ReduceOnly and isinstance(check, ReduceOnly):
        name, figures = "reduce_only", (int(check.applies),)
    else:
        return None
    if any(figure > _LARGEST for figure in figures):
        return None
    first, second, third, fourth = (*figures, 0, 0, 0)[:4]
    return name, first, second, third, fourth
