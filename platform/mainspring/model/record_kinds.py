"""What each kind of record of the order log is written as."""

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

from mainspring.model.log_records import (
    CancelRequested,
    Discrepancy,
    DiscrepancyCleared,
    GroupChanged,
    MarkedUnknown,
    ReplaceRequested,
    RequestApproved,
    RequestRefused,
    SessionStarted,
    SubmitRequested,
)
from mainspring.model.orders import Accepted, Cancelled, Expired, Fill, Funding, Rejected, Replaced, Side

__all__ = ["RECORD_KINDS", "RecordField", "RecordKind"]


class RecordField(NamedTuple):
    """A field, by its attribute's name, and what it is written as."""

    name: str
    form: Literal["number", "time", "time in force", "flag", "text", "decimal"]


class RecordKind(NamedTuple):
    """How one class of records is written.

    `flags` has for each flag the attribute, the bit where it starts and the values that it counts through from 0.
    """

    code: int
    record: type
    flags: tuple[tuple[str, int, tuple[Any, ...]], ...]
    fields: tuple[RecordField, ...]


CHOICES: Final[Mapping[str, tuple[Any, ...]]] = {
    "time in force": ("gtc", "ioc", "fok", "day", "gtd"),
    "flag": (False, True),
}
"""The values that numbers of these forms count through, from 0."""
_REQUEST = (("request", 0, ("new", "cancel", "replace")),)
_SIDE = ("side", 0, (Side.BUY, Side.SELL))


def _numbers(*names: str) -> tuple[RecordField, ...]:
    return tuple(RecordField(name, "number") for name in names)


def _texts(*names: str) -> tuple[RecordField, ...]:
    return tuple(RecordField(name, "text") for name in names)


RATED_FILL: Final = _numbers("order_id", "instrument", "fill_id", "price_ticks", "size_lots", "fee_ppb")
"""The fields of a fill whose fee the venue didn't report: the others aren't written."""

_ORDER = (
    *_numbers("order_id", "instrument", "price_ticks", "size_lots"),
    RecordField("created_ns", "time"),
    RecordField("time_in_force", "time in force"),
    *_numbers("expires_ns"),
    RecordField("reduce_only", "flag"),
    *_texts("strategy"),
)
_FEE = (RecordField("fee_amount", "decimal"), *_texts("fee_currency"))
_END = (*_numbers("order_id", "instrument", "remaining_lots"), *_texts("reason"))
_FUNDING = (
    *_numbers("instrument"),
    RecordField("amount", "decimal"),
    *_texts("currency"),
    RecordField("rate", "decimal"),
    RecordField("mark_price", "decimal"),
)
_ORDER_FLAGS = (_SIDE, ("kind", 1, ("limit", "market")), ("post_only", 2, (False, True)))
_FILL_FLAGS = (_SIDE, ("maker", 1, (False, True)))

RECORD_KINDS: Final = (
    RecordKind(1, SessionStarted, (), (*_texts("session"), *_numbers("lane"))),
    RecordKind(2, SubmitRequested, _ORDER_FLAGS, _ORDER),
    RecordKind(3, CancelRequested, (), _numbers("order_id")),
    RecordKind(4, ReplaceRequested, (), _numbers("order_id", "price_ticks", "size_lots")),
    RecordKind(5, RequestApproved, _REQUEST, _numbers("order_id")),
    RecordKind(6, RequestRefused, _REQUEST, (*_numbers("order_id"), *_texts("reason", "detail"))),
    RecordKind(7, Accepted, (), _numbers("order_id", "instrument")),
    RecordKind(8, Rejected, _REQUEST, (*_numbers("order_id", "instrument"), *_texts("reason"))),
    RecordKind(9, Fill, _FILL_FLAGS, (*RATED_FILL, *_FEE)),
    RecordKind(10, Cancelled, (), _END),
    RecordKind(11, Expired, (), _END),
    RecordKind(12, Replaced, (), _numbers("order_id", "instrument", "price_ticks", "size_lots")),
    RecordKind(13, Discrepancy, (), (*_numbers("order_id", "instrument"), *_texts("what", "detail"))),
    RecordKind(14, DiscrepancyCleared, (), _numbers("instrument")),
    RecordKind(15, MarkedUnknown, (), (*_numbers("order_id"), *_texts("reason"))),
    RecordKind(16, Funding, (), _FUNDING),
    RecordKind(17, GroupChanged, (), (*_numbers("group_id", "order_id"), *_texts("what", "detail"))),
)
"""Every kind of record, in the order of the codes."""
