"""The records of the order log as bytes: what `docs/order-log.md` describes, in plain Python.

A record is the length of its body (varint), the body, and the body's CRC-32C in 4 bytes, little-endian. A body is

- 1 byte: the kind in its low five bits, flags in its high three;
- 8 bytes: `time_ns`, little-endian;
- the kind's numbers: first their widths in bytes, two to a byte, the first in the low half; then each as a signed
  little-endian integer of as few bytes as hold it, which is none for 0;
- the kind's texts, in UTF-8.

A text counts among the numbers with its length in bytes, a decimal with two numbers: 0 and 0 for None; the exponent,
plus 2 unless it is below 0, and the coefficient; or 1 and the length of its text, if that form has no room for it. A
time other than `time_ns` is its difference from that, modulo 2**64.

Everything has one form only: what is read gives the same bytes when it is written.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, Final

from mainspring.errors import DataError
from mainspring.model.log_records import LogRecord, SubmitRequested
from mainspring.model.orders import Fill, Funding, NewOrder
from mainspring.model.record_kinds import CHOICES, RATED_FILL, RECORD_KINDS, RecordKind

__all__ = ["MAX_BODY_BYTES", "crc32c", "decode_records", "encode_records", "find_record"]

MAX_BODY_BYTES: Final = 1 << 20
"""The most bytes of a body."""

_MAX_LENGTH_BYTES = 3
_MAX_EXPONENT = 1_000
_START_BYTES = 9
_CRC_BYTES = 4
_INT64 = 2**63
_SEARCHED_BYTES = 1 << 12


_BY_CLASS = MappingProxyType({kind.record: kind for kind in RECORD_KINDS})
_BY_CODE = MappingProxyType({kind.code: kind for kind in RECORD_KINDS})
_REPORTED = 4
"""A fill's third flag: the venue reported the fee."""


def _make_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
        table.append(crc)
    return tuple(table)


_CRC_TABLE = _make_table()


def crc32c(data: bytes) -> int:
    """Returns the CRC-32C (Castagnoli) of the bytes, for which processors have an instruction."""
    table = _CRC_TABLE
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def encode_records(records: Iterable[LogRecord]) -> bytes:
    """Returns the bytes of these records, one after the other.

    Raises `DataError`, naming the field, for a value that has no form: another type, an integer that exceeds 64 bits,
    a decimal that isn't finite, text that isn't valid Unicode, or so much of it that the body exceeds `MAX_BODY_BYTES`.
    """
    return b"".join(map(_encode, records))


def _encode(record: LogRecord) -> bytes:
    kind = _BY_CLASS.get(type(record))
    if kind is None:
        raise DataError(f"the order log has no records of the type {type(record).__name__}")
    time_ns = _integer(record, "time_ns")
    values: Any = record.order if isinstance(record, SubmitRequested) else record
    if type(values) is not (NewOrder if kind.record is SubmitRequested else kind.record):
        raise DataError(f"SubmitRequested.order must be a NewOrder, not {values!r}")
    flags = sum(_flag(values, name, choices) << bit for name, bit, choices in kind.flags)
    fields = kind.fields
    if isinstance(record, Fill):
        if record.fee_amount is None and record.fee_currency == "":
            fields = RATED_FILL
        else:
            flags |= _REPORTED
    numbers: list[int] = []
    texts: list[bytes] = []
    for name, form in fields:
        if form == "number":
            numbers.append(_integer(values, name))
        elif form == "text":
            _add_text(values, name, getattr(values, name), numbers, texts)
        elif form == "decimal":
            _add_decimal(values, name, numbers, texts)
        elif form == "time":
            numbers.append((_integer(values, name) - time_ns + _INT64) % (2 * _INT64) - _INT64)
        else:
            numbers.append(_flag(values, name, CHOICES[form]))
    found = [_fewest(number) for number in numbers]
    widths = [len(one) for one in found]
    if len(widths) % 2:
        widths.append(0)
    body = b"".join(
        (
            bytes((kind.code | flags << 5,)),
            time_ns.to_bytes(8, "little", signed=True),
            bytes(low | high << 4 for low, high in zip(widths[::2], widths[1::2], strict=True)),
            *found,
            *texts,
        )
    )
    if len(body) > MAX_BODY_BYTES:
        raise DataError(f"a {kind.record.__name__} of {len(body)} bytes: a record has at most {MAX_BODY_BYTES}")
    return _varint(len(body)) + body + crc32c(body).to_bytes(_CRC_BYTES, "little")


