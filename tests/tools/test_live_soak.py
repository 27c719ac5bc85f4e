"""The soak of live sessions: what it finds, and a short one."""

import msgspec
import pytest

from mainspring.report import BookTime, ConnectionReport, LiveFeedReport
from mainspring_tools.live_soak import Sample, Soaked, busiest_second, problems, soak

_S = 1_000_000_000


def _soaked(resident=(100,) * 9, lag_ms=(5.0,) * 9, **changes):
    connection = ConnectionReport(
        instruments=["C01/USDT"],
        up=True,
        seconds=90.0,
        uptime_s=90.0,
        connected=1,
        failed=0,
        lost={},
        messages=900,
        last_message_s=0.1,
    )
    book = BookTime(instrument="C01/USDT", valid=True, seconds=90.0, without_s=0.1, outages=0, crossed=0)
    feed = LiveFeedReport(feed="binance-spot", gaps=0, connections=[connection], books=[book])
    samples = [
        Sample(seconds=10.0 * at, sent=100 * at, received=100 * at, resident=size * 1_000_000, lag_ms=lag)
        for at, (size, lag) in enumerate(zip(resident, lag_ms, strict=True), 1)
    ]
    whole = Soaked(samples=samples, sent=[900], received=[900], run=910, feed=feed)
    return msgspec.structs.replace(whole, **changes)


def test_a_soak_in_which_nothing_happened():
    """What a session takes at first is no growth, and neither is one sample that stands out."""
    assert problems(_soaked()) == []
    assert problems(_soaked(resident=(20, 60, 90, 100, 100, 100, 101, 101, 101))) == []
    assert problems(_soaked(lag_ms=(5, 5, 5, 5, 5, 5, 5, 900, 5))) == []


@pytest.mark.parametrize(
    ("soaked", "problem"),
    [
        (_soaked(resident=range(100, 190, 10)), "the memory grows: 140.0 MB, then 170.0 MB"),
        (_soaked(lag_ms=(5, 5, 5, 5, 5, 5, 400, 500, 600)), "the lag grows: 5 ms, then 500 ms"),
        (_soaked(sent=[901]), "connection 1: 901 messages were sent and 900 received"),
        (_soaked(run=899), "900 messages were received, and the lane ran 899"),
        (_soaked(samples=[]), "nothing was measured: some connection brought nothing"),
    ],
    ids=["memory", "lag", "dropped", "not run", "nothing"],
)
def test_what_is_wrong_is_named(soaked, problem):
    """Growth, what was dropped on the way, and what the lane left out."""
    assert problems(soaked) == [problem]


def test_what_the_session_says_is_named():
    """Losses, gaps, snapshots that didn't come and books that aren't there."""
    feed = _soaked().feed
    (link,), (book,) = feed.connections, feed.books
    feed = msgspec.structs.replace(
        feed,
        gaps=2,
        failed_requests={"no answer": 4},
        connections=[msgspec.structs.replace(link, lost={"mute": 3})],
        books=[msgspec.structs.replace(book, valid=False)],
    )
    assert problems(_soaked(feed=feed)) == [
        "connections were lost: mute (3)",
        "snapshots weren't fetched: no answer (4)",
        "2 gaps, and the venue left nothing out",
        "C01/USDT has no book",
    ]


def test_the_busiest_second():
    """Of whole seconds of the receive time, in any order; nothing of nothing."""
    times = [0, 1, 2 * _S, 2 * _S + 5, 3 * _S - 1, 3 * _S, 2]
    assert busiest_second([(one, b"") for one in times]) == 3
    assert busiest_second([]) == 0


@pytest.mark.gate
def test_a_short_soak_loses_nothing(tmp_path):
    """Three connections for some seconds: what was sent is received on each and run, and all books stand."""
    soaked = soak(3.0, 3, 300.0, tmp_path)
    assert soaked.sent == soaked.received
    assert min(soaked.received) > 0
    # How fast and steady it went is the machine's matter here.
    assert problems(msgspec.structs.replace(soaked, samples=soaked.samples[:1])) == []
