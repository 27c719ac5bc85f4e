"""Feeds side by side: the same events, what differs, and what a candidate does that serves."""

from collections.abc import Sequence
from itertools import count
from typing import Any

import pytest

from mainspring.errors import WireError
from mainspring.lane.swaps import Candidate, Difference, FeedPair, FeedPairs, Part, SwapRefusedError
from mainspring.seams import FeedStatistics, ResyncRequest

USUAL, OTHER = Candidate("usual", {}), Candidate("other", {})


class ScriptedFeed:
    """Gives what `answers` has for a message, and counts."""

    def __init__(self) -> None:
        self.answers: dict[bytes, Sequence[Any] | Exception] = {}
        self.seen = 0
        self.asked = 0

    def on_message(self, raw: bytes, receive_time_ns: int) -> Sequence[Any]:
        answer = self.answers.get(raw, [raw])
        if isinstance(answer, Exception):
            raise answer
        self.seen += 1
        return answer

    def subscriptions(self, now_ns: int) -> Sequence[bytes]:
        return [b"please"]

    def take_resync_requests(self) -> Sequence[ResyncRequest]:
        self.asked += 1
        return [ResyncRequest(0, "http-get", "/depth")]

    def statistics(self) -> FeedStatistics:
        return FeedStatistics(self.seen, {}, {}, 0, 0)


class Table:
    """A pair of feeds in the slot "decoder"."""

    def __init__(self) -> None:
        ticks = count()
        self.control, self.candidate = ScriptedFeed(), ScriptedFeed()
        self.feed: Any = FeedPair(self.control, self.candidate, lambda: next(ticks))
        self.found: list[Difference] = []
        self.pairs = FeedPairs(
            "decoder",
            [self.feed],
            [Part(OTHER, "acme", self.candidate)],
            ["spot"],
            [Part(USUAL, "acme", self.control)],
            self.found.append,
            lambda: 5,
        )


@pytest.fixture
def table() -> Table:
    return Table()


def test_both_read_and_change_places(table: Table) -> None:
    """Requests and counters are the active one's; the other's requests are taken, so that they don't heap up."""
    assert table.feed.on_message(b"a", 1) == [b"a"]
    table.pairs.swap(0)
    assert (table.pairs.active(0), table.pairs.standby(0)) == (OTHER, USUAL)
    assert table.feed.on_message(b"b", 2) == [b"b"]
    assert len(table.feed.take_resync_requests()) == 1
    assert (table.control.asked, table.candidate.asked) == (1, 1)
    assert table.feed.statistics().messages == 2
    assert not table.found
    table.pairs.swap(0)
    assert table.pairs.active(0) == USUAL
    table.pairs.end(0)
    table.feed.on_message(b"c", 3)
    assert (table.control.seen, table.candidate.seen) == (3, 2)


def test_what_both_refuse_is_no_difference(table: Table) -> None:
    """The control's error is raised."""
    table.control.answers[b"x"], table.candidate.answers[b"x"] = WireError("bad"), WireError("worse")
    with pytest.raises(WireError, match="bad"):
        table.feed.on_message(b"x", 1)
    assert not table.found


@pytest.mark.parametrize("serving", [False, True])
@pytest.mark.parametrize("answer", [[b"other"], [], WireError("bad"), RuntimeError("broken")])
def test_a_candidate_that_differs_is_dropped(table: Table, serving: bool, answer: Any) -> None:
    """Whether it serves or not, the control's events are given, from that very message on."""
    table.feed.on_message(b"a", 1)
    if serving:
        table.pairs.swap(0)
    table.candidate.answers[b"x"] = answer
    assert table.feed.on_message(b"x", 2) == [b"x"]
    assert (table.pairs.active(0), table.pairs.standby(0)) == (USUAL, None)
    (found,) = table.found
    assert (found.slot, found.key, found.input) == ("decoder", "spot", "x")
    assert table.feed.on_message(b"b", 3) == [b"b"]
    assert table.candidate.seen <= 2


def test_what_the_control_alone_refuses_is_refused(table: Table) -> None:
    """The candidate would have taken it."""
    table.control.answers[b"x"] = WireError("bad")
    with pytest.raises(WireError, match="bad"):
        table.feed.on_message(b"x", 1)
    assert table.pairs.standby(0) is None


def test_only_the_candidate_that_has_read_everything_takes_over(table: Table) -> None:
    """Not one that is named later, and not one that has counted otherwise."""
    with pytest.raises(SwapRefusedError, match="has to read from the session's first message on"):
        table.pairs.shadow(0, Candidate("late", {}))
    table.candidate.seen += 1
    with pytest.raises(SwapRefusedError, match="has counted other messages"):
        table.pairs.swap(0)
    assert table.pairs.active(0) == USUAL
