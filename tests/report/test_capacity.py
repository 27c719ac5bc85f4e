"""The capacity model, on made-up stage costs whose answer can be reckoned by hand."""

from typing import Any

import pytest

from mainspring.report import (
    FeedReport,
    PacePoint,
    SessionReport,
    SlotReport,
    StageReport,
    TimingReport,
)
from mainspring.report.capacity import Outside, busiest, capacity, capacity_of, lanes_needed

CALIBRATION = {
    "python": Outside(fold_ns=100.0, message_ns=300.0),
    "native": Outside(fold_ns=100.0, message_ns=1_000.0, callback_ns=500.0),
}


def stage(name: str, count: int, mean_ns: float) -> StageReport:
    return StageReport(
        stage=name,
        count=count,
        mean_ns=mean_ns,
        p50_ns=0,
        p99_ns=0,
        p99_9_ns=0,
        max_ns=0,
        budget_us=None,
        over_budget=0,
        percentiles=[],
    )


PYTHON = [
    stage("feed", 1_000, 4_000.0),
    stage("book", 100, 10_000.0),
    stage("strategy", 500, 1_000.0),
    stage("venue", 50, 250_000.0),
    stage("whole_path", 1_000, 7_000.0),
]


def test_a_message_costs_what_its_stages_the_rest_and_the_outside_cost() -> None:
    """4,000 + 1,000 + 500 ns of stages, 1,500 between them; 2.65 passes folded and one hand-over around: 7,565 ns."""
    found = capacity_of(PYTHON, "python", CALIBRATION)
    assert found.share_ns == pytest.approx(
        {"feed": 4_000, "book": 1_000, "strategy": 500, "between the stages": 1_500, "around the path": 265 + 300}
    )
    assert found.message_ns == pytest.approx(7_565)
    assert found.saturation == pytest.approx(1e9 / 7_565)


def test_the_venues_time_is_nobodys_work() -> None:
    """A venue of a second that answers in the session's clock changes nothing."""
    slow = [*PYTHON[:3], stage("venue", 50, 1e9), PYTHON[4]]
    assert capacity_of(slow, "python", CALIBRATION) == capacity_of(PYTHON, "python", CALIBRATION)


def test_a_fused_lane_pays_for_callbacks_instead_of_messages() -> None:
    """All messages fused: no hand-over for each, but one wake in two, at 500 ns, and its pass to fold."""
    fused = [stage("feed+book", 1_000, 300.0), stage("strategy", 500, 200.0), stage("whole_path", 1_000, 700.0)]
    found = capacity_of(fused, "native", CALIBRATION)
    assert found.share_ns["between the stages"] == pytest.approx(700 - 300 - 100)
    assert found.share_ns["around the path"] == pytest.approx(0.5 * 100 + 0.5 * 500)
    half = [stage("feed+book", 500, 300.0), *fused[1:]]
    assert capacity_of(half, "native", CALIBRATION).share_ns["around the path"] == pytest.approx(
        (1_000 * 100 + 500 * 1_000 + 250 * 500) / 1_000
    )


def test_stage_costs_of_a_lane_that_waited_are_brought_down_to_one_that_does_not() -> None:
    """A quarter more while waiting: the path's 7,000 ns were 5,600, and what lies around it stays."""
    calibration = {"python": Outside(fold_ns=100.0, message_ns=300.0, pause=1.25)}
    found = capacity_of(PYTHON, "python", calibration, paused=True)
    assert found.share_ns["feed"] == pytest.approx(3_200)
    assert found.message_ns == pytest.approx(7_000 / 1.25 + 265 + 300)
    assert capacity_of(PYTHON, "python", calibration) == capacity_of(PYTHON, "python", CALIBRATION)


def test_a_decoder_that_nobody_calibrated_is_taken_for_the_python_one() -> None:
    """A stranger's decoder has a capacity too."""
    assert capacity_of(PYTHON, "acme", CALIBRATION) == capacity_of(PYTHON, "python", CALIBRATION)


def report(stages: list[StageReport], pace: list[PacePoint], decoder: str = "python") -> SessionReport:
    slot = SlotReport(slot="decoder", plugin=decoder, distribution="d", version="1", rule="default", because="")
    feed = FeedReport(
        plugin="p",
        source="s",
        messages=1_000,
        bad_lines=0,
        first_receive_ns=0,
        last_receive_ns=10**10,
        by_kind={},
        not_applied={},
        gaps=0,
        resyncs=0,
    )
    timing = TimingReport(
        wall_seconds=1.0, messages_per_second=1.0, stages=stages, peak_rss_bytes=0, host={}, pace=pace
    )
    empty: dict[str, Any] = {"config": "", "mode": "paper", "seed": 1, "instruments": [], "refusals": {}}
    return SessionReport(
        mainspring="0",
        slots=[slot],
        feed=feed,
        order_log_records=0,
        order_log_bytes=0,
        order_log_sha256="",
        stopped_early=None,
        timing=timing,
        **empty,
    )


def test_a_report_says_its_decoder() -> None:
    """The decoder's slot decides which costs outside the clocks are taken."""
    native = capacity(report(PYTHON, [], "native"), CALIBRATION)
    assert native.message_ns == pytest.approx(7_565 + 700)


def test_a_report_without_messages_has_no_capacity() -> None:
    """Nothing to predict from is said, rather than an infinite rate."""
    with pytest.raises(ValueError, match="nothing to predict from"):
        capacity(report([], []), CALIBRATION)


def test_the_busiest_stretch_is_the_peak() -> None:
    """512 messages in a tenth of a second of market time; three in a microsecond at the end are no rate."""
    pace = [
        PacePoint(10**8, 512, 10**9),
        PacePoint(2 * 10**8, 1_024, 11 * 10**8),
        PacePoint(3 * 10**8, 1_027, 11 * 10**8 + 1_000),
    ]
    assert busiest(report(PYTHON, pace)) == pytest.approx(5_120)
    with pytest.raises(ValueError, match="--peak"):
        busiest(report(PYTHON, []))


@pytest.mark.parametrize(
    ("peak", "load", "lanes"), [(120_000, 0.5, 3), (80_000, 0.5, 2), (80_001, 0.5, 3), (1, 0.9, 1), (0, 0.5, 1)]
)
def test_lanes_carry_the_peak_at_their_load(peak: float, load: float, lanes: int) -> None:
    """A lane that takes 80,000 a second carries its share of that, and there is always one."""
    assert lanes_needed(peak, 80_000, load) == lanes


@pytest.mark.parametrize("load", [0, 1, 1.5, -0.1])
def test_a_load_that_no_lane_can_have_is_refused(load: float) -> None:
    """At its saturation a lane falls behind for ever."""
    with pytest.raises(ValueError, match="above 0 and below 1"):
        lanes_needed(1, 80_000, load)
