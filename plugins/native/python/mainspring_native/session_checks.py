"""Risk checks of a session that have counted something, or look at several instruments, as fused runs take them.

What a check has counted is then in Rust, for the check in Python as well: nothing is handed over between them.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from mainspring_native._native import (
    CancelCounts,
    ChangesUnderWay,
    ExecutionCounts,
    LossMarks,
    RateCounts,
    SentOrders,
)
from mainspring_plugins.risk import _loss_marks
from mainspring_plugins.risk._exposure import ExposureCheck
from mainspring_plugins.risk._loss import LossCheck
from mainspring_plugins.risk.buying_power import BuyingPower
from mainspring_plugins.risk.duplicate_order_ms import DuplicateOrderMs
from mainspring_plugins.risk.duplicate_order_ms import SentOrders as PlainSent
from mainspring_plugins.risk.max_cancel_to_fill import CancelCounts as PlainCancels
from mainspring_plugins.risk.max_cancel_to_fill import MaxCancelToFill
from mainspring_plugins.risk.max_daily_loss import MaxDailyLoss
from mainspring_plugins.risk.max_drawdown import MaxDrawdown
from mainspring_plugins.risk.max_gross_exposure import MaxGrossExposure
from mainspring_plugins.risk.max_message_rate import MaxMessageRate
from mainspring_plugins.risk.max_message_rate import RateCounts as PlainRates
from mainspring_plugins.risk.max_net_exposure import MaxNetExposure
from mainspring_plugins.risk.max_open_orders import MaxOpenOrders
from mainspring_plugins.risk.max_repeated_executions import ExecutionCounts as PlainExecutions
from mainspring_plugins.risk.max_repeated_executions import MaxRepeatedExecutions
from mainspring_plugins.risk.self_trade import ChangesUnderWay as PlainChanges
from mainspring_plugins.risk.self_trade import SelfTrade

__all__ = ["decider"]

_Decider: TypeAlias = tuple[Any, ...] | None

# Within 64 bits of either sign, as is a product of such a count with a number of fills.
_LARGEST: Final = 2**62


def _rate(check: MaxMessageRate, instrument: int) -> _Decider:
    if type(check.counts) is PlainRates:
        counts: Any = RateCounts(check.counts.rules)
        counts.restore(check.counts.state())
        check.counts = counts
    return "rate", check.counts, check.venue(instrument), check.new, check.replace, check.cancel


def _loss(check: LossCheck, instrument: int) -> _Decider:
    if type(check.marks) is _loss_marks.LossMarks:
        marks: Any = LossMarks(follows_best=check.follows_best, ratio=check.marks.ratio)
        marks.restore(check.marks.state())
        marks.set_day(check.marks.begins_ns, check.marks.ends_ns)
        check.marks = marks
    return "loss", check.marks, *check.shares(instrument)


def _executions(check: MaxRepeatedExecutions, _: int) -> _Decider:
    if type(check.counts) is PlainExecutions:
        counts: Any = ExecutionCounts()
        counts.restore(check.counts.state())
        check.counts = counts
    return "executions", check.counts, check.window_ns, check.limit


def _duplicate(check: DuplicateOrderMs, _: int) -> _Decider:
    if type(check.sent) is PlainSent:
        sent: Any = SentOrders()
        sent.restore(check.sent.state())
        check.sent = sent
    return "duplicate", check.sent, check.window_ns


def _cancels(check: MaxCancelToFill, _: int) -> _Decider:
    if type(check.counts) is PlainCancels:
        counts: Any = CancelCounts()
        counts.restore(check.counts.state())
        check.counts = counts
    if max(check.cancels_for, check.fills_for) > _LARGEST:
        return None
    return "cancels", check.counts, check.after, check.cancels_for, check.fills_for


def _self_trade(check: SelfTrade, _: int) -> _Decider:
    if type(check.changes) is PlainChanges:
        changes: Any = ChangesUnderWay()
        changes.restore(check.changes.state())
        check.changes = changes
    return "self-trade", check.changes


def _exposure(check: ExposureCheck, instrument: int) -> _Decider:
    # What figures describe is decided by these.
    limits = None if check.max_units is not None else check.linear_limits(instrument)
    return None if limits is None else ("exposure", type(check) is MaxGrossExposure, *limits)


def _buying_power(check: BuyingPower, instrument: int) -> _Decider:
    figures = None if check.capital_ppb is not None else check.linear_figures(instrument)
    return None if figures is None else ("buying-power", *figures)


def _open_orders(check: MaxOpenOrders, _: int) -> _Decider:
    return None if check.limit_of_one is not None else ("open-orders", *check.limits)


_DECIDERS: Final[Mapping[type, Callable[[Any, int], _Decider]]] = MappingProxyType(
    {
        MaxMessageRate: _rate,
        MaxDailyLoss: _loss,
        MaxDrawdown: _loss,
        MaxRepeatedExecutions: _executions,
        DuplicateOrderMs: _duplicate,
        MaxCancelToFill: _cancels,
        SelfTrade: _self_trade,
        MaxGrossExposure: _exposure,
        MaxNetExposure: _exposure,
        BuyingPower: _buying_power,
        MaxOpenOrders: _open_orders,
    }
)


def decider(check: object, instrument: int) -> _Decider:
    """Returns what decides on an instrument's orders for a check: its kind, what it has counted, and its limits.

    None if it is decided by figures, or in Python alone. What the check has counted is moved to Rust.
    """
    # By the exact type: a subclass may have rules of its own.
    decides = _DECIDERS.get(type(check))
    return None if decides is None else decides(check, instrument)
