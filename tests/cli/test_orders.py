"""`orders show`: what is in an order log, in words and as JSON; damage is told."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

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
    Instrument,
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
    encode_records,
)
from mainspring.orders import OrderLog, read_order_log

_NS = 1_723_158_000_000_000_000
_SPOT = Instrument(symbol="BTC/USDT", venue_symbol="BTCUSDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.001"))
_LIMIT = NewOrder(1, 0, Side.BUY, "limit", 6_100_000, 25, _NS, post_only=True, strategy="maker")
_MARKET = NewOrder(2, 7, Side.SELL, "market", 0, 5, _NS, "ioc", strategy="trend")
_SAID: list[tuple[LogRecord, str]] = [
    (SessionStarted(_NS, "abc", 0), "session session abc, lane 0"),
    (SubmitRequested(_NS, _LIMIT), "submit #1 BTC/USDT buy 0.025 at 61000.00, gtc, post-only, by maker"),
    (SubmitRequested(_NS, _MARKET), "submit #2 instrument 7 sell 5 lots at market, ioc, by trend"),
    (RequestApproved(_NS, 1), "approved #1 BTC/USDT new"),
    (RequestRefused(_NS, 2, "collar", "too far", "replace"), "refused #2 instrument 7 replace: collar: too far"),
    (RequestRefused(_NS, 9, "halted"), "refused #9 new: halted"),
    (Accepted(1, 0, _NS), "accepted #1 BTC/USDT"),
    (Rejected(1, 0, _NS, "too-late", "cancel"), "rejected #1 BTC/USDT cancel: too-late"),
    (
        Fill(1, 0, _NS, 1, Side.BUY, 6_100_000, 5, True, -25_000),
        "fill #1 BTC/USDT buy 0.005 at 61000.00, maker, fee -0.25 bps",
    ),
    (
        Fill(2, 7, _NS, 2, Side.SELL, 9, 5, False, 0, Decimal("0.0003"), "BNB"),
        "fill #2 instrument 7 sell 5 lots at 9 ticks, taker, fee 0.0003 BNB",
    ),
    (ReplaceRequested(_NS, 1, 6_100_100, 30), "replace #1 BTC/USDT to 0.030 at 61001.00"),
    (Replaced(1, 0, _NS, 6_100_100, 30), "replaced #1 BTC/USDT to 0.030 at 61001.00"),
    (CancelRequested(_NS, 1), "cancel #1 BTC/USDT"),
    (Cancelled(1, 0, _NS, 20, "requested"), "cancelled #1 BTC/USDT 0.020 left: requested"),
    (Expired(1, 0, _NS, 20, "ioc"), "expired #1 BTC/USDT 0.020 left: ioc"),
    (Discrepancy(_NS, 1, 0, "overfill", "too much"), "discrepancy #1 BTC/USDT overfill: too much"),
    (DiscrepancyCleared(_NS, 0), "discrepancy-cleared BTC/USDT"),
    (GroupChanged(_NS, 4, 1, "linked", "stop"), "group #1 BTC/USDT group 4 linked stop"),
    (MarkedUnknown(_NS, 1, "no-answer"), "unknown #1 BTC/USDT no-answer"),
    (
        Funding(0, _NS, Decimal("-1.25"), "USDT", Decimal("0.0001"), Decimal(61_000)),
        "funding BTC/USDT -1.25 USDT at 0.0001 of the position at 61000",
    ),
    (Funding(0, _NS, Decimal(1)), "funding BTC/USDT 1"),
]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log with one of every record."""
    path = tmp_path / "orders.log"
    with path.open("wb") as file:
        OrderLog(encode_records, [("BTC/USDT", _SPOT)], file).write_all([record for record, _ in _SAID])
    return path


def test_every_record_is_a_line(mainspring, log):
    """Time, type, order, instrument and what happened; a figure without a known grid in ticks and lots."""
    code, out, err = mainspring("orders", "show", log)
    assert (code, err) == (0, "")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines == [f"2024-08-08T23:00:00.000000000Z {said}" for _, said in _SAID]


def test_json_has_the_header_and_every_field(mainspring, log):
    """An object a line: what the log is of, then the records."""
    code, out, _ = mainspring("orders", "show", log, "--json")
    header, *records = map(json.loads, out.splitlines())
    assert code == 0
    assert (header["type"], header["version"]) == ("log", 2)
    assert (header["instruments"][0]["name"], header["instruments"][0]["tick_size"]) == ("BTC/USDT", "0.01")
    assert [record["type"] for record in records] == [said.partition(" ")[0] for _, said in _SAID]
    assert records[8]["price_ticks"] == 6_100_000
    assert records[-2]["amount"] == "-1.25"


def test_a_torn_record_is_left_out_with_a_warning(mainspring, log):
    """The others are shown, and the exit code is 0."""
    data = log.read_bytes()
    log.write_bytes(data[:-3])
    code, out, err = mainspring("orders", "show", log)
    assert (code, len(out.splitlines())) == (0, len(_SAID) - 1)
    begins = len(data) - len(encode_records([_SAID[-1][0]]))
    assert f"the record at byte {begins} was never finished and is left out" in " ".join(err.split())


def test_damage_is_an_error_that_names_the_byte(mainspring, log):
    """Exit code 2, file and place."""
    data = bytearray(log.read_bytes())
    data[-30] ^= 1
    log.write_bytes(data)
    code, _, err = mainspring("orders", "show", log)
    assert code == 2
    assert "orders.log: damaged record at byte " in " ".join(err.split())


@pytest.mark.parametrize("text", [None, "not a log"])
def test_what_is_no_log_is_told(mainspring, tmp_path, text):
    """A file that isn't there, or isn't an order log."""
    path = tmp_path / "other.log"
    if text is not None:
        path.write_text(text)
    code, out, err = mainspring("orders", "show", path)
    assert (code, out) == (2, "")
    assert "other.log" in err


def test_a_sessions_log_is_shown(mainspring, tmp_path):
    """What `run --order-log` writes, read back by the same number of records."""
    log = tmp_path / "orders.log"
    code, out, _ = mainspring("run", "--set", "feed.seconds=5", "--order-log", log, "--json")
    assert code == 0
    report = json.loads(out)
    shown = mainspring("orders", "show", log)[1].splitlines()
    assert len(shown) == report["order_log_records"] == len(list(read_order_log(log))) > 1
    assert "session" in shown[0]
