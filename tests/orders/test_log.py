"""The order log: what is written is what is read, counted and hashed; damage is told where it is."""

import hashlib
import io
from decimal import Decimal
from pathlib import Path

import pytest

from mainspring.errors import DataError
from mainspring.model import (
    Accepted,
    Cancelled,
    CancelRequested,
    Fill,
    Funding,
    Instrument,
    LogRecord,
    NewOrder,
    Rejected,
    Replaced,
    ReplaceRequested,
    RequestApproved,
    RequestRefused,
    Side,
    SubmitRequested,
    encode_records,
)
from mainspring.orders import LOG_VERSION, OrderLog, OrderLogFile, read_order_log
from mainspring.orders.log_header import decode_header, encode_header

RECORDS: list[LogRecord] = [
    SubmitRequested(5, NewOrder(1, 0, Side.BUY, "limit", 100, 3, 5, post_only=True, strategy="maker")),
    RequestApproved(5, 1),
    Accepted(1, 0, 6),
    ReplaceRequested(7, 1, 101, 4),
    RequestRefused(7, 1, "collar_bps", "too far " * 40, "replace"),
    Fill(1, 0, 8, 1, Side.BUY, 100, 2, True, -5),
    Fill(1, 0, 8, 2, Side.BUY, 100, 2, True, 0, Decimal("0.00031"), "BNB"),
    Funding(0, 9, Decimal("-1.25"), "USDT"),
    CancelRequested(9, 1),
    Rejected(1, 0, 9, "too-late", "cancel"),
    Replaced(1, 0, 10, 99, 3),
    Cancelled(1, 0, 11, 1, "requested"),
]
SPOT = Instrument(symbol="BTC/USDT", venue_symbol="BTCUSDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.00001"))
COIN = Instrument(
    symbol="BTC/USD",
    venue_symbol="BTCUSD_PERP",
    tick_size=Decimal("0.1"),
    lot_size=Decimal(1),
    contract="inverse",
    contract_size=Decimal(100),
    settle_currency="BTC",
)
INSTRUMENTS = [("spot:BTC/USDT", SPOT), ("coin:BTC/USD", COIN)]
HEADER = encode_header(INSTRUMENTS)


def write(records, instruments=INSTRUMENTS):
    sink = io.BytesIO()
    log = OrderLog(encode_records, instruments, sink)
    for at in range(0, len(records), 5):
        log.write_all(records[at : at + 5])
    log.finish()
    return log, sink.getvalue()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orders.log"


def test_records_come_back_as_they_went_in(path: Path):
    """Every kind of record, and the instruments that they are about; the digest is that of the file."""
    log, data = write(RECORDS)
    path.write_bytes(data)
    assert list(read_order_log(path)) == RECORDS
    assert (log.records, log.bytes_written) == (len(RECORDS), len(data))
    assert log.sha256 == hashlib.sha256(data).hexdigest()
    found = OrderLogFile(path)
    assert (found.version, list(found), found.torn_at) == (LOG_VERSION, RECORDS, None)
    assert [(one.name, one.tick_size, one.lot_size, one.contract_size) for one in found.instruments] == [
        (name, one.tick_size, one.lot_size, one.contract_size) for name, one in INSTRUMENTS
    ]
    assert [(one.symbol, one.venue_symbol, one.contract, one.settle_currency) for one in found.instruments] == [
        ("BTC/USDT", "BTCUSDT", "spot", ""),
        ("BTC/USD", "BTCUSD_PERP", "inverse", "BTC"),
    ]


def test_without_a_sink_it_counts_and_hashes_the_same():
    """The digest depends neither on where the bytes go nor on how many records come at once."""
    log, data = write(RECORDS)
    counting = OrderLog(encode_records, INSTRUMENTS)
    counting.write_all(RECORDS)
    counting.finish()
    assert (counting.sha256, counting.bytes_written) == (log.sha256, len(data))


def test_a_log_of_no_records_is_a_log(path: Path):
    """Its instruments are there, once it was finished; before, nothing is written."""
    sink = io.BytesIO()
    log = OrderLog(encode_records, INSTRUMENTS, sink)
    assert sink.getvalue() == b""
    log.finish()
    path.write_bytes(sink.getvalue())
    assert (list(OrderLogFile(path)), len(OrderLogFile(path).instruments)) == ([], 2)


