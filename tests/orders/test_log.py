"""The order log: what is written is what is read, counted and hashed; damage is told where it is."""

import hashlib
import io
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from mainspring.errors import CodecError, DataError
from mainspring.model import Accepted, Cancelled, Fill, Funding, NewOrder, Rejected, Replaced, Side
from mainspring.orders import (
    CancelRequested,
    LogRecord,
    OrderLog,
    ReplaceRequested,
    RequestApproved,
    RequestRefused,
    SubmitRequested,
    read_order_log,
)

RECORDS: list[LogRecord] = [
    SubmitRequested(5, NewOrder(1, 0, Side.BUY, "limit", 100, 3, 5, post_only=True, strategy="maker")),
    RequestApproved(5, 1),
    Accepted(1, 0, 6),
    ReplaceRequested(7, 1, 101, 4),
    RequestRefused(7, 1, "collar_bps", "too far", "replace"),
    Fill(1, 0, 8, 1, Side.BUY, 100, 2, True, -5),
    Fill(1, 0, 8, 2, Side.BUY, 100, 2, True, 0, Decimal("0.00031"), "BNB"),
    Funding(0, 9, Decimal("-1.25"), "USDT"),
    CancelRequested(9, 1),
    Rejected(1, 0, 9, "too-late", "cancel"),
    Replaced(1, 0, 10, 99, 3),
    Cancelled(1, 0, 11, 1, "requested"),
]


class _Codec:
    """A codec over one of msgspec's formats."""

    def __init__(self, name):
        self.name = name
        self.encode = getattr(msgspec, name).encode

    def decode(self, data):
        try:
            return getattr(msgspec, self.name).decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise CodecError(self.name, str(error)) from error


@pytest.fixture(params=["msgpack", "json"])
def codec(request):
    return _Codec(request.param)


def write(codec, records):
    sink = io.BytesIO()
    log = OrderLog(codec, sink)
    for record in records:
        log.write(record)
    return log, sink.getvalue()


def test_records_come_back_as_they_went_in(codec, tmp_path: Path):
    """Every kind of record, through either format."""
    log, data = write(codec, RECORDS)
    path = tmp_path / "orders.log"
    path.write_bytes(data)
    assert list(read_order_log(path, codec)) == RECORDS
    assert (log.records, log.bytes_written) == (len(RECORDS), len(data))
    assert log.sha256 == hashlib.sha256(data).hexdigest()


def test_without_a_sink_it_counts_and_hashes_the_same(codec):
    """The digest doesn't depend on where the bytes go."""
    log, data = write(codec, RECORDS)
    counting = OrderLog(codec)
    for record in RECORDS:
        counting.write(record)
    assert (counting.sha256, counting.bytes_written) == (log.sha256, len(data))


def test_a_cut_file_is_told_where_it_ends(codec, tmp_path: Path):
    """Cut anywhere, it gives the whole records and then says which one is broken; cut between two, it is whole."""
    _, data = write(codec, RECORDS[:3])
    ends = {0}
    for record in RECORDS[:3]:
        ends.add(max(ends) + len(write(codec, [record])[1]))
    path = tmp_path / "orders.log"
    for cut in range(len(data)):
        path.write_bytes(data[:cut])
        whole = sum(end <= cut for end in ends) - 1
        if cut in ends:
            assert list(read_order_log(path, codec)) == RECORDS[:whole]
            continue
        reader = read_order_log(path, codec)
        assert [next(reader) for _ in range(whole)] == RECORDS[:whole]
        with pytest.raises(DataError, match=f"record {whole + 1}, at byte .*: the file ends"):
            next(reader)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"\xff\xff\xff\xff....", "the file is damaged or isn.t an order log"),
        (b"\x01\x00\x00\x00\xc1", "another codec"),
        (b"\x01\x00\x00\x00\x01", "not an order record"),
    ],
)
def test_what_is_no_log_is_told(tmp_path: Path, data, problem):
    """An absurd length, bytes that the codec refuses, and an object that is no record."""
    path = tmp_path / "orders.log"
    path.write_bytes(data)
    with pytest.raises(DataError, match=f"orders.log: record 1, at byte 0: .*{problem}"):
        list(read_order_log(path, _Codec("msgpack")))
