"""The part of a report on a live session's connections, as text and on the page."""

import io

from rich.console import Console

from mainspring.report import BookTime, ConnectionReport, LagReport, LiveFeedReport, LiveReport, render_text, to_html

from .samples import changed

_HEADINGS = ("Connections lost, gaps, and what wasn't answered", "Lag of messages", "Time without a book")


def _live(lag=None, lost=None):
    connection = ConnectionReport(
        instruments=["BTC/USDT"],
        up=True,
        seconds=10.0,
        uptime_s=9.5,
        connected=1,
        failed=0,
        lost=lost or {},
        messages=4_321,
        last_message_s=None,
        lag=lag,
    )
    book = BookTime(instrument="BTC/USDT", valid=True, seconds=10.0, without_s=0.25, outages=1, crossed=0)
    return LiveReport(feeds=[LiveFeedReport(feed="okx", gaps=0, connections=[connection], books=[book])])


def _shown(report):
    out = io.StringIO()
    render_text(report, Console(file=out, width=100))
    return out.getvalue(), to_html(report)


def test_connections_stand_in_the_report(report):
    """All tables, if there is something to say in them."""
    lag = LagReport(count=9, skew_ms=1.0, last_ms=2.0, p50_ms=3.0, p99_ms=4.0, max_ms=55.5)
    whole = changed(report, timing=changed(report.timing, live=_live(lag, {"mute": 1})))
    for shown in _shown(whole):
        assert "4,321" in shown
        assert "55.5 ms" in shown
        assert "0.25 s" in shown
        text = shown.replace("&#39;", "'").replace("&#x27;", "'")
        assert [one for one in _HEADINGS if one not in text] == []


def test_what_there_is_nothing_of_is_left_out(report):
    """No table of losses or lag if there were none; and a session that replays has no connections."""
    for shown in _shown(changed(report, timing=changed(report.timing, live=_live()))):
        assert "4,321" in shown
        assert "Connections lost" not in shown
        assert "Lag of messages" not in shown
    for shown in _shown(report):
        assert "Time without a book" not in shown
