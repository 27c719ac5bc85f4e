"""Prices grow old in silence: a request that a timer makes then is refused for their age at that instant."""

import pytest

from mainspring.host.config import load_config
from mainspring.host.session_planning import make_session
from mainspring.session import run_session
from mainspring_plugins.strategies.quote_maker import QuoteMaker

S = 1_000_000_000


@pytest.mark.parametrize("decoder", ["python", "native"])
def test_a_request_in_silence_meets_prices_of_their_true_age(registry, tmp_path, monkeypatch, decoder):
    """Quotes at 1 and 6 s, a request each half second, and a limit of 2 s: those from 3.5 s on are refused."""
    if decoder not in registry.offers("decoder"):
        pytest.skip("mainspring-native absent")

    def start(self, session):
        session.every(seconds=0.5, call=lambda: session.markets[0].buy(size="0.01", price="100.00"))

    monkeypatch.setattr(QuoteMaker, "on_start", start)
    for name in ("on_bbo", "on_fill", "on_order"):
        monkeypatch.setattr(QuoteMaker, name, lambda self, *told: None)
    quote = b'{"u":%d,"s":"BTCUSDT","b":"100.00","B":"2.01","a":"100.02","A":"1"}'
    book = b'{"lastUpdateId":10,"bids":[["100.00","2.01"]],"asks":[["100.02","1"]]}'
    lines = [b"%d %s" % (S, book), b"%d %s" % (S, quote % 11), b"%d %s" % (6 * S, quote % 12)]
    path = tmp_path / "silence.cap"
    path.write_bytes(b"\n".join(lines) + b"\n")
    source = f'feed={{plugin="binance-spot", capture="{path}"}}'
    overrides = (source, f"decoder.plugin={decoder}", "slippage.plugin=fixed-bps", "risk.max_book_age_ms=2_000")
    report = run_session(make_session(load_config(None, overrides), registry), registry)
    assert report.instruments[0].orders == 10
    assert report.refusals == {"max_book_age_ms": 6}