def test_a_long_log_is_read_in_parts(path: Path):
    """A file of several chunks gives all records, wherever the chunks are cut."""
    many = [Accepted(number, 0, 10**18 + number) for number in range(62_000)]
    path.write_bytes(HEADER + encode_records(many))
    assert path.stat().st_size > 1 << 20
    assert list(read_order_log(path)) == many


def test_a_torn_tail_is_left_out_and_told(path: Path):
    """Cut anywhere, it gives the whole records, and says where the torn one begins."""
    _, data = write(RECORDS)
    ends = [len(HEADER) + len(encode_records(RECORDS[:count])) for count in range(len(RECORDS) + 1)]
    for cut in range(len(HEADER), len(data)):
        path.write_bytes(data[:cut])
        whole = sum(end <= cut for end in ends) - 1
        found = OrderLogFile(path)
        assert list(found) == RECORDS[:whole]
        assert found.torn_at == (None if cut in ends else ends[whole])


def test_a_torn_header_is_told(path: Path):
    """A file that ends within its header is no log."""
    for cut in range(len(HEADER)):
        path.write_bytes(HEADER[:cut])
        with pytest.raises(DataError, match=f"ends within the header of an order log, after {cut} bytes"):
            OrderLogFile(path)


def test_no_changed_bit_is_misread(path: Path):
    """One changed bit of the file is an error, or takes away the last record as if it were torn; never another log."""
    records = RECORDS[5:]
    _, data = write(records)
    last = len(HEADER) + len(encode_records(records[:-1]))
    for bit in range(len(data) * 8):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        try:
            found = OrderLogFile(path)
            read = list(found)
        except DataError as error:
            assert str(path) in str(error)  # noqa: PT017  either outcome is right
        else:
            assert (read, found.torn_at) == (records[:-1], last)
            assert bit // 8 == last, "only the length of the last record is like a torn one"


@pytest.mark.parametrize("at", [0, 3, 11])
def test_damage_is_told_with_its_byte(path: Path, at: int):
    """A record that isn't what was written is named by the place where it begins in the file."""
    _, data = write(RECORDS)
    begin = len(HEADER) + len(encode_records(RECORDS[:at]))
    path.write_bytes(data[: begin + 5] + bytes([data[begin + 5] ^ 1]) + data[begin + 6 :])
    with pytest.raises(DataError, match=rf"orders.log: damaged record at byte {begin}: its checksum doesn't match"):
        list(read_order_log(path))


def test_a_length_that_hides_records_is_damage(path: Path):
    """A changed length that reaches beyond the end isn't a torn tail where whole records follow."""
    _, data = write(RECORDS)
    begin = len(HEADER) + len(encode_records(RECORDS[:-3]))
    path.write_bytes(data[:begin] + bytes([data[begin] | 0x40]) + data[begin + 1 :])
    following = len(encode_records(RECORDS[-3:-2]))
    with pytest.raises(
        DataError, match=f"damaged record at byte {begin}: another one begins at byte {begin + following}"
    ):
        list(read_order_log(path))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"{}", "it begins with b'{}': not an order log"),
        (HEADER[:8] + b"\x01\0" + HEADER[10:], "version 1 of the format; this release reads version 2"),
        (HEADER[:13] + b"\x7f" + HEADER[14:], "damaged header: .* bytes at byte 10"),
        (HEADER[:20] + b"x" + HEADER[21:], "damaged header: the checksum"),
    ],
)
def test_what_is_no_log_is_told(path: Path, data: bytes, problem: str):
    """Another file, another version, and damage in the header."""
    path.write_bytes(data)
    with pytest.raises(DataError, match=f"orders.log: .*{problem}"):
        OrderLogFile(path)


def test_a_file_that_is_not_there_is_told(path: Path):
    """The error names it."""
    with pytest.raises(DataError, match=r"orders.log can't be read: No such file"):
        read_order_log(path)


def test_the_header_says_how_long_it_is():
    """What follows it isn't looked at."""
    header = decode_header(HEADER + b"more")
    assert header is not None
    assert header.length == len(HEADER)
