"""Promotions: clean in shadow, then a ramp, then for good; and what stops them."""

import os
from pathlib import Path

import pytest

from mainspring.errors import ConfigError
from mainspring.session.control import ControlFolder, FlagStatus, Status, SwapStatus
from mainspring.session.flag_file import FlagFile, FlagRecord, RampRecord
from mainspring.session.promotion import Promotion

RAMP = RampRecord(steps_bp=(500, 10_000), every_s=60)


class Lanes:
    """Says what lanes say of themselves."""

    def __init__(self, path: Path) -> None:
        self.folder = ControlFolder(path)
        self.folder.make()
        self.file = FlagFile(path)

    def say(self, lane: str = "1", *, inputs: int = 0, differences: int = 0, finished: bool = False) -> None:
        record = self.file.records().get("new")
        number = 0 if record is None else record.number
        flag = FlagStatus(
            name="new",
            slot="book",
            candidate="ladder",
            share_bp=0,
            unit="instrument",
            number=number,
            text="step 1 of 2",
            finished=finished,
        )
        swap = SwapStatus(
            slot="book",
            key="BTC/USDT",
            active="tree",
            standby="ladder",
            differences=differences,
            pause_us=0,
            inputs=inputs,
        )
        self.folder.say(
            Status(lane=lane, process=os.getpid(), mode="running", kills=[], limits=[], flags=[flag], swaps=[swap])
        )

    def promotion(self) -> Promotion:
        return Promotion(self.folder, "book", "ladder", clean=1_000, ramp=RAMP, who="me", why="a test")


@pytest.fixture
def lanes(tmp_path: Path) -> Lanes:
    return Lanes(tmp_path / "control")


def test_a_candidate_is_promoted_once_every_lane_has_ended_its_ramp(lanes: Lanes) -> None:
    """The inputs of all lanes count; then the ramp begins, and at its end the whole share is set for good."""
    lanes.say("1")
    lanes.say("2")
    promotion = lanes.promotion()
    lanes.say("1", inputs=600)
    assert promotion.look() == "shadow: 600 of 1,000 inputs, none differs"
    assert not lanes.file.records()
    lanes.say("2", inputs=400)
    assert promotion.look() == "1,000 inputs without a difference: it ramps now"
    assert lanes.file.records()["new"].ramp == RAMP
    lanes.say("1", inputs=900, finished=True)
    lanes.say("2", inputs=900)
    assert promotion.look() == "lane 1: step 1 of 2; lane 2: step 1 of 2"
    lanes.say("2", inputs=900, finished=True)
    assert promotion.look().startswith("promoted: set the book's plugin to 'ladder' in the config")
    record = lanes.file.records()["new"]
    assert (promotion.phase, record.share_bp, record.ramp, record.why) == ("promoted", 10_000, None, "promoted: a test")


def test_one_difference_in_shadow_stops_it(lanes: Lanes) -> None:
    """Nothing is set then."""
    lanes.say()
    promotion = lanes.promotion()
    lanes.say(inputs=5_000, differences=1)
    assert promotion.look() == "stopped: 1 results differ, see `mainspring flags list`"
    assert promotion.phase == "stopped"
    assert not lanes.file.records()


def test_whatever_else_sets_the_flag_stops_it(lanes: Lanes) -> None:
    """A guard's rollback, say: it is named, and stays."""
    lanes.say(inputs=1_000)
    promotion = lanes.promotion()
    promotion.look()
    lanes.file.set(FlagRecord(name="new", who="a guard", why="too slow", at=""))
    assert promotion.look() == "stopped by a guard: too slow"
    promotion.stop("interrupted")
    assert lanes.file.records()["new"].who == "a guard"


def test_a_person_stops_it_at_any_step(lanes: Lanes) -> None:
    """The candidate is taken back."""
    lanes.say(inputs=1_000)
    promotion = lanes.promotion()
    promotion.look()
    promotion.stop("interrupted")
    record = lanes.file.records()["new"]
    assert (promotion.phase, record.share_bp, record.ramp, record.why) == ("stopped", 0, None, "interrupted")


def test_without_a_candidate_in_shadow_there_is_nothing_to_promote(lanes: Lanes) -> None:
    """Neither without a session, nor without the flag: the error says what to add."""
    with pytest.raises(ConfigError, match="no session with the control folder"):
        lanes.promotion()
    lanes.say()
    with pytest.raises(ConfigError, match=r"has no flag for book whose candidate 'heap' runs in shadow: add"):
        Promotion(lanes.folder, "book", "heap", clean=1, ramp=RAMP, who="me", why="a test")
