"""Order requests and order events as binary records: one fixed layout, little-endian, with a version.

| offset | type | field | meaning |
| --- | --- | --- | --- |
| 0 | u8 | version | `RECORD_VERSION` |
| 1 | u8 | kind | what the record is of, as below |
| 2 | i8 | side | 1 buy, -1 sell |
| 3 | u8 | order_kind | 1 limit, 2 market |
| 4 | u8 | time_in_force | 1 gtc, 2 ioc, 3 fok |
| 5 | u8 | flag | of an order: post_only; of a fill: maker |
| 6 | u8 | request | of a rejection: 1 new, 2 cancel, 3 replace |
| 7 | u8 | text_bytes | the length of the text |
| 8 | i64 | order_id | |
| 16 | i64 | instrument | |
| 24 | i64 | time_ns | of a request: created_ns |
| 32 | i64 | price_ticks | |
| 40 | i64 | size_lots | of a cancellation or expiry: remaining_lots |
| 48 | i64 | fill_id | |
| 56 | i64 | fee_ppb | |
| 64 | i64 | approved_ns | of an approved request |
| 72 | 56 bytes | text | of a request: its strategy; of a fill: its `reported_fee`; else the reason. UTF-8, then zeros |

Kinds: 1 new order, 3 accepted, 4 rejected, 5 fill, 6 cancelled, 7 replaced, 8 replace request, 10 cancel request,
12 expired; approved requests: 2 new order, 9 replace, 11 cancel.

A field that a kind doesn't have is 0. A reader rejects anything that it doesn't know.
"""

import struct
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeAlias

from mainspring.errors import DataError
from mainspring.model.orders import (
    Accepted,
    Approved,
    Cancelled,
    CancelRequest,
    Expired,
    Fill,
    NewOrder,
    OrderEvent,
    OrderRequest,
    Rejected,
    Replaced,
    ReplaceRequest,
    Side,
)

__all__ = [
    "MAX_TEXT_BYTES",
    "RECORD_BYTES",
    "RECORD_VERSION",
    "Recorded",
    "decode_record",
    "decode_records",
    "encode_record",
    "parse_reported_fee",
]

RECORD_VERSION: Final = 1
RECORD_BYTES: Final = 128
MAX_TEXT_BYTES: Final = 56

Recorded: TypeAlias = OrderRequest | Approved[OrderRequest] | OrderEvent
"""The values that have a record."""

_LAYOUT = struct.Struct(f"<BBbBBBBB8q{MAX_TEXT_BYTES}s")
_NUMBERS = ("order_id", "instrument", "time_ns", "price_ticks", "size_lots", "fill_id", "fee_ppb", "approved_ns")
_FIELDS = ("side", "order_kind", "time_in_force", "flag", "request", "text_bytes", *_NUMBERS)

_ORDER_KINDS = {"limit": 1, "market": 2}
_TIMES_IN_FORCE = {"gtc": 1, "ioc": 2, "fok": 3}
_REQUESTS = {"new": 1, "cancel": 2, "replace": 3}
_CODES: dict[str, dict[str, int]] = {
    "order_kind": _ORDER_KINDS,
    "time_in_force": _TIMES_IN_FORCE,
    "request": _REQUESTS,
}
_NAMES = {field: {code: name for name, code in codes.items()} for field, codes in _CODES.items()}

