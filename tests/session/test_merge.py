"""Lanes' results become one report."""

from pathlib import Path

import pytest

from mainspring.host.config import parse_config
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.report import FeedReport, OrderLogReport, PacePoint
from mainspring.session.merge import merge
from mainspring.session.results import LaneOutcome, LaneResult, PartResult, StageCounts

TEXT = """
mode = "replay"
lanes = 2
hardware.pin = "off"
instruments = ["BTC/USDT", "ETH/USDT"]
feed.plugin = "simulated"
"""


@pytest.fixture(scope="module")
def session():
    return make_session(parse_config(TEXT, "s.toml", Path()), Registry.load())


def feed(**given):
    fields = {
        "plugin": "simulated",
        "source": "generated",
        "messages": 100,
        "bad_lines": 0,
        "first_receive_ns": 5,
        "last_receive_ns": 50,
        "by_kind": {"delta": 90, "ignored": 10},
        "not_applied": {},
        "gaps": 0,
        "resyncs": 0,
    }
    return FeedReport(**{**fields, **given})


def outcome(name, *, read, stages=None, pace=(), stopped=None, wall_seconds=1.0):
    result = LaneResult(
        parts=[PartResult(feed=read, instruments=[])],
        refusals={"collar_bps": int(name)},
        log=OrderLogReport(lane=name, records=int(name), bytes=10, sha256=name * 64),
        discrepancies={},
        stages=stages or {},
        messages=read.messages,
        wall_seconds=wall_seconds,
        peak_rss_bytes=1_000,
        stopped_early=stopped,
        pace=list(pace),
    )
    return LaneOutcome(name=name, process=int(name) + 40, result=result, messages=read.messages)


def test_messages_that_two_lanes_have_read_count_once(session):
    """Kinds and messages once, gaps of both; unknown is what neither knew: 100 less 10 ignored, 40 and 30 known."""
    report = merge(
        session,
        [
            outcome("1", read=feed(gaps=1, not_applied={"unknown-symbol": 50, "ignored": 10, "stale": 2})),
            outcome("2", read=feed(gaps=2, not_applied={"unknown-symbol": 60, "ignored": 10, "stale": 3})),
        ],
    )
    assert (report.feed.messages, report.feed.by_kind) == (100, {"delta": 90, "ignored": 10})
    assert report.feed.gaps == 3
    assert report.feed.not_applied == {"ignored": 10, "stale": 5, "unknown-symbol": 20}
    assert report.refusals == {"collar_bps": 3}


def test_stages_are_those_of_all_lanes(session):
    """Counts, means and maxima over all passes, whichever lane made them."""
    report = merge(
        session,
        [
            outcome("1", read=feed(), stages={"feed": StageCounts({100: 3}, 300, 100)}, wall_seconds=2.0),
            outcome("2", read=feed(), stages={"feed": StageCounts({100: 1, 900: 1}, 1_000, 900)}),
        ],
    )
    (stage,) = report.timing.stages
    assert (stage.count, stage.mean_ns, stage.p50_ns, stage.max_ns) == (5, 260.0, 100, 900)
    assert (report.timing.wall_seconds, report.timing.messages_per_second) == (2.0, 50.0)
    assert report.timing.peak_rss_bytes == 2_000
    assert [timing.process for timing in report.timing.lanes] == [41, 42]


def test_pace_is_what_all_had_done_by_then(session):
    """At each sample of a lane, the others count with what they had last told."""
    report = merge(
        session,
        [
            outcome("1", read=feed(), pace=[PacePoint(10, 1, 7), PacePoint(30, 4, 9)]),
            outcome("2", read=feed(), pace=[PacePoint(20, 2, 8)]),
        ],
    )
    assert report.timing.pace == [PacePoint(10, 1, 7), PacePoint(20, 3, 8), PacePoint(30, 6, 9)]


@pytest.mark.parametrize(
    ("first", "second", "reported"),
    [
        (None, None, None),
        ("signal SIGINT", "signal SIGINT", "signal SIGINT"),
        ("signal SIGINT", None, "lane 1: signal SIGINT"),
        ("signal SIGINT", "signal SIGTERM", "lane 1: signal SIGINT; lane 2: signal SIGTERM"),
    ],
)
def test_what_stopped_which_lane(session, first, second, reported):
    """One reason for all is told plainly; where lanes differ, each by its name."""
    report = merge(session, [outcome("1", read=feed(), stopped=first), outcome("2", read=feed(), stopped=second)])
    assert report.stopped_early == reported


def test_a_session_whose_lanes_all_failed_is_empty_and_says_so(session):
    """Nothing came in, nothing was done, and each failure stands there."""
    lost = [LaneOutcome(name=name, process=4, result=None, messages=0, failure="gone") for name in ("1", "2")]
    report = merge(session, lost)
    assert (report.feed.messages, report.instruments, report.order_log_sha256) == (0, [], "")
    assert [(lane.ended, lane.failure) for lane in report.lanes] == [("failed", "gone")] * 2
    assert report.timing.messages_per_second == 0
