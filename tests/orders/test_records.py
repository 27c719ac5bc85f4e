"""Binary records, the queue and the pool: the plain ones and the native ones, held against a model and each other."""

import struct
import threading
from collections.abc import Callable
from decimal import Decimal
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mainspring.errors import DataError
from mainspring.model import (
    Accepted,
    Approved,
    Cancelled,
    CancelRequest,
    Expired,
    Fill,
    NewOrder,
    Rejected,
    Replaced,
    ReplaceRequest,
    Side,
    records,
)
from mainspring.orders import OrderPool, OrderQueue
from mainspring_native import why_missing

_MISSING = why_missing()
_NATIVE = pytest.param("native", marks=pytest.mark.skipif(_MISSING is not None, reason=str(_MISSING)))


def _native() -> ModuleType:
    from mainspring_native import orders

    return orders


@pytest.fixture(params=["plain", _NATIVE])
def coding(request: pytest.FixtureRequest) -> Any:
    return records if request.param == "plain" else _native()


_int64 = st.integers(-(2**63), 2**63 - 1)
_text = st.text(max_size=14)
_fees = st.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=-(10**9), max_value=10**9)
_currencies = st.sampled_from(["", "BNB", "USDT", "a coin"])
_orders = st.builds(
    NewOrder,
    _int64,
    _int64,
    st.sampled_from(Side),
    st.sampled_from(["limit", "market"]),
    _int64,
    _int64,
    _int64,
    st.sampled_from(["gtc", "ioc", "fok"]),
    st.booleans(),
    _text,
)
_replaces = st.builds(ReplaceRequest, *[_int64] * 5, _text)
_cancels = st.builds(CancelRequest, *[_int64] * 3, _text)
_values = st.one_of(
    _orders,
    _replaces,
    _cancels,
    st.builds(Approved, st.one_of(_orders, _replaces, _cancels), _int64),
    st.builds(Accepted, _int64, _int64, _int64),
    st.builds(Rejected, _int64, _int64, _int64, _text, st.sampled_from(["new", "cancel", "replace"])),
    st.builds(Fill, *[_int64] * 4, st.sampled_from(Side), _int64, _int64, st.booleans(), _int64),
    st.builds(Fill, *[_int64] * 4, st.sampled_from(Side), _int64, _int64, st.booleans(), _int64, _fees, _currencies),
    st.builds(Cancelled, *[_int64] * 4, _text),
    st.builds(Expired, *[_int64] * 4, _text),
    st.builds(Replaced, *[_int64] * 5),
)
_FILL = Fill(7, 1, 1_723_161_600_000_000_000, 3, Side.SELL, 6_100_000, 25, True, -100_000)


def test_the_layout_is_what_is_documented(coding: Any) -> None:
    expected = struct.pack(
        "<BBbBBBBB8q56s", 1, 5, -1, 0, 0, 1, 0, 0, 7, 1, 1_723_161_600_000_000_000, 6_100_000, 25, 3, -100_000, 0, b""
    )
    assert coding.encode_record(_FILL) == expected
    rejected = coding.encode_record(Rejected(1, 0, 2, "zu spät", "cancel"))
    assert (rejected[:8], rejected[72:81]) == (b"\x01\x04\x00\x00\x00\x00\x02\x08", "zu spät".encode() + b"\0")


@given(st.lists(_values, max_size=5))
def test_what_was_written_is_read_back(values: list[Any]) -> None:
    data = b"".join(map(records.encode_record, values))
    assert len(data) == len(values) * records.RECORD_BYTES
    assert records.decode_records(data) == values


@pytest.mark.skipif(_MISSING is not None, reason=str(_MISSING))
@given(_values)
def test_both_write_the_same_bytes_and_read_the_same_values(value: Any) -> None:
    native = _native()
    data = records.encode_record(value)
    assert native.encode_record(value) == data
    assert native.decode_record(b"x" + data, 1) == records.decode_record(b"x" + data, 1) == value
    assert native.decode_records(data * 2) == [value, value]


def _outcome(decode: Callable[[bytes, int], Any], data: bytes, offset: int = 0) -> Any:
    try:
        return decode(data, offset)
    except DataError as error:
        return str(error)


