"""The order log's records as bytes: the plain twin and the native one, against the format and each other."""

from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainspring.errors import DataError
from mainspring.model import (
    MAX_BODY_BYTES,
    RECORD_KINDS,
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
    Side,
    SubmitRequested,
    crc32c,
)
from mainspring.seams import Records
from mainspring.testing import check_records
from mainspring_native import why_missing
from mainspring_native.records import NativeRecords
from mainspring_plugins.records.python import PythonRecords

_MISSING = why_missing()
_NEEDS_NATIVE = pytest.mark.skipif(_MISSING is not None, reason=str(_MISSING))
_BOTH = pytest.mark.parametrize("make", [PythonRecords, pytest.param(NativeRecords, marks=_NEEDS_NATIVE)])
_PLAIN = PythonRecords()

_int64 = st.one_of(st.integers(-300, 300), st.integers(-(2**63), 2**63 - 1))
_text = st.text(max_size=14)
_requests = st.sampled_from(["new", "cancel", "replace"])
_decimals = st.one_of(
    st.decimals(allow_nan=False, allow_infinity=False),
    st.sampled_from(["-0", "0E-5", "1E+1000", "1E+1001", "-9223372036854775808", "9223372036854775808"]).map(Decimal),
)
_maybe = st.one_of(st.none(), _decimals)
_orders = st.builds(
    NewOrder,
    _int64,
    _int64,
    st.sampled_from(Side),
    st.sampled_from(["limit", "market"]),
    *[_int64] * 3,
    st.sampled_from(["gtc", "ioc", "fok", "day", "gtd"]),
    st.booleans(),
    _text,
    _int64,
    st.booleans(),
)
_records = st.one_of(
    st.builds(SessionStarted, _int64, _text, _int64),
    st.builds(SubmitRequested, _int64, _orders),
    st.builds(CancelRequested, _int64, _int64),
    st.builds(ReplaceRequested, *[_int64] * 4),
    st.builds(RequestApproved, _int64, _int64, _requests),
    st.builds(RequestRefused, _int64, _int64, _text, st.text(max_size=200), _requests),
    st.builds(Accepted, *[_int64] * 3),
    st.builds(Rejected, *[_int64] * 3, _text, _requests),
    st.builds(Fill, *[_int64] * 4, st.sampled_from(Side), _int64, _int64, st.booleans(), _int64),
    st.builds(Fill, *[_int64] * 4, st.sampled_from(Side), _int64, _int64, st.booleans(), _int64, _maybe, _text),
    st.builds(Cancelled, *[_int64] * 4, _text),
    st.builds(Expired, *[_int64] * 4, _text),
    st.builds(Replaced, *[_int64] * 5),
    st.builds(Discrepancy, *[_int64] * 3, _text, _text),
    st.builds(DiscrepancyCleared, _int64, _int64),
    st.builds(MarkedUnknown, _int64, _int64, _text),
    st.builds(GroupChanged, _int64, _int64, _int64, _text, _text),
    st.builds(Funding, _int64, _int64, _decimals, _text, _maybe, _maybe),
)
_FILL = Fill(7, 1, 1_723_161_600_000_000_000, 3, Side.SELL, 6_100_000, 25, True, -100_000)


def framed(body: bytes) -> bytes:
    """A record of this body, with its length and checksum."""
    assert len(body) < 128
    return bytes([len(body)]) + body + crc32c(body).to_bytes(4, "little")


def test_the_checksum_is_crc_32c() -> None:
    """The check value of the catalogues of CRCs."""
    assert crc32c(b"123456789") == 0xE3069283


@_BOTH
def test_the_bytes_are_what_is_documented(make: Callable[[], Records]) -> None:
    """A fill by hand: kind and flags, time, widths, numbers; and its length."""
    body = (
        bytes([9 | 0b011 << 5])
        + (1_723_161_600_000_000_000).to_bytes(8, "little")
        + bytes([0x11, 0x31, 0x31])
        + bytes([7, 1, 3])
        + (6_100_000).to_bytes(3, "little")
        + bytes([25])
        + (-100_000).to_bytes(3, "little", signed=True)
    )
    assert make().encode([_FILL]) == framed(body)
    assert len(framed(body)) == 27
    order = NewOrder(1, 0, Side.BUY, "market", 0, 128, 4, "fok", True, "ü", 3, True)
    body = bytes([2 | 0b110 << 5, 5, *[0] * 7, 0x01, 0x20, 0x11, 0x11, 0x01, 1, 128, 0, 0xFF, 2, 3, 1, 2])
    body += "ü".encode()
    assert make().encode([SubmitRequested(5, order)]) == framed(body)