_ORDER = {
    "order_id": "order_id",
    "instrument": "instrument",
    "side": "side",
    "order_kind": "kind",
    "price_ticks": "price_ticks",
    "size_lots": "size_lots",
    "time_ns": "created_ns",
    "time_in_force": "time_in_force",
    "flag": "post_only",
    "text": "strategy",
}
_CANCEL = {"order_id": "order_id", "instrument": "instrument", "time_ns": "created_ns", "text": "strategy"}
_REPLACE = {
    "order_id": "order_id",
    "instrument": "instrument",
    "price_ticks": "price_ticks",
    "size_lots": "size_lots",
    "time_ns": "created_ns",
    "text": "strategy",
}
_EVENT = {"order_id": "order_id", "instrument": "instrument", "time_ns": "time_ns"}
# For each kind: the record's fields and the matching attributes, in the order of the class's own fields.
_KINDS: dict[int, tuple[type, dict[str, str]]] = {
    1: (NewOrder, _ORDER),
    2: (NewOrder, _ORDER),
    3: (Accepted, _EVENT),
    4: (Rejected, {**_EVENT, "text": "reason", "request": "request"}),
    5: (
        Fill,
        {
            **_EVENT,
            "fill_id": "fill_id",
            "side": "side",
            "price_ticks": "price_ticks",
            "size_lots": "size_lots",
            "flag": "maker",
            "fee_ppb": "fee_ppb",
            "text": "reported_fee",
        },
    ),
    6: (Cancelled, {**_EVENT, "size_lots": "remaining_lots", "text": "reason"}),
    7: (Replaced, {**_EVENT, "price_ticks": "price_ticks", "size_lots": "size_lots"}),
    8: (ReplaceRequest, _REPLACE),
    9: (ReplaceRequest, _REPLACE),
    10: (CancelRequest, _CANCEL),
    11: (CancelRequest, _CANCEL),
    12: (Expired, {**_EVENT, "size_lots": "remaining_lots", "text": "reason"}),
}
_APPROVED_KINDS = frozenset({2, 9, 11})
_KIND_OF = {(cls, kind in _APPROVED_KINDS): kind for kind, (cls, _) in _KINDS.items()}
_INT64 = 2**63


def encode_record(value: Recorded) -> bytes:
    """Encodes a request, an approved request or an order event as a record.

    Raises `DataError`, naming the field, if the value doesn't fit: another type, an integer that exceeds 64 bits, or
    text longer than `MAX_TEXT_BYTES` bytes.
    """
    approved = isinstance(value, Approved)
    whole = value.request if isinstance(value, Approved) else value
    kind = _KIND_OF.get((type(whole), approved))
    if kind is None:
        raise DataError(f"{'an approved' if approved else 'a'} {type(whole).__name__} has no record")
    cls, attributes = _KINDS[kind]
    values = dict.fromkeys(_FIELDS, 0)
    text = b""
    if isinstance(value, Approved):
        values["approved_ns"] = _code(Approved, "approved_ns", "approved_ns", value.approved_ns)
    for field, attribute in attributes.items():
        found = getattr(whole, attribute)
        if field == "text":
            text = _text(cls, attribute, found)
        else:
            values[field] = _code(cls, field, attribute, found)
    values["text_bytes"] = len(text)
    return _LAYOUT.pack(RECORD_VERSION, kind, *values.values(), text)


def _code(cls: type, field: str, attribute: str, value: Any) -> int:
    """Returns the number that stands for an attribute's value."""
    where = f"{cls.__name__}.{attribute}"
    if field in _CODES:
        code = _CODES[field].get(value) if isinstance(value, str) else None
        if code is None:
            raise DataError(f"{where} must be one of {', '.join(_CODES[field])}, not {value!r}")
        return code
    if field == "flag":
        if not isinstance(value, bool):
            raise DataError(f"{where} must be true or false, not {value!r}")
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not -_INT64 <= value < _INT64:
        raise DataError(f"{where} must be a 64-bit integer, not {value!r}")
    if field == "side" and value not in (1, -1):
        raise DataError(f"{where} must be 1 or -1, not {value!r}")
    return int(value)


def _text(cls: type, attribute: str, value: Any) -> bytes:
    where = f"{cls.__name__}.{attribute}"
    if not isinstance(value, str):
        raise DataError(f"{where} must be text, not {value!r}")
    try:
        text = value.encode()
    except UnicodeEncodeError as error:
        raise DataError(f"{where} can't be written as UTF-8: {error.reason}") from error
    if len(text) > MAX_TEXT_BYTES:
        raise DataError(f"{where} has {len(text)} bytes; a record holds {MAX_TEXT_BYTES}")
    return text


