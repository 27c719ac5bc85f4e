"""Describes the records of an order log, a line each."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from mainspring.model import (
    Accepted,
    Cancelled,
    CancelRequested,
    Discrepancy,
    DiscrepancyCleared,
    Expired,
    Fill,
    Funding,
    GroupChanged,
    LogRecord,
    MarkedUnknown,
    NewOrder,
    Rejected,
    Replaced,
    ReplaceRequested,
    RequestApproved,
    RequestRefused,
    SessionStarted,
    SubmitRequested,
)
from mainspring.orders import LoggedInstrument
from mainspring.report.figures import utc_text

__all__ = ["Describer"]

_PPB_A_BASIS_POINT = 100_000


class Describer:
    """Describes the records of one log, with prices and sizes in the units of their instruments.

    It remembers each order's instrument, since not every record names it.
    """

    def __init__(self, instruments: Sequence[LoggedInstrument]) -> None:
        self._instruments = instruments
        self._instrument_of: dict[int, int] = {}

    def describe(self, record: LogRecord) -> str:
        """Returns the record's time, type, order and instrument, and what happened."""
        order: Any = record.order if isinstance(record, SubmitRequested) else record
        order_id: int | None = getattr(order, "order_id", None)
        if isinstance(record, SubmitRequested):
            self._instrument_of[order.order_id] = order.instrument
        known = -1 if order_id is None else self._instrument_of.get(order_id, -1)
        units = _Units(self._instruments, getattr(order, "instrument", known))
        kind = str(record.__struct_config__.tag)
        # A group's own changes name no order.
        unnamed = order_id is None or (isinstance(record, GroupChanged) and not order_id)
        number = "" if unnamed else f"#{order_id}"
        said = _SAID[type(record)](order, units)
        return f"{utc_text(record.time_ns)}  {kind:<12} {number:<8} {units.name:<16} {said}".rstrip()


class _Units:
    """The name, the prices and the sizes of an instrument, in ticks and lots if the log doesn't describe it.

    `index` is below 0 if none is meant.
    """

    def __init__(self, instruments: Sequence[LoggedInstrument], index: int) -> None:
        self._grid = instruments[index] if 0 <= index < len(instruments) else None
        self.name = self._grid.name if self._grid else "" if index < 0 else f"instrument {index}"

    def at(self, lots: int, ticks: int) -> str:
        """A size and a price."""
        return f"{self.size(lots)} at {_text(ticks, self._grid.tick_size) if self._grid else f'{ticks} ticks'}"

    def size(self, lots: int) -> str:
        """A size."""
        return _text(lots, self._grid.lot_size) if self._grid else f"{lots} lots"


def _text(count: int, unit: Decimal) -> str:
    return format(count * unit, "f")


def _order(order: NewOrder, units: _Units) -> str:
    limit = order.kind == "limit"
    what = units.at(order.size_lots, order.price_ticks) if limit else f"{units.size(order.size_lots)} at market"
    terms = ", post-only" if order.post_only else ""
    if order.reduce_only:
        terms += ", reduce-only"
    if order.expires_ns:
        terms += f", until {utc_text(order.expires_ns)}"
    return f"{order.side.name.lower()} {what}, {order.time_in_force}{terms}, by {order.strategy}"


def _fill(fill: Fill, units: _Units) -> str:
    fee = fill.reported_fee or f"{fill.fee_ppb / _PPB_A_BASIS_POINT:g} bps"
    what = units.at(fill.size_lots, fill.price_ticks)
    return f"{fill.side.name.lower()} {what}, {'maker' if fill.maker else 'taker'}, fee {fee}"


def _replace(record: ReplaceRequested | Replaced, units: _Units) -> str:
    return f"to {units.at(record.size_lots, record.price_ticks)}"


def _end(record: Cancelled | Expired, units: _Units) -> str:
    return f"{units.size(record.remaining_lots)} left: {record.reason}"


def _refusal(record: RequestRefused, units: _Units) -> str:  # noqa: ARG001  all of these take two
    return f"{record.request}: {record.reason}{record.detail and f': {record.detail}'}"


def _funding(funding: Funding, units: _Units) -> str:  # noqa: ARG001  all of these take two
    rate = "" if funding.rate is None else f" at {funding.rate}"
    mark = "" if funding.mark_price is None else f" of the position at {funding.mark_price}"
    return f"{funding.amount} {funding.currency}".strip() + rate + mark


_SAID: Final[Mapping[type, Callable[[Any, _Units], str]]] = {
    SessionStarted: lambda record, _: f"session {record.session}, lane {record.lane}",
    SubmitRequested: _order,
    CancelRequested: lambda *_: "",
    ReplaceRequested: _replace,
    RequestApproved: lambda record, _: str(record.request),
    RequestRefused: _refusal,
    Accepted: lambda *_: "",
    Rejected: lambda record, _: f"{record.request}: {record.reason}",
    Fill: _fill,
    Cancelled: _end,
    Expired: _end,
    Replaced: _replace,
    Discrepancy: lambda record, _: f"{record.what}: {record.detail}",
    DiscrepancyCleared: lambda *_: "",
    MarkedUnknown: lambda record, _: str(record.reason),
    Funding: _funding,
    GroupChanged: lambda record, _: f"group {record.group_id} {record.what} {record.detail}".rstrip(),
}