@_BOTH
def test_a_fill_takes_at_most_forty_bytes(make: Callable[[], Records]) -> None:
    """With ids, prices and sizes as they are after months of trading, and with a fee that the venue reports."""
    fill = Fill(12_345_678, 3, 1_723_161_600_000_000_000, 4_012_345_678, Side.SELL, 6_100_000, 25_000, True, -100_000)
    assert len(make().encode([fill])) <= 40
    fee = Fill(
        12_345,
        3,
        1_723_161_600_000_000_000,
        4_012_345,
        Side.BUY,
        6_100_000,
        25_000,
        True,
        0,
        Decimal("0.00012345"),
        "BNB",
    )
    assert len(make().encode([fee])) <= 40


@given(st.lists(_records, max_size=5))
def test_what_was_written_is_read_back(records: list[LogRecord]) -> None:
    """Any records, each with its type and every field; a decimal with its zeros."""
    data = _PLAIN.encode(records)
    found, used = _PLAIN.decode(data)
    assert (found, used) == (records, len(data))
    assert repr(found) == repr(records)


@_NEEDS_NATIVE
@given(st.lists(_records, max_size=5), st.binary(max_size=3))
def test_both_write_the_same_bytes_and_read_the_same_records(records: list[LogRecord], more: bytes) -> None:
    """Byte for byte, in one call for many records; types included."""
    native = NativeRecords()
    data = _PLAIN.encode(records)
    assert native.encode(records) == native.encode(tuple(records)) == data
    assert _outcome(native, data + more) == _outcome(_PLAIN, data + more)
    found, _ = native.decode(data)
    assert repr(found) == repr(records)


def _outcome(coding: Records, data: bytes, offset: int = 0) -> Any:
    try:
        return coding.decode(data, offset)
    except DataError as error:
        return str(error)


@_NEEDS_NATIVE
@settings(deadline=None)
@given(
    st.lists(_records, min_size=1, max_size=3), st.lists(st.tuples(st.integers(0, 80), st.integers(1, 255)), max_size=3)
)
def test_both_refuse_the_same_bytes_in_the_same_words(records: list[LogRecord], changes: list[tuple[int, int]]) -> None:
    """Changed anywhere."""
    data = bytearray(_PLAIN.encode(records))
    for at, change in changes:
        data[at % len(data)] ^= change
    assert _outcome(NativeRecords(), bytes(data), 1_000) == _outcome(_PLAIN, bytes(data), 1_000)


@_NEEDS_NATIVE
@settings(max_examples=300)
@given(st.integers(0, 255), st.binary(max_size=40), _records, st.integers(0, 60))
def test_both_refuse_the_same_bodies(head: int, rest: bytes, record: LogRecord, at: int) -> None:
    """With a right checksum: any bytes, and a right body with one byte changed."""
    body = bytearray(_PLAIN.encode([record])[1:-4])[:120]
    body[at % len(body)] = head
    for one in (bytes([head]) + bytes(8) + rest, bytes(body)):
        outcome = _outcome(_PLAIN, framed(one))
        assert _outcome(NativeRecords(), framed(one)) == outcome
        if not isinstance(outcome, str):
            assert _PLAIN.encode(outcome[0]) == framed(one), "what is read gives the same bytes"


_TIME = bytes(8)


@_BOTH
@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"\x08" + bytes(12), "a length of 8 bytes"),
        (b"\x89\x00" + bytes(20), "a length of 9 bytes"),
        (b"\xff\xff\x7f" + bytes(20), "a length of 2097151 bytes"),
        (b"\xff\xff\xff\x01" + bytes(20), "its length doesn't end"),
        (framed(b"\x07" + _TIME + b"\x11\x01\x01")[:-1] + b"x", "its checksum doesn't match"),
        (framed(b"\x00" + _TIME), "unknown kind 0"),
        (framed(b"\x12" + _TIME), "unknown kind 18"),
        (framed(b"\x27" + _TIME + b"\x11\x01\x01"), "unknown flags in a Accepted"),
        (framed(b"\x65" + _TIME + b"\x01\x01"), "request is 3"),
        (framed(b"\x07" + _TIME + b"\x11\x01\x01\x00"), "a Accepted of 12 bytes in 13"),
        (framed(b"\x07" + _TIME + b"\x11\x01"), "1 bytes where 0 are left"),
        (framed(b"\x07" + _TIME + b"\x21\x01\x01\x00"), "1 in 2 bytes"),
        (framed(b"\x07" + _TIME + b"\x19" + bytes(10)), "0 in 9 bytes"),
        (framed(b"\x03" + _TIME + b"\x11\x01"), "its widths"),
        (framed(b"\x0f" + _TIME + b"\x11\x01\x02a"), "2 bytes where 1 are left"),
        (framed(b"\x0f" + _TIME + b"\x11\x01\xff"), "-1 bytes where 0 are left"),
        (framed(b"\x0f" + _TIME + b"\x11\x01\x01\xff"), "text that isn't UTF-8"),
        (framed(b"\x89" + _TIME + b"\0\0\0\0\0"), "a reported fee without amount and currency"),
        (framed(b"\x10" + _TIME + b"\0\0\0\0"), "a funding without amount"),
        (framed(b"\x10" + _TIME + b"\x10\x01\0\0\x01\x011"), "'1' isn't a decimal in its only form"),
        (framed(b"\x10" + _TIME + b"\x20\0\0\0\xeb\x03"), "a decimal with the exponent 1001"),
        (framed(b"\x10" + _TIME + b"\x00\x01\0\0\x01"), "no decimal, and 1"),
        (framed(b"\x02" + _TIME + b"\0\0\x10\0\0\x05"), "time_in_force is 5"),
        (framed(b"\x02" + _TIME + b"\0\0\0\x10\0\x02"), "reduce_only is 2"),
    ],
)
def test_what_can_not_be_is_refused(make: Callable[[], Records], data: bytes, problem: str) -> None:
    """By both, in the same words, with the record's place in the file."""
    good = _PLAIN.encode([_FILL])
    with pytest.raises(DataError) as raised:
        make().decode(good + data, 100)
    assert str(raised.value).startswith(f"damaged record at byte {100 + len(good)}: {problem}")


