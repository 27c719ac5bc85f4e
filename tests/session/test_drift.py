"""The drift watch: medians of a lane's stages held against those of this host's profile."""

import math
from random import Random

import msgspec
import pytest

from mainspring.host.config import load_config
from mainspring.host.session_planning import make_session
from mainspring.lane import FUSED, LaneStages
from mainspring.report import without_timing
from mainspring.session import run_session
from mainspring.session.drift import WINDOW, DriftWatch
from mainspring.telemetry import Histogram

CHUNK = 512
NO_TIMES: tuple[dict[int, int], int, int] = ({}, 0, 0)
CALLED = ("strategy", "slippage", "risk", "route")
EXPECTED = {"feed": 3_000.0, "book": 12_000.0, "whole_path": 7_000.0}


class Lane:
    """A lane's stages, filled with made-up passes: all have a feed and a whole path, one in ten a book.

    `lanes` is how many parts it has, `book_every` how rare the book is.
    """

    def __init__(self, expected=EXPECTED, *, seed=1, chunk=CHUNK, lanes=1, book_every=10):
        self.stages = [LaneStages() for _ in range(lanes)]
        self.watch = DriftWatch("1", expected, self.stages)
        self.messages = 0
        self._random = Random(seed)
        self._chunk = chunk
        self._book_every = book_every

    def run(self, windows, **factors):
        """Some windows of messages, whose stages take so many times what is expected."""
        end = self.messages + windows * WINDOW
        while self.messages < end:
            stages = self.stages[self.messages % len(self.stages)]
            for number in range(self._chunk):
                whole = self._pass(7_000 * factors.get("whole_path", 1.0))
                stages.feed(self._pass(3_000 * factors.get("feed", 1.0)))
                stages.whole_path(whole)
                if number % self._book_every == 0:
                    stages.book(self._pass(12_000 * factors.get("book", 1.0)))
            stages.fold()
            self.messages += self._chunk
            self.watch.look(self.messages, self.messages * 1_000)
        return self.watch.found

    def _pass(self, median_ns):
        return round(median_ns * math.exp(self._random.gauss(0, 0.5)))


def test_a_lane_as_expected_is_not_told_of():
    """Passes that scatter by half, around what is expected: nothing in 40 windows."""
    assert Lane().run(40) == []


def test_windows_that_fluctuate_are_not_told_of():
    """All stages a fifth slower or faster in each window, to and fro: nothing in 40 windows."""
    lane, random = Lane(), Random(3)
    for _ in range(40):
        factor = math.exp(random.gauss(0, 0.18))
        assert lane.run(1, feed=factor, book=factor, whole_path=factor) == []


def test_a_stage_that_has_become_slower_is_told_of_once():
    """With the message and time at which it parted, how much slower it is, and that the others aren't."""
    lane = Lane()
    assert lane.run(6) == []
    (one,) = lane.run(30, book=1.5)
    assert (one.lane, one.stage, one.expected_ns) == ("1", "book", 12_000)
    # To within a window: a fluctuation just before it may be taken for its beginning.
    assert 5 * WINDOW < one.message <= 6 * WINDOW + 1
    assert one.receive_ns == (one.message - 1 + CHUNK) * 1_000
    assert one.message + 29 * WINDOW >= one.certain_at
    assert one.factor == pytest.approx(1.5, rel=0.1)


def test_a_stage_that_has_become_faster_is_told_of_too():
    """Half of what is expected, from the first message on."""
    (one,) = Lane().run(8, whole_path=0.5)
    assert (one.stage, one.message) == ("whole_path", 1)
    assert one.factor == pytest.approx(0.5, rel=0.1)
    assert one.certain_at <= 6 * WINDOW