def decode_records(data: bytes) -> list[Recorded]:
    """Decodes consecutive records. Raises `DataError` as `decode_record` does."""
    return [decode_record(data, offset) for offset in range(0, len(data), RECORD_BYTES)]


def decode_record(data: bytes, offset: int = 0) -> Recorded:
    """Decodes the record that starts at byte `offset` of `data`.

    Raises `DataError`, naming byte and field, if the record is truncated, has another version or an unknown kind, or
    holds an invalid value.
    """
    if not 0 <= offset <= len(data) - RECORD_BYTES:
        left = max(0, min(RECORD_BYTES, len(data) - offset))
        raise DataError(f"record at byte {offset}: truncated after {left} of {RECORD_BYTES} bytes")
    version, kind, *numbers, text = _LAYOUT.unpack_from(data, offset)
    if version != RECORD_VERSION:
        raise DataError(f"record at byte {offset}: version is {version}, but only version {RECORD_VERSION} can be read")
    if kind not in _KINDS:
        raise DataError(f"record at byte {offset}: unknown kind {kind}")
    cls, attributes = _KINDS[kind]
    values = dict(zip(_FIELDS, numbers, strict=True))
    length = values.pop("text_bytes")
    approved_ns = values.pop("approved_ns") if kind in _APPROVED_KINDS else None
    for field, value in values.items():
        if field not in attributes and value:
            raise DataError(f"record at byte {offset}: {field} must be 0 in a {cls.__name__}, not {value}")
    found: dict[str, Any] = {
        attribute: _read_text(text, length, offset) if field == "text" else _value(field, values[field], offset)
        for field, attribute in attributes.items()
    }
    if "text" not in attributes and (length or any(text)):
        raise DataError(f"record at byte {offset}: a {cls.__name__} has no text")
    if fee := found.pop("reported_fee", ""):
        found["fee_amount"], found["fee_currency"] = parse_reported_fee(fee, offset)
    made: Any = cls(**found)
    recorded: Recorded = made if approved_ns is None else Approved(made, approved_ns)
    return recorded


def parse_reported_fee(text: str, offset: int = 0) -> tuple[Decimal, str]:
    """Returns amount and currency of a fee's text; `offset` is where its record starts. Raises `DataError`."""
    amount, space, currency = text.partition(" ")
    try:
        fee = Decimal(amount)
    except InvalidOperation:
        fee = Decimal("nan")
    if not space or not fee.is_finite() or f"{fee} {currency}" != text:
        raise DataError(f"record at byte {offset}: {text!r} isn't a fee's amount and currency")
    return fee, currency


def _value(field: str, value: int, offset: int) -> Any:
    """Returns the attribute value that a field's number stands for."""
    where = f"record at byte {offset}: {field}"
    if field in _NAMES:
        name = _NAMES[field].get(value)
        if name is None:
            raise DataError(f"{where} must be one of {', '.join(map(str, _NAMES[field]))}, not {value}")
        return name
    if field == "flag":
        if value > 1:
            raise DataError(f"{where} must be 0 or 1, not {value}")
        return bool(value)
    if field == "side":
        if value not in (1, -1):
            raise DataError(f"{where} must be 1 or -1, not {value}")
        return Side(value)
    return value


def _read_text(text: bytes, length: int, offset: int) -> str:
    if length > MAX_TEXT_BYTES or any(text[length:]):
        raise DataError(f"record at byte {offset}: text_bytes is {length}, which doesn't match the text")
    try:
        return text[:length].decode()
    except UnicodeDecodeError as error:
        raise DataError(f"record at byte {offset}: the text isn't UTF-8: {error.reason}") from error