@_BOTH
@pytest.mark.parametrize(
    ("record", "problem"),
    [
        (Accepted(2**63, 0, 0), "Accepted.order_id must be a 64-bit integer, not 9223372036854775808"),
        (Accepted(True, 0, 0), "Accepted.order_id must be a 64-bit integer, not True"),
        (Accepted(1, 0, 0.5), "Accepted.time_ns must be a 64-bit integer, not 0.5"),  # type: ignore[arg-type]
        (Cancelled(1, 0, 0, 1, "x" * MAX_BODY_BYTES), "a Cancelled of 10485.. bytes: a record has at most 1048576"),
        (Cancelled(1, 0, 0, 1, b"x"), "Cancelled.reason must be text, not b'x'"),  # type: ignore[arg-type]
        (Rejected(1, 0, 0, "r", "amend"), "Rejected.request must be one of new, cancel, replace, not 'amend'"),  # type: ignore[arg-type]
        (Fill(1, 0, 0, 1, 1, 1, 1, True, 0), "Fill.side must be one of 1, -1, not 1"),  # type: ignore[arg-type]
        (Fill(1, 0, 0, 1, Side.BUY, 1, 1, 1, 0), "Fill.maker must be one of False, True, not 1"),  # type: ignore[arg-type]
        (SubmitRequested(1, NewOrder(1, 0, Side.BUY, "stop", 1, 1, 0)), "NewOrder.kind must be one of limit, market"),  # type: ignore[arg-type]
        (SubmitRequested(1, Accepted(1, 0, 0)), "SubmitRequested.order must be a NewOrder, not Accepted"),  # type: ignore[arg-type]
        (Rejected(1, 0, 0, "\ud800"), "Rejected.reason can't be written as UTF-8"),
        (Funding(0, 0, Decimal("nan")), "Funding.amount must be a finite decimal, not Decimal"),
        (Funding(0, 0, None), "Funding.amount must be a finite decimal, not None"),  # type: ignore[arg-type]
        (SimpleNamespace(), "the order log has no records of the type SimpleNamespace"),
    ],
)
def test_what_has_no_form_is_refused(make: Callable[[], Records], record: LogRecord, problem: str) -> None:
    """By both, naming class, field and value."""
    with pytest.raises(DataError, match=problem):
        make().encode([record])


@_BOTH
def test_long_texts_are_written(make: Callable[[], Records]) -> None:
    """Up to what a record holds; lengths of one, two and three bytes."""
    for size in (100, 127, 128, 16_383, 16_384, 70_000, MAX_BODY_BYTES - 20):
        record = RequestRefused(1, 2, "x" * size, "")
        assert make().decode(make().encode([record])) == ([record], len(_PLAIN.encode([record])))


def test_texts_of_the_same_letters_are_the_same() -> None:
    """Whether or not they are the same object."""
    if _MISSING is not None:
        pytest.skip(_MISSING)
    request: Any = "".join(["can", "cel"])
    record = RequestApproved(1, 2, request)
    assert NativeRecords().encode([record]) == _PLAIN.encode([record])


def test_every_record_has_a_kind() -> None:
    """The classes of `LogRecord`, each with a code of its own, and all of its fields."""
    assert {kind.record for kind in RECORD_KINDS} == set(LogRecord.__args__)
    assert [kind.code for kind in RECORD_KINDS] == list(range(1, len(RECORD_KINDS) + 1))
    for kind in RECORD_KINDS:
        fields = NewOrder if kind.record is SubmitRequested else kind.record
        named = {name for name, _, _ in kind.flags} | {field.name for field in kind.fields}
        assert named | {"time_ns"} == {*fields.__struct_fields__, "time_ns"}  # type: ignore[attr-defined]


@_BOTH
@pytest.mark.parametrize("seed", range(3))
def test_ours_keep_the_contract(make: Callable[[], Records], seed: int) -> None:
    """Mainspring's conformance kit."""
    check_records(make, seed=seed)
