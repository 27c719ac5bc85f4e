from mainspring.session.lanes.silence import SilenceWatch


def test_a_stopped_lane_is_told_once_and_again_when_it_goes_on():
    """After three silent seconds the message has the process and both remedies; it isn't repeated."""
    watch = SilenceWatch(["1", "2"])
    assert watch.heard(0, 70, 10.0) is None
    assert watch.heard(1, 71, 10.0) is None
    assert watch.look(12.9, lambda process: process == 71) == []
    (said,) = watch.look(13.0, lambda process: process == 71)
    assert said.startswith("lane 2 (process 71) has been stopped from outside")
    assert "silent for 3 s" in said
    assert "`kill -CONT 71`" in said
    assert "Ctrl-C" in said
    assert watch.look(20.0, lambda process: process == 71) == []
    assert watch.heard(1, 71, 21.0) == "lane 2 (process 71) goes on"
    assert watch.heard(1, 71, 22.0) is None
    assert len(watch.look(30.0, lambda process: process == 71)) == 1


def test_a_busy_lane_and_one_that_has_ended_are_left_alone():
    """Silence alone says nothing: a lane may be long at work; and the number of an ended process is another's."""
    watch = SilenceWatch(["1"])
    watch.heard(0, 70, 0.0)
    assert watch.look(60.0, lambda _: False) == []
    watch.ended(0)
    assert watch.look(60.0, lambda _: True) == []