def _fewest(number: int) -> bytes:
    magnitude = number if number >= 0 else ~number
    return number.to_bytes(magnitude.bit_length() // 8 + 1 if number else 0, "little", signed=True)


def _varint(length: int) -> bytes:
    found = bytearray()
    while length >= 0x80:
        found.append(length & 0x7F | 0x80)
        length >>= 7
    found.append(length)
    return bytes(found)


def _integer(record: Any, name: str) -> int:
    value = getattr(record, name)
    if type(value) is not int or not -_INT64 <= value < _INT64:
        raise DataError(f"{type(record).__name__}.{name} must be a 64-bit integer, not {value!r}")
    return value


def _flag(record: Any, name: str, choices: Sequence[Any]) -> int:
    value = getattr(record, name)
    for code, choice in enumerate(choices):
        if type(value) is type(choice) and value == choice:
            return code
    raise DataError(f"{type(record).__name__}.{name} must be one of {', '.join(map(str, choices))}, not {value!r}")


def _add_text(record: Any, name: str, value: Any, numbers: list[int], texts: list[bytes]) -> None:
    if type(value) is not str:
        raise DataError(f"{type(record).__name__}.{name} must be text, not {value!r}")
    try:
        text = value.encode()
    except UnicodeEncodeError as error:
        raise DataError(f"{type(record).__name__}.{name} can't be written as UTF-8: {error.reason}") from error
    numbers.append(len(text))
    texts.append(text)


def _add_decimal(record: Any, name: str, numbers: list[int], texts: list[bytes]) -> None:
    value = getattr(record, name)
    if value is None and not (name == "amount" and type(record) is Funding):
        numbers += (0, 0)
        return
    if type(value) is not Decimal or not value.is_finite():
        raise DataError(f"{type(record).__name__}.{name} must be a finite decimal, not {value!r}")
    short = _short(value)
    if short is None:
        numbers.append(1)
        _add_text(record, name, str(value), numbers, texts)
    else:
        coefficient, exponent = short
        numbers += (exponent + 2 if exponent >= 0 else exponent, coefficient)


def _short(value: Decimal) -> tuple[int, int] | None:
    """Coefficient and exponent, or None if they have no short form."""
    sign, digits, exponent = value.as_tuple()
    coefficient = int("".join(map(str, digits)))
    if (sign and not coefficient) or not isinstance(exponent, int) or abs(exponent) > _MAX_EXPONENT:
        return None
    coefficient = -coefficient if sign else coefficient
    return (coefficient, exponent) if -_INT64 <= coefficient < _INT64 else None


def decode_records(data: bytes, offset: int = 0) -> tuple[list[LogRecord], int]:
    """Reads the records at the beginning of `data`. Returns them, and how many bytes they take.

    What follows them is the beginning of a record that `data` ends within. `offset` is the place of `data` in its file.
    Raises `DataError`, naming the byte of the file, if there is anything but a record.
    """
    records: list[LogRecord] = []
    at = 0
    while True:
        try:
            found = _body(data, at)
            if found is None:
                return records, at
            body, end = found
            records.append(_decode(body))
        except _Damage as damage:
            raise DataError(f"damaged record at byte {offset + at}: {damage}") from None
        at = end


class _Damage(Exception):  # noqa: N818  what is damaged is a record
    """What is wrong with a record."""


def find_record(data: bytes, start: int) -> int | None:
    """Returns the place from `start` on, and not far behind it, where a whole record begins; None if there is none."""
    for at in range(start, min(len(data), start + _SEARCHED_BYTES)):
        try:
            found = _body(data, at)
            if found is not None:
                _decode(found[0])
                return at
        except _Damage:
            continue
    return None


def _body(data: bytes, at: int) -> tuple[bytes, int] | None:
    """The body of the record at a place, and where the record ends; None if the data end within it."""
    length = 0
    for index, byte in enumerate(data[at : at + _MAX_LENGTH_BYTES]):
        length |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            start, end = at + index + 1, at + index + 1 + length
            if (byte == 0 and index) or not _START_BYTES <= length <= MAX_BODY_BYTES:
                raise _Damage(f"a length of {length} bytes")
            if end + _CRC_BYTES > len(data):
                return None
            body, checksum = data[start:end], data[end : end + _CRC_BYTES]
            if crc32c(body) != int.from_bytes(checksum, "little"):
                raise _Damage("its checksum doesn't match")
            return body, end + _CRC_BYTES
    if len(data) - at >= _MAX_LENGTH_BYTES:
        raise _Damage("its length doesn't end")
    return None


def _decode(body: bytes) -> LogRecord:
    kind = _BY_CODE.get(body[0] & 0x1F)
    if kind is None:
        raise _Damage(f"unknown kind {body[0] & 0x1F}")
    time_ns = int.from_bytes(body[1:_START_BYTES], "little", signed=True)
    values, reported = _flags(kind, body[0] >> 5)
    fields = RATED_FILL if kind.record is Fill and not reported else kind.fields
    reader = _Reader(body, sum(2 if form == "decimal" else 1 for _, form in fields))
    for name, form in fields:
        number = next(reader.numbers)
        if form == "text":
            values[name] = reader.text(number)
        elif form == "decimal":
            values[name] = reader.decimal(number, next(reader.numbers))
        elif form == "time":
            values[name] = (time_ns + number + _INT64) % (2 * _INT64) - _INT64
        elif form in CHOICES:
            values[name] = _choice(name, number, CHOICES[form])
        else:
            values[name] = number
    if reader.at != len(body):
        raise _Damage(f"a {kind.record.__name__} of {reader.at} bytes in {len(body)}")
    if reported and values["fee_amount"] is None and not values["fee_currency"]:
        raise _Damage("a reported fee without amount and currency")
    if kind.record is Funding and values["amount"] is None:
        raise _Damage("a funding without amount")
    if kind.record is SubmitRequested:
        return SubmitRequested(time_ns, NewOrder(**values))
    made: LogRecord = kind.record(time_ns=time_ns, **values)
    return made


def _flags(kind: RecordKind, flags: int) -> tuple[dict[str, Any], bool]:
    """The attributes that flags stand for, and whether the fee of a fill was reported."""
    reported = kind.record is Fill and bool(flags & _REPORTED)
    if reported:
        flags ^= _REPORTED
    values = {}
    for name, bit, choices in kind.flags:
        code = flags >> bit & (1 if len(choices) == 2 else 3)
        flags ^= code << bit
        values[name] = _choice(name, code, choices)
    if flags:
        raise _Damage(f"unknown flags in a {kind.record.__name__}")
    return values, reported


def _choice(name: str, code: int, choices: Sequence[Any]) -> Any:
    if not 0 <= code < len(choices):
        raise _Damage(f"{name} is {code}")
    return choices[code]


class _Reader:
    """Reads the numbers of a body, and then texts: `at` is the place of the next."""

    def __init__(self, body: bytes, count: int) -> None:
        self._body = body
        packed = body[_START_BYTES : _START_BYTES + (count + 1) // 2]
        widths = [half for byte in packed for half in (byte & 15, byte >> 4)]
        if len(widths) < count or any(widths[count:]):
            raise _Damage("its widths")
        self.at = _START_BYTES + len(packed)
        self.numbers: Iterator[int] = iter([self._number(width) for width in widths[:count]])

    def _number(self, width: int) -> int:
        found = self._take(width)
        number = int.from_bytes(found, "little", signed=True)
        if width > 8 or len(_fewest(number)) != width:
            raise _Damage(f"{number} in {width} bytes")
        return number

    def _take(self, length: int) -> bytes:
        found = self._body[self.at : self.at + length]
        if length < 0 or len(found) < length:
            raise _Damage(f"{length} bytes where {len(found)} are left")
        self.at += length
        return found

    def text(self, length: int) -> str:
        try:
            return self._take(length).decode()
        except UnicodeDecodeError as error:
            raise _Damage(f"text that isn't UTF-8: {error.reason}") from error

    def decimal(self, form: int, value: int) -> Decimal | None:
        if form == 1:
            return self._long(self.text(value))
        if form == 0:
            if value:
                raise _Damage(f"no decimal, and {value}")
            return None
        exponent = form if form < 0 else form - 2
        if abs(exponent) > _MAX_EXPONENT:
            raise _Damage(f"a decimal with the exponent {exponent}")
        return Decimal(f"{value}E{exponent}")

    def _long(self, text: str) -> Decimal:
        try:
            found = Decimal(text)
        except InvalidOperation:
            found = Decimal("nan")
        if not found.is_finite() or str(found) != text or _short(found) is not None:
            raise _Damage(f"{text!r} isn't a decimal in its only form")
        return found
