"""Built-in risk checks as the native core takes them: their limits in whole units."""

import struct
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from mainspring_plugins.risk.allowed_instruments import AllowedInstruments
from mainspring_plugins.risk.buying_power import BuyingPower
from mainspring_plugins.risk.collar_bps import CollarBps
from mainspring_plugins.risk.max_book_age_ms import MaxBookAgeMs
from mainspring_plugins.risk.max_clock_skew_ms import MaxClockSkewMs
from mainspring_plugins.risk.max_feed_lag_ms import MaxFeedLagMs
from mainspring_plugins.risk.max_gross_exposure import MaxGrossExposure
from mainspring_plugins.risk.max_net_exposure import MaxNetExposure
from mainspring_plugins.risk.max_open_orders import MaxOpenOrders
from mainspring_plugins.risk.max_order_notional import MaxOrderNotional
from mainspring_plugins.risk.max_order_size import MaxOrderSize
from mainspring_plugins.risk.max_position import MaxPosition, MaxPositionValue
from mainspring_plugins.risk.max_slippage_bps import MaxSlippageBps
from mainspring_plugins.risk.reduce_only import ReduceOnly
from mainspring_plugins.risk.restricted_instruments import RestrictedInstruments
from mainspring_plugins.risk.trading_hours import TradingHours
from mainspring_plugins.risk.venue_connected import VenueConnected

__all__ = ["described", "runs_in_replays"]

_Described: TypeAlias = tuple[str, tuple[int, ...]]
_Figures: TypeAlias = tuple[int, ...] | None

_FIGURE_BITS = 62
_LARGEST = 2**_FIGURE_BITS
_FIGURES_MOST = 4


def _collar(check: CollarBps) -> _Figures:
    passive = (-1, 0) if check.passive is None else (check.passive_numerator, check.passive_base)
    return check.numerator, check.base, *passive


def _exposure(check: MaxGrossExposure | MaxNetExposure) -> _Figures:
    return None if check.max_units is None else (check.max_units,)


def _open_orders(check: MaxOpenOrders) -> _Figures:
    return None if check.limit_of_one is None else (check.limit_of_one,)


def _hours(check: TradingHours) -> _Figures:
    if check.daily is not None:
        return *check.daily, 1
    begin_ns, end_ns = check.around_now()
    return begin_ns, end_ns - begin_ns, 0


def _clock(check: MaxFeedLagMs | MaxClockSkewMs) -> _Figures:
    valid_until_ns = check.passes_until_ns()
    return (0, 0) if valid_until_ns is None else (1, min(valid_until_ns, _LARGEST))


def _buying_power(check: BuyingPower) -> _Figures:
    if check.capital_ppb is None:
        return None
    return check.margin_ratio[0], check.margin_ratio[1], check.capital_ppb >> _FIGURE_BITS, check.capital_ppb % _LARGEST


def _slippage(check: MaxSlippageBps) -> _Figures:
    (bits,) = struct.unpack("<Q", struct.pack("<d", check.max_bps))
    return bits >> 32, bits % 2**32


# A replay for research takes these: it estimates no costs, and tells no check what was sent or filled.
_IN_REPLAYS: Final[Mapping[type, tuple[str, Callable[[Any], _Figures]]]] = MappingProxyType(
    {
        MaxOrderSize: ("max_order_size", lambda check: (check.max_lots,)),
        MaxOrderNotional: ("max_order_notional", lambda check: (int(check.priced), check.max_units)),
        MaxPosition: ("max_position", lambda check: (check.max_lots,)),
        MaxPositionValue: ("max_position", lambda check: (int(check.priced), check.max_units, 1)),
        MaxBookAgeMs: ("max_book_age_ms", lambda check: (check.max_ns,)),
        CollarBps: ("collar_bps", _collar),
        RestrictedInstruments: ("restricted_instruments", lambda check: (int(check.restricted),)),
        AllowedInstruments: ("allowed_instruments", lambda check: (int(check.allowed),)),
        ReduceOnly: ("reduce_only", lambda check: (int(check.applies),)),
        MaxGrossExposure: ("max_gross_exposure", _exposure),
        MaxNetExposure: ("max_net_exposure", _exposure),
        MaxOpenOrders: ("max_open_orders", _open_orders),
        TradingHours: ("trading_hours", _hours),
        VenueConnected: ("venue_connected", lambda check: (int(check.passes()),)),
        MaxFeedLagMs: ("max_feed_lag_ms", _clock),
        MaxClockSkewMs: ("max_clock_skew_ms", _clock),
        BuyingPower: ("buying_power", _buying_power),
    }
)

_FIGURES: Final[Mapping[type, tuple[str, Callable[[Any], _Figures]]]] = MappingProxyType(
    {
        **_IN_REPLAYS,
        MaxSlippageBps: ("max_slippage_bps", _slippage),
    }
)


def runs_in_replays(check: object) -> bool:
    """Whether a replay for research takes the check: it estimates no costs, and tells no check."""
    return type(check) in _IN_REPLAYS


def described(check: object) -> _Described | None:
    """Describes a check by its name and four figures; None if it isn't one of ours, has counted something, or is for
    Python alone.

    What a check reads of the session (a connection, a clock, the hours) is as it stands. A limit beyond 62 bits is left
    to the check itself: no order comes near it.
    """
    # By the exact type: a subclass may have rules of its own.
    name, figures_of = _FIGURES.get(type(check), ("", None))
    figures = None if figures_of is None else figures_of(check)
    if figures is None or any(figure > _LARGEST for figure in figures):
        return None
    return name, (*figures, *(0,) * (_FIGURES_MOST - len(figures)))
