"""Funding in a whole session: announced by the feed, settled by the venue, booked, logged and reported."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from mainspring.errors import ConfigError
from mainspring.host.config import parse_config
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.model import Funding
from mainspring.orders import read_order_log
from mainspring.session import run_session
from mainspring.session.inputs import RecordedInputs

S = 1_000_000_000
START = 1_723_161_600 * S
FUNDED_S = 8

TEXT = """
feed = {{ plugin = "{feed}", capture = "{capture}" }}
slippage.plugin = "fixed-bps"
[router]
plugin = "paper"
taker_fee_bps = 0
[strategy.buy]
plugin = "twap"
side = "buy"
size = {size}
start_s = 1
duration_s = 4
slices = 2
style = "take"
[risk]
max_order_size = 1_000
max_order_notional = 10_000_000
max_position = 1_000
collar_bps = 50
max_book_age_ms = 2_000
"""

FEEDS = {"binance-usdm": ("BTCUSDT", "0.5"), "binance-coinm": ("BTCUSD_PERP", "50")}


def messages(symbol: str, *, marks: bool) -> list[tuple[int, str]]:
    """Twelve seconds of a market at 60,000.0, with a mark price each second: 60,001.5 before the funding, then more."""
    book = f'"s":"{symbol}","b":[["60000.0","900.1"]],"a":[["60000.2","900.1"]]'
    whole = f'"symbol":"{symbol}","bids":[["60000.0","900.1"]],"asks":[["60000.2","900.1"]]'
    found = [(START, f'{{"lastUpdateId":1,"E":0,{whole}}}')]
    for tenth in range(1, 120):
        now_ns = START + tenth * S // 10
        time_ms, ident = now_ns // 1_000_000, tenth + 1
        found.append((now_ns, f'{{"e":"depthUpdate","E":{time_ms},"U":{ident},"u":{ident},"pu":{ident - 1},{book}}}'))
        if marks and tenth % 10 == 5:
            late = tenth > FUNDED_S * 10
            price, rate = ("60009.25", "0.5") if late else ("60001.5000001", "0.00012")
            due_ms = (START + (FUNDED_S + 100 * late) * S) // 1_000_000
            found.append(
                (
                    now_ns,
                    f'{{"e":"markPriceUpdate","E":{time_ms},"s":"{symbol}","p":"{price}","r":"{rate}","T":{due_ms}}}',
                )
            )
    return found


@pytest.fixture
def run(registry: Registry, tmp_path: Path) -> Callable[..., Any]:
    """Runs a session over such a market; returns its report and its order log."""

    def go(feed: str, *overrides: str, marks: bool = True, **options: Any) -> tuple[Any, Path]:
        symbol, size = FEEDS[feed]
        capture, log = tmp_path / "market.cap", tmp_path / "orders.log"
        capture.write_text("".join(f"{now_ns} {raw}\n" for now_ns, raw in messages(symbol, marks=marks)))
        text = TEXT.format(feed=feed, capture=capture, size=size)
        session = make_session(parse_config(text, "s.toml", tmp_path, overrides), registry)
        return run_session(session, registry, order_log=log, **options), log

    return go


@pytest.mark.parametrize("feed", FEEDS)
@pytest.mark.parametrize("decoder", ["python", "native"])
def test_funding_reaches_report_and_order_log(
    run: Callable[..., Any], registry: Registry, oracle: Any, feed: str, decoder: str
) -> None:
    """A long of 30,000 USDT, or of 5,000 USD in contracts, pays 0.012% of its value at the last mark price before."""
    if decoder not in registry.offers("decoder"):
        pytest.skip("mainspring-native absent")
    report, log = run(feed, f"decoder.plugin={decoder}")
    (one,) = report.instruments
    price, rate = Fraction("60001.5000001"), Fraction("0.00012")
    value = Fraction("0.5") * price if feed == "binance-usdm" else 5_000 / price
    paid = -Fraction(round(value * rate * 10**8), 10**8)
    assert Fraction(one.funding) == paid
    assert [Fraction(part.funding) for part in one.strategies] == [paid]
    assert [total.funding for total in report.totals] == [one.funding]
    (record,) = [record for record in read_order_log(log) if isinstance(record, Funding)]
    assert record.time_ns == START + FUNDED_S * S
    assert (record.rate, record.mark_price) == (Decimal("0.00012"), Decimal("60001.5000001"))
    assert Fraction(record.amount) == paid
    assert oracle.check(report, log, [("linear", "1") if feed == "binance-usdm" else ("inverse", "100")]) == []


def test_any_decoder_and_chunk_funds_the_same(registry: Registry, run: Callable[..., Any]) -> None:
    """Both decoders, in chunks of 1 and of 512, log the same."""
    decoders = [name for name in ("python", "native") if name in registry.offers("decoder")]
    digests = {
        run("binance-usdm", f"decoder.plugin={decoder}", f"session.chunk={chunk}")[0].order_log_sha256
        for decoder in decoders
        for chunk in (1, 512)
    }
    assert len(digests) == 1


def test_what_was_fed_funds_again(run: Callable[..., Any], tmp_path: Path) -> None:
    """Recorded inputs hold the settled funding: run again, they give the same order log and funding."""
    first, _ = run("binance-usdm", record_inputs=tmp_path / "session.inputs")
    again, _ = run("binance-usdm", inputs=RecordedInputs(tmp_path / "session.inputs"))
    assert first.order_log_sha256 == again.order_log_sha256
    assert first.instruments[0].funding == again.instruments[0].funding
    assert Fraction(first.instruments[0].funding) < 0


@pytest.mark.parametrize("decoder", ["python", "native"])
def test_positions_are_valued_at_the_venues_mark(run: Callable[..., Any], registry: Registry, decoder: str) -> None:
    """The last mark price, finer than a tick; where none came it is the mid, and the report says so."""
    if decoder not in registry.offers("decoder"):
        pytest.skip("mainspring-native absent")
    options = (f"decoder.plugin={decoder}", "portfolio.mark=venue")
    report, _ = run("binance-usdm", *options)
    (one,) = report.instruments
    assert (Fraction(one.mark), one.mark_source) == (Fraction("60009.25"), "venue")
    assert Fraction(one.unrealised) == Fraction("0.5") * (Fraction("60009.25") - Fraction(one.average_entry))
    report, _ = run("binance-usdm", *options, marks=False)
    (one,) = report.instruments
    assert (Fraction(one.mark), one.mark_source, one.mark_wanted) == (Fraction("60000.1"), "mid", "venue")


def test_marks_that_no_feed_reports_are_refused(registry: Registry) -> None:
    """By the key, with the feeds and what to do."""
    text = 'feed.plugin = "simulated"\ninstruments = ["BTC/USDT"]\nmode = "replay"\nportfolio.mark = "venue"\n'
    with pytest.raises(ConfigError, match=r"s\.toml:4: portfolio\.mark: no mark prices come from 'simulated'"):
        make_session(parse_config(text, "s.toml", Path()), registry)
