"""Errors that end a session that has begun: its report comes all the same."""

import errno
import io
import os
from pathlib import Path

import pytest
from rich.console import Console

from mainspring.errors import CaptureError, ConfigError, DataError, PluginError
from mainspring.host.config import load_config, parse_config
from mainspring.host.session_planning import make_session
from mainspring.model import Accepted, encode_records
from mainspring.orders import OrderLog
from mainspring.report import SessionReport, from_json, render_text, to_html, to_json, warnings, without_timing
from mainspring.session import run_session
from mainspring_plugins.strategies.quote_maker import QuoteMaker

SHORT = "feed.seconds=25"


@pytest.fixture
def run(registry):
    """Runs the built-in configuration with overrides."""

    def run(*overrides, **options):
        return run_session(make_session(load_config(None, overrides), registry), registry, **options)

    return run


@pytest.fixture
def raises_late(monkeypatch):
    """The quote-maker, which raises at its 2,000th change of the best prices."""
    on_bbo, calls = QuoteMaker.on_bbo, [0]

    def raising(self, market):
        calls[0] += 1
        if calls[0] == 2_000:
            raise ZeroDivisionError("no spread")
        on_bbo(self, market)

    monkeypatch.setattr(QuoteMaker, "on_bbo", raising)
    return calls


def report_of(raised):
    """The report that came with the error."""
    report = raised.value.report
    assert isinstance(report, SessionReport)
    return report


def text_of(report):
    out = io.StringIO()
    render_text(report, Console(file=out, width=100))
    return " ".join(out.getvalue().split())


def test_a_strategy_that_raises_late_has_its_report(run, raises_late):
    """The error comes with all that had run: orders, fills, nothing left open, in text, JSON and page."""
    with pytest.raises(PluginError, match="no spread") as raised:
        run(SHORT)
    report = report_of(raised)
    assert raises_late == [2_000], "no plugin is called once the lane has stopped"
    (one,) = report.instruments
    assert 1_000 < report.feed.messages < 5_000
    assert one.orders > 0
    assert one.open_orders == [], "what was open was cancelled"
    assert one.cancelled > 0
    assert report.failure is not None
    assert report.failure.startswith(str(raised.value))
    assert f"at message {report.feed.messages:,}, " in report.failure
    first = warnings(report)[0]
    assert first.startswith(
        "An error ended the session early (exit code 2): the strategy maker 'quote-maker' of mainspring"
    )
    assert f"{report.feed.messages:,} messages until then, and no order was left open" in first
    assert first in text_of(report)
    assert "An error ended the session early" in to_html(report)
    assert from_json(to_json(report)) == report


def test_a_plugin_that_raises_at_the_first_message_has_its_report(run, monkeypatch):
    """The message was read and run: the report says so, and what failed."""

    def raising(self, market):
        raise ZeroDivisionError("no spread")

    monkeypatch.setattr(QuoteMaker, "on_bbo", raising)
    with pytest.raises(PluginError, match="no spread") as raised:
        run(SHORT)
    report = report_of(raised)
    assert report.feed.messages == 1
    assert "no spread" in report.failure


def test_a_failed_session_is_the_same_each_time(run, raises_late):
    """Up to the error the report is that of its input, as that of a whole session is."""
    reports = []
    for _ in range(2):
        raises_late[0] = 0
        with pytest.raises(PluginError) as raised:
            run(SHORT)
        reports.append(without_timing(report_of(raised)))
    assert reports[0] == reports[1]


def test_a_message_that_cannot_be_read_ends_with_a_report(run, tmp_path):
    """A broken line late in a capture: what came before it is reported; one at its very beginning is just an error."""
    good = b'{"u":11,"s":"BTCUSDT","b":"100.01","B":"2","a":"100.02","A":"1"}'
    for lines, reported in (([good, good, b'{"u":'], True), ([b'{"u":', good], False)):
        path = tmp_path / f"{reported}.cap"
        path.write_bytes(b"".join(b"%d %s\n" % (at, line) for at, line in enumerate(lines, 1)))
        source = f'feed={{plugin="binance-spot", capture="{path}"}}'
        with pytest.raises(CaptureError) as raised:
            run("mode=replay", source, 'instruments=["BTC/USDT"]')
        assert (raised.value.report is not None) is reported
        assert not reported or report_of(raised).feed.messages == 3