@pytest.mark.skipif(_MISSING is not None, reason=str(_MISSING))
@settings(deadline=None)
@given(_values, st.lists(st.tuples(st.integers(0, 127), st.integers(0, 255)), max_size=3), st.integers(-2, 130))
def test_both_refuse_the_same_bytes_in_the_same_words(value: Any, changes: list[tuple[int, int]], offset: int) -> None:
    data = bytearray(records.encode_record(value))
    for at, byte in changes:
        data[at] = byte
    whole = bytes(data)
    assert _outcome(records.decode_record, whole) == _outcome(_native().decode_record, whole)
    assert _outcome(records.decode_record, whole, offset) == _outcome(_native().decode_record, whole, offset)


@pytest.mark.parametrize(
    ("at", "byte", "problem"),
    [
        (0, 2, "version is 2, but only version 1 can be read"),
        (1, 13, "unknown kind 13"),
        (2, 0, "side must be 1 or -1, not 0"),
        (3, 1, "order_kind must be 0 in a Fill, not 1"),
        (5, 2, "flag must be 0 or 1, not 2"),
        (64, 1, "approved_ns must be 0 in a Fill, not 1"),
        (90, 1, "text_bytes is 0, which doesn't match the text"),
    ],
)
def test_what_can_not_be_is_refused(coding: Any, at: int, byte: int, problem: str) -> None:
    data = bytearray(records.encode_record(_FILL))
    data[at] = byte
    with pytest.raises(DataError, match=f"record at byte 0: {problem}"):
        coding.decode_record(bytes(data))
    with pytest.raises(DataError, match="record at byte 128: truncated after 72 of 128 bytes"):
        coding.decode_records(records.encode_record(_FILL) + bytes(72))


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (Accepted(2**63, 0, 0), "Accepted.order_id must be a 64-bit integer"),
        (Accepted(True, 0, 0), "Accepted.order_id must be a 64-bit integer, not True"),
        (Cancelled(1, 0, 0, 1, "x" * 57), "Cancelled.reason has 57 bytes; a record holds 56"),
        (
            Rejected(1, 0, 0, "r", "amend"),  # type: ignore[arg-type]
            "Rejected.request must be one of new, cancel, replace, not 'amend'",
        ),
        (Fill(1, 0, 0, 1, 2, 1, 1, True, 0), "Fill.side must be 1 or -1, not 2"),  # type: ignore[arg-type]
        (Fill(1, 0, 0, 1, Side.BUY, 1, 1, 1, 0), "Fill.maker must be true or false, not 1"),  # type: ignore[arg-type]
        (
            Approved(NewOrder(1, 0, Side.BUY, "stop", 1, 1, 0), 1),  # type: ignore[arg-type]
            "NewOrder.kind must be one of limit, market",
        ),
        (Rejected(1, 0, 0, "\ud800"), "Rejected.reason can't be written as UTF-8"),
        (Approved(CancelRequest(1, 0, 0), True), "Approved.approved_ns must be a 64-bit integer, not True"),
        (Approved(SimpleNamespace(), 1), "an approved SimpleNamespace has no record"),  # type: ignore[type-var]
        (SimpleNamespace(), "a SimpleNamespace has no record"),
    ],
)
def test_what_has_no_record_is_refused(coding: Any, value: Any, problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        coding.encode_record(value)
    queue = OrderQueue(1) if coding is records else coding.SpscQueue(1)
    with pytest.raises(DataError, match=problem):
        queue.push(value)
    assert len(queue) == 0


_QUEUES = [
    pytest.param(OrderQueue, id="plain"),
    *(
        pytest.param(
            lambda capacity, name=name: getattr(_native(), name)(capacity),
            id=name,
            marks=pytest.mark.skipif(_MISSING is not None, reason=str(_MISSING)),
        )
        for name in ("SpscQueue", "MpscQueue")
    ),
]


@pytest.mark.parametrize("make", _QUEUES)
@given(capacity=st.integers(1, 5), steps=st.lists(st.one_of(st.none(), _values), max_size=30))
def test_a_queue_is_first_in_first_out_and_full_is_an_answer(
    make: Callable[[int], Any], capacity: int, steps: list[Any]
) -> None:
    queue = make(capacity)
    model: list[Any] = []
    assert queue.capacity == capacity
    for value in steps:
        if value is None:
            assert queue.pop() == (model.pop(0) if model else None)
        else:
            assert queue.push(value) is (len(model) < capacity)
            if len(model) < capacity:
                model.append(value)
        assert len(queue) == len(model)


@pytest.mark.parametrize("make", _QUEUES)
def test_a_queue_needs_a_capacity(make: Callable[[int], Any]) -> None:
    with pytest.raises(ValueError, match="a queue's capacity must be at least 1, not 0"):
        make(0)


@pytest.mark.parametrize(("make", "producers"), [*((make, 1) for make in _QUEUES), (_QUEUES[0], 3), (_QUEUES[2], 3)])
def test_threads_lose_nothing_and_keep_their_order(make: Any, producers: int) -> None:
    queue = make.values[0](256) if hasattr(make, "values") else make(256)
    count = 2_000

    def produce(producer: int) -> None:
        for order_id in range(count):
            while not queue.push(Accepted(order_id, producer, 0)):
                pass

    threads = [threading.Thread(target=produce, args=(producer,)) for producer in range(producers)]
    for thread in threads:
        thread.start()
    following = [0] * producers
    while sum(following) < producers * count:
        value = queue.pop()
        if value is not None:
            assert value.order_id == following[value.instrument]
            following[value.instrument] += 1
    for thread in threads:
        thread.join()
    assert queue.pop() is None


class _PoolMachine(RuleBasedStateMachine):
    """Both pools beside a dictionary: the same handles, values and errors."""

    def __init__(self) -> None:
        super().__init__()
        self.pools: list[Any] = [OrderPool(3)]
        if _MISSING is None:
            self.pools.append(_native().OrderPool(3))
        self.values: dict[int, Any] = {}
        self.released: list[int] = []

    @rule(value=_values)
    def take(self, value: Any) -> None:
        handles = {pool.take(value) for pool in self.pools}
        assert len(handles) == 1
        (handle,) = handles
        assert (handle is None) == (len(self.values) == 3)
        assert handle not in self.values
        assert handle not in self.released
        if handle is not None:
            self.values[handle] = value

    @precondition(lambda self: self.values)
    @rule(data=st.data(), value=_values)
    def put(self, data: st.DataObject, value: Any) -> None:
        handle = data.draw(st.sampled_from(sorted(self.values)))
        for pool in self.pools:
            pool.put(handle, value)
        self.values[handle] = value

    @precondition(lambda self: self.values)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        handle = data.draw(st.sampled_from(sorted(self.values)))
        for pool in self.pools:
            pool.release(handle)
        del self.values[handle]
        self.released.append(handle)

    @rule(handle=st.one_of(st.integers(-1, 5), st.integers(2**32, 2**32 + 5), st.just(2**70)), value=_values)
    def wrong_handle(self, handle: int, value: Any) -> None:
        handles = [*self.released[-2:], handle]
        for wrong in (one for one in handles if one not in self.values):
            for pool in self.pools:
                for use in (pool.get, pool.release, lambda at, pool=pool: pool.put(at, value)):
                    with pytest.raises(ValueError, match=f"handle {wrong} isn.t in use"):
                        use(wrong)

    @invariant()
    def all_is_there(self) -> None:
        for pool in self.pools:
            assert (len(pool), pool.capacity) == (len(self.values), 3)
            for handle, value in self.values.items():
                assert pool.get(handle) == value


test_pools = _PoolMachine.TestCase


def test_a_pool_needs_a_capacity() -> None:
    pools = [OrderPool] if _MISSING is not None else [OrderPool, _native().OrderPool]
    for pool in pools:
        with pytest.raises(ValueError, match=r"a pool's capacity must be 1 to 2\*\*32 - 1, not 0"):
            pool(0)


@pytest.mark.parametrize("text", [b"0.1BNB", b"nan BNB", b"x BNB", b"1e3 BNB", b" 1 BNB"])
def test_a_fee_that_is_none_is_refused(coding: Any, text: bytes) -> None:
    """No space, no number, or a number that isn't written as it would be: the record is damaged."""
    fill = Fill(1, 0, 0, 1, Side.BUY, 10, 1, True, 0, Decimal("0.10"), "BNB")
    record = bytearray(coding.encode_record(fill))
    assert coding.decode_record(bytes(record)) == fill
    record[7] = len(text)
    record[72:128] = text.ljust(56, b"\0")
    with pytest.raises(DataError, match="isn't a fee's amount and currency"):
        coding.decode_record(bytes(record))