@pytest.mark.parametrize("chunk", [1, 100, 65_536])
def test_any_chunk_is_watched(chunk):
    """A window ends with a chunk, be it one message or more than a window."""
    lane = Lane(chunk=chunk)
    found = lane.run(max(6, 6 * chunk // WINDOW), feed=2.5)
    assert [one.stage for one in found] == ["feed"]
    assert found[0].message == 1


def test_a_rare_stage_has_longer_windows():
    """One pass in 64 messages makes a sample in four windows; its drift is dated to where such a window began."""
    lane = Lane({"book": 12_000.0}, book_every=64)
    (one,) = lane.run(60, book=3.0)
    assert (one.message, one.certain_at) == (1, 4 * 4 * WINDOW)
    assert one.factor == pytest.approx(3.0, rel=0.1)


def test_the_parts_of_a_lane_are_watched_as_one():
    """Two feeds in one lane, of which one has become much slower: the median of both is held against the profile's."""
    lane = Lane({"feed": 3_000.0}, lanes=2, chunk=511)
    assert lane.run(10) == []
    (one,) = lane.run(20, feed=2.0)
    assert one.stage == "feed"


def test_a_fused_lane_is_watched():
    """Passes that come counted by bucket: feed and book as one, the whole path from there and from the buffer."""
    stages, random = LaneStages(), Random(7)
    counted = dict.fromkeys(CALLED, NO_TIMES)
    stages.add_source(lambda: {**counted})
    watch = DriftWatch("1", {FUSED: 200.0, "whole_path": 200.0}, [stages])
    for chunk in range(16 * WINDOW // CHUNK):
        times = Histogram()
        slower = 2.2 if chunk >= 4 * WINDOW // CHUNK else 1.0
        times.record_many(round(200 * slower * math.exp(random.gauss(0, 0.3))) for _ in range(CHUNK))
        counted |= {"fused": times.counts(), "whole_path": times.counts()}
        stages.fold()
        watch.look((chunk + 1) * CHUNK, chunk)
    assert [(one.stage, one.message) for one in watch.found] == [
        (FUSED, 4 * WINDOW + 1),
        ("whole_path", 4 * WINDOW + 1),
    ]


def test_a_clock_that_tells_no_time_is_borne():
    """Passes of no measured time are as a nanosecond, and no logarithm of nothing is taken."""
    (one,) = Lane({"feed": 10.0}).run(10, feed=0.0)
    assert one.factor == pytest.approx(0.1)


def test_what_has_been_told_is_sampled_no_further():
    """After its one report a stage costs neither time nor memory."""
    stages = LaneStages()
    samples = [stages.watch(stage) for stage in (FUSED, "whole_path", "feed")]
    for stage in (FUSED, "whole_path"):
        stages.unwatch(stage)
    for sample in samples:
        sample.want(10)
    some = ({100: 80}, 8_000, 100)
    stages.add_source(lambda: {"fused": some, **dict.fromkeys(CALLED, NO_TIMES), "whole_path": some})
    stages.whole_path(100)
    stages.feed(100)
    stages.gather()
    assert [len(sample) for sample in samples] == [0, 0, 1]


@pytest.fixture(scope="module")
def plan(registry):
    """A replay of more than six windows, in so many lanes, whose stages are expected to take a nanosecond each."""

    def plan(lanes, stages_ns, seconds):
        overrides = ["mode=replay", f"feed.seconds={seconds}", 'instruments=["BTC/USDT", "ETH/USDT"]', f"lanes={lanes}"]
        overrides += ["decoder.plugin=python", "book.plugin=bisect-list"]
        session = make_session(load_config(None, [*overrides, "hardware.pin=off"]), registry)
        expected = tuple(msgspec.structs.replace(lane, stages_ns=stages_ns) for lane in session.lanes)
        return msgspec.structs.replace(session, lanes=expected)

    return plan


@pytest.mark.parametrize(("lanes", "seconds"), [(1, 60), pytest.param(2, 240, marks=pytest.mark.gate)])
def test_a_session_tells_of_drift_from_each_lane(registry, plan, monkeypatch, lanes, seconds):
    """In one process and in several: which lane, which stage; the results are those of an unwatched session."""
    if lanes == 1:
        # Lanes in processes of their own have the usual windows, for which the session must be four times as long.
        monkeypatch.setattr("mainspring.session.drift.WINDOW", 2_048)
    watched = run_session(plan(lanes, {"feed": 1.0, "whole_path": 1.0}, seconds), registry)
    reported = [(one.lane, one.stage, one.message) for one in watched.timing.drift]
    assert reported == [(str(lane + 1), stage, 1) for lane in range(lanes) for stage in ("feed", "whole_path")]
    unwatched = run_session(plan(lanes, {}, seconds), registry)
    assert unwatched.timing.drift == []
    assert without_timing(watched) == without_timing(unwatched)