def test_a_full_disk_under_the_order_log_names_the_file(run):
    """The report comes, and says which file couldn't be written."""
    if not Path("/dev/full").exists():
        pytest.skip("/dev/full is absent on this system")
    with pytest.raises(DataError, match=r"can't be written to /dev/full: No space left on device") as raised:
        run(SHORT, order_log=Path("/dev/full"))
    report = report_of(raised)
    assert report.instruments[0].orders > 0
    assert "/dev/full" in warnings(report)[0]


def test_a_log_that_cannot_be_written_is_an_error_of_ours():
    """What the system says becomes a `DataError` with the name of the file."""

    class Full(io.RawIOBase):
        name = "orders.log"

        def write(self, data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(DataError, match=r"orders\.log: No space left"):
        OrderLog(encode_records, [], Full()).write_all([Accepted(1, 0, 1)])


def test_a_quote_near_the_end_of_64_bits_is_reported(run, tmp_path):
    """A bid of 2**63 - 2 ticks makes the market maker ask for a price beyond 64 bits; a report comes."""
    top = 2**63 - 2
    book = b'{"lastUpdateId":10,"bids":[["100","1"]],"asks":[["102","1"]]}'
    quotes = [
        b'{"u":%d,"s":"BTCUSDT","b":"%d","B":"2","a":"%d","A":"1"}' % (at, bid, bid + 1)
        for at, bid in ((11, 100), (12, 101), (13, top), (14, top - 5))
    ]
    path = tmp_path / "absurd.cap"
    path.write_bytes(b"".join(b"%d000000000 %s\n" % (at, line) for at, line in enumerate([book, *quotes], 1)))
    given = (
        f'feed={{plugin="binance-spot", capture="{path}"}}',
        'instruments=["BTC/USDT"]',
        'instrument={"BTC/USDT"={tick_size=1, lot_size=1, venue_symbol="BTCUSDT"}}',
        "strategy.maker.size=1",
        'slippage={plugin="fixed-bps"}',
        *(f"risk.{limit}=9e30" for limit in ("max_order_size", "max_order_notional", "max_position")),
    )
    with pytest.raises(PluginError, match="64 bits") as raised:
        run(*given)
    report = report_of(raised)
    assert report.feed.messages >= 4
    assert text_of(report)
    assert to_html(report)
    assert from_json(to_json(report)) == report


def test_a_path_that_is_not_utf8_is_reported(run, tmp_path):
    """JSON is UTF-8 whatever the capture is called; the odd byte becomes an escape."""
    name = os.fsdecode(b"caf\xe9.cap")
    path = tmp_path / name
    try:
        path.write_bytes(b'1 {"u":11,"s":"BTCUSDT","b":"100.01","B":"2","a":"100.02","A":"1"}\n')
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    report = run("mode=replay", f'feed={{plugin="binance-spot", capture="{path}"}}', 'instruments=["BTC/USDT"]')
    assert name in report.feed.source
    assert r"caf\xe9.cap" in from_json(to_json(report)).feed.source
    assert text_of(report)
    to_html(report).encode()


@pytest.mark.parametrize("value", ["inf", "1e308", "nan", "0", "-1"])
def test_a_budget_that_nothing_can_be_held_to_is_refused(value):
    """Before the session, with the key: not after it, where the report would be lost."""
    with pytest.raises(ConfigError, match="feed_us"):
        parse_config(f"budget.feed_us = {value}\n", "s.toml", Path())


def test_a_lane_that_fails_keeps_its_figures(registry, tmp_path):
    """Of two lanes one meets a broken line: it has failed, and what it had run by then is in the report."""
    quote = '{{"u":{at},"s":"{symbol}","b":"100.01","B":"2","a":"100.02","A":"1"}}'
    lines = [quote.format(at=at, symbol=symbol) for at in range(11, 40) for symbol in ("BTCUSDT", "ETHUSDT")]
    path = tmp_path / "two.cap"
    path.write_text("".join(f"{at} {line}\n" for at, line in enumerate([*lines, '{"u":'], 1)))
    text = (
        'mode = "replay"\nlanes = 2\nhardware.pin = "off"\ninstruments = ["BTC/USDT", "ETH/USDT"]\n'
        f'feed = {{ plugin = "binance-spot", capture = "{path}" }}\n'
    )
    report = run_session(make_session(parse_config(text, "s.toml", Path()), registry), registry)
    assert [(lane.ended, lane.has_figures) for lane in report.lanes] == [("failed", True)] * 2
    assert all("line 59" in (lane.failure or "") for lane in report.lanes)
    assert [one.book.bid for one in report.instruments] == ["100.01", "100.01"]
    assert "Its figures are of what it had run by then." in warnings(report)[0]
