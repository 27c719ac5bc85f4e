"""Sums over currencies: there are none, in no form of the report."""

import io
from decimal import Decimal
from pathlib import Path

import pytest
from rich.console import Console

from mainspring.host.config import load_config, parse_config
from mainspring.host.session_planning import make_session
from mainspring.model import Instrument
from mainspring.portfolio import Valuation
from mainspring.report import (
    BookReport,
    FeedReport,
    InstrumentReport,
    OrderLogReport,
    from_json,
    render_text,
    to_html,
    to_json,
)
from mainspring.session import run_session
from mainspring.session.currency_totals import currency_totals
from mainspring.session.merge import merge
from mainspring.session.results import LaneOutcome, LaneResult, PartResult

MS = 1_000_000


def depth(symbol, at_ms, number, bids, asks):
    body = f'"e":"depthUpdate","E":{at_ms},"T":{at_ms},"s":"{symbol}","U":{number},"u":{number},"pu":{number - 1}'
    sides = f'"b":[{bids}],"a":[{asks}]'
    return f'{at_ms * MS} {{"stream":"{symbol.lower()}@depth@0ms","data":{{{body},{sides}}}}}\n'


def snapshot(symbol, at_ms, bid, ask):
    return (
        f'{at_ms * MS} {{"lastUpdateId":100,"E":{at_ms},"T":{at_ms},"symbol":"{symbol}",'
        f'"bids":[["{bid}","100"]],"asks":[["{ask}","100"]]}}\n'
    )


@pytest.fixture
def two_coins(tmp_path):
    """Two inverse contracts, one settled in bitcoin and one in ether, whose prices rise by a tenth."""
    start = 1_760_000_000_000
    lines = [snapshot("BTCUSD_PERP", start, "50000.0", "50000.1"), snapshot("ETHUSD_PERP", start, "2000.00", "2000.01")]
    for at, (up_btc, up_eth) in enumerate([(0, 0), (500, 20), (5_000, 200)], start=1):
        for symbol, bid, ask, last_bid, last_ask in (
            ("BTCUSD_PERP", 50_000 + up_btc, 50_000.1 + up_btc, "50000.0", "50000.1"),
            ("ETHUSD_PERP", 2_000 + up_eth, 2_000.01 + up_eth, "2000.00", "2000.01"),
        ):
            bids, asks = f'["{bid:.2f}","{100 + at}"]', f'["{ask:.2f}","{100 + at}"]'
            if at > 1:
                bids, asks = f'["{last_bid}","0"],{bids}', f'["{last_ask}","0"],{asks}'
            lines.append(depth(symbol, start + at, 100 + at, bids, asks))
    path = tmp_path / "two_coins.cap"
    path.write_text("".join(lines))
    return path


def traded(symbol, currency, net):
    return InstrumentReport(
        symbol=symbol,
        tick_size="0.01",
        lot_size="1",
        origin="capture",
        orders=1,
        accepted=1,
        cancelled=0,
        replaced=0,
        fills=1,
        maker_fills=1,
        bought="1",
        sold="0",
        position="1",
        realised="0",
        unrealised=net,
        fees="0",
        profit=net,
        net=net,
        profit_currency=currency,
        book=BookReport(bid="1", ask="2", mid="1.5", levels=2, live=True, crossed=0),
        slippage=[],
        mids=[],
        fill_samples=[],
    )


def text_of(report):
    out = io.StringIO()
    render_text(report, Console(file=out, width=100))
    return " ".join(out.getvalue().split())


def test_a_contract_settles_in_its_own_coin(two_coins, registry):
    """Bitcoin for BTCUSD_PERP, ether for ETHUSD_PERP, each with a total of its own in text, JSON and page."""
    overrides = ["mode=replay", "instruments=[]", f'feed={{plugin="binance-coinm", capture="{two_coins}"}}']
    report = run_session(make_session(load_config(None, overrides), registry), registry)
    assert {one.symbol: one.profit_currency for one in report.instruments} == {
        "BTCUSD_PERP": "BTC",
        "ETHUSD_PERP": "ETH",
    }
    assert [total.currency for total in report.totals] == ["BTC", "ETH"]


def test_lanes_are_merged_currency_by_currency(registry):
    """Bitcoin of one lane, ether and bitcoin of another: one amount for each, never a sum of both."""
    text = (
        'mode = "replay"\nlanes = 2\nhardware.pin = "off"\ninstruments = ["A", "B", "C"]\nfeed.plugin = "simulated"\n'
    )
    shares = {"1": [traded("A", "BTC", "0.0454")], "2": [traded("B", "ETH", "-1.5"), traded("C", "BTC", "0.0001")]}
    session = make_session(parse_config(text, "s.toml", Path()), registry)
    outcomes = [outcome(name, instruments) for name, instruments in shares.items()]
    report = merge(session, outcomes)
    assert {total.currency: total.net for total in report.totals} == {"BTC": "0.0455", "ETH": "-1.5"}
    assert from_json(to_json(report)) == report
    page = to_html(report)
    assert "net +0.04550000 BTC, -1.5000 ETH" in text_of(report)
    for words in ("+0.04550000 <small>BTC</small>", "-1.5000 <small>ETH</small>"):
        assert words in page
    for other in (text_of(report), page):
        assert "1.4545" not in other
        assert "1.4546" not in other


def outcome(name, instruments):
    feed = FeedReport(
        plugin="simulated",
        source="generated",
        messages=1,
        bad_lines=0,
        first_receive_ns=5,
        last_receive_ns=50,
        by_kind={},
        not_applied={},
        gaps=0,
        resyncs=0,
    )
    log = OrderLogReport(lane=name, records=0, bytes=0, sha256=name * 64)
    result = LaneResult(
        parts=[PartResult(feed=feed, instruments=instruments)],
        refusals={},
        discrepancies={},
        log=log,
        stages={},
        messages=1,
        wall_seconds=1.0,
        peak_rss_bytes=1,
        stopped_early=None,
        pace=[],
    )
    return LaneOutcome(name=name, process=1, result=result, messages=1)


def test_an_unknown_amount_leaves_its_own_currency_unknown():
    """A position without a mark makes the total of its currency unknown, and no other."""
    totals = currency_totals([traded("A", "BTC", None), traded("B", "BTC", "1"), traded("C", "ETH", "2")])
    assert [(total.currency, total.net, total.fees) for total in totals] == [("BTC", None, "0"), ("ETH", "2", "0")]


def test_currencies_that_are_not_known_are_never_one():
    """Two contracts whose symbols don't say what they settle in are kept apart by their names."""

    def currency(symbol, **given):
        one = Instrument(symbol=symbol, venue_symbol=symbol, tick_size=Decimal(1), lot_size=Decimal(1), **given)
        return Valuation(one).currency

    assert currency("X_PERP", contract="inverse") == "base currency of X_PERP"
    assert currency("Y_PERP", contract="inverse") != currency("X_PERP", contract="inverse")
    assert currency("AAPL") == "quote currency of AAPL"
    assert currency("X_PERP", contract="inverse", settle_currency="X") == "X"
    assert (currency("A/USD"), currency("A/USD:USD"), currency("A/USD", contract="inverse")) == ("USD", "USD", "A")
