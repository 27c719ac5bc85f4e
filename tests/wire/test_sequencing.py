"""Numbering: each cause of the venues' published rules, gaps, quarantine and resynchronisation."""

import msgspec
import pytest

from mainspring.model import BookDelta, BookInvalid, BookSnapshot
from mainspring.seams import ResyncRequest
from mainspring.wire import Cause, Chained, Contiguous, DeltaMessage, Format, Integer, Levels, SnapshotMessage
from mainspring.wire._sync import MAX_BUFFERED_DELTAS, RENUMBERED_DELTAS


def _kinds(events: list[object]) -> list[str]:
    return [type(event).__name__ for event in events]


def test_buffered_deltas_follow_the_snapshot_that_bridges(contiguous, opened, make):
    """Deltas before the snapshot are kept; those that it doesn't hold follow it, and the book goes on from there."""
    feed = opened(contiguous)
    for first, last in ((8, 10), (11, 12), (13, 15)):
        assert feed.send(make.delta(first, last)) == []
    events = feed.send(make.snapshot(11))
    assert _kinds(events) == ["BookSnapshot", "BookDelta", "BookDelta"]
    assert [event.last_id for event in events] == [11, 12, 15]
    assert feed.causes() == {Cause.PRE_SNAPSHOT: 3}
    assert _kinds(feed.send(make.delta(16, 18))) == ["BookDelta"]


def test_contiguous_causes(contiguous, opened, make):
    """Stale, duplicate and out-of-order deltas are told apart, counted and not applied."""
    feed = opened(contiguous)
    feed.send(make.snapshot(100))
    assert feed.send(make.delta(95, 100)) == []
    assert feed.causes() == {Cause.STALE: 1}
    assert _kinds(feed.send(make.delta(99, 103))) == ["BookDelta"]
    assert _kinds(feed.send(make.delta(104, 106))) == ["BookDelta"]
    assert feed.send(make.delta(104, 106)) == []
    assert feed.send(make.delta(99, 103)) == []
    assert feed.causes() == {Cause.STALE: 1, Cause.DUPLICATE: 1, Cause.OUT_OF_ORDER: 1}


@pytest.mark.parametrize("first", [102, 103, 200])
def test_contiguous_gap(contiguous, opened, make, first):
    """A first id beyond the book's next is a gap: one BookInvalid, quarantine, one request."""
    feed = opened(contiguous)
    feed.send(make.snapshot(100))
    events = feed.send(make.delta(first, first + 1))
    assert events == [BookInvalid(0, feed.now, Cause.GAP)]
    assert feed.send(make.delta(first + 2, first + 3)) == []
    assert feed.causes() == {Cause.GAP: 1, Cause.QUARANTINED: 1}
    assert feed.feed.take_resync_requests() == [ResyncRequest(0, "http-get", "/depth?symbol=BTCUSD")]
    assert feed.feed.take_resync_requests() == []
    assert feed.feed.statistics().gaps == 1


def test_contiguous_takes_the_next_id(contiguous, opened, make):
    """A first id that is just the book's next is no gap."""
    feed = opened(contiguous)
    feed.send(make.snapshot(100))
    assert _kinds(feed.send(make.delta(101, 101))) == ["BookDelta"]


def test_resynchronised_after_a_gap(contiguous, opened, make):
    """The snapshot that bridges restores the book, with the deltas kept since the gap; one that is too old doesn't."""
    feed = opened(contiguous)
    feed.send(make.snapshot(100))
    feed.send(make.delta(105, 107))
    feed.send(make.delta(108, 109))
    feed.feed.take_resync_requests()
    assert feed.send(make.snapshot(103)) == []
    assert feed.causes()[Cause.STALE] == 1
    assert len(feed.feed.take_resync_requests()) == 1
    events = feed.send(make.snapshot(104))
    assert _kinds(events) == ["BookSnapshot", "BookDelta", "BookDelta"]
    assert _kinds(feed.send(make.delta(110, 111))) == ["BookDelta"]
    assert (feed.feed.statistics().gaps, feed.feed.statistics().resyncs) == (1, 1)


def test_gap_among_buffered_deltas(contiguous, opened, make):
    """After a gap among buffered deltas only those beyond it are of use: an older snapshot doesn't restore the book."""
    feed = opened(contiguous)
    feed.send(make.delta(1, 2))
    feed.send(make.delta(10, 12))
    assert feed.send(make.snapshot(2)) == []
    assert _kinds(feed.send(make.snapshot(11))) == ["BookSnapshot", "BookDelta"]
    assert feed.feed.statistics().gaps == 0


def test_snapshots_of_a_live_book(contiguous, opened, make):
    """A later snapshot is emitted unless it is older than the book."""
    feed = opened(contiguous)
    feed.send(make.snapshot(100))
    feed.send(make.delta(101, 105))
    assert feed.send(make.snapshot(104)) == []
    assert _kinds(feed.send(make.snapshot(105))) == ["BookSnapshot"]
    assert _kinds(feed.send(make.delta(106, 107))) == ["BookDelta"]
    assert _kinds(feed.send(make.snapshot(120))) == ["BookSnapshot"]
    assert feed.send(make.delta(108, 119)) == []
    assert feed.causes() == {Cause.STALE: 2}


def test_chained_causes(chained, opened, make):
    """The first delta after the snapshot must hold its id, and each one after names the one before."""
    feed = opened(chained)
    feed.send(make.snapshot(100))
    assert feed.send(make.delta(90, 99, 89)) == []
    assert _kinds(feed.send(make.delta(95, 105, 94))) == ["BookDelta"]
    assert _kinds(feed.send(make.delta(110, 120, 105))) == ["BookDelta"]
    assert feed.send(make.delta(110, 120, 105)) == []
    assert feed.send(make.delta(95, 105, 94)) == []
    assert feed.causes() == {Cause.STALE: 1, Cause.DUPLICATE: 1, Cause.OUT_OF_ORDER: 1}
    assert _kinds(feed.send(make.delta(121, 130, 119))) == ["BookInvalid"]


def test_chained_gap_right_after_the_snapshot(chained, opened, make):
    """A first delta that begins beyond the snapshot's id is a gap, unless it names that very id as the one before."""
    feed = opened(chained)
    feed.send(make.snapshot(100))
    assert _kinds(feed.send(make.delta(101, 105, 99))) == ["BookInvalid"]
    other = opened(chained)
    other.send(make.snapshot(100))
    assert _kinds(other.send(make.delta(104, 105, 100))) == ["BookDelta"]


def test_chained_first_delta_may_end_at_the_snapshot(chained, opened, make):
    """A delta that ends at the snapshot's very id is the first to be applied, kept or not."""
    kept = opened(chained)
    kept.send(make.delta(90, 100, 89))
    assert [event.last_id for event in kept.send(make.snapshot(100))] == [100, 100]
    later = opened(chained)
    later.send(make.snapshot(100))
    assert _kinds(later.send(make.delta(90, 100, 89))) == ["BookDelta"]


def test_chained_bridges_over_buffered_deltas(chained, opened, make):
    """A snapshot drops the buffered deltas below its id and goes on with the one that holds it."""
    feed = opened(chained)
    for first, last, previous in ((10, 12, 9), (15, 20, 12), (25, 30, 20)):
        feed.send(make.delta(first, last, previous))
    events = feed.send(make.snapshot(17))
    assert [event.last_id for event in events] == [17, 20, 30]


def test_instruments_are_apart(contiguous, opened, make):
    """A gap in one instrument leaves the other live."""
    feed = opened(contiguous)
    feed.send(make.snapshot(100))
    feed.send(make.snapshot(500, "ETHUSD"))
    feed.send(make.delta(105, 106))
    assert _kinds(feed.send(make.delta(501, 502, symbol="ETHUSD"))) == ["BookDelta"]
    assert [request.instrument for request in feed.feed.take_resync_requests()] == [0]


def test_buffered_deltas_are_bounded(contiguous, opened, make):
    """The oldest buffered delta goes when one too many comes; the snapshot must then bridge to the oldest left."""
    feed = opened(contiguous)
    for number in range(1, MAX_BUFFERED_DELTAS + 3):
        feed.send(make.delta(number, number))
    assert feed.causes() == {Cause.PRE_SNAPSHOT: MAX_BUFFERED_DELTAS + 2, Cause.OVERFLOW: 2}
    assert feed.send(make.snapshot(1)) == []
    assert len(feed.send(make.snapshot(2))) == MAX_BUFFERED_DELTAS + 1


def test_a_snapshot_is_asked_for_at_the_first_delta(contiguous, opened, make):
    """Each instrument asks once, when its first delta is kept."""
    feed = opened(contiguous)
    assert feed.feed.take_resync_requests() == []
    feed.send(make.delta(1, 2))
    feed.send(make.delta(3, 4))
    assert [request.target for request in feed.feed.take_resync_requests()] == ["/depth?symbol=BTCUSD"]


def test_a_reset_flag_marks_a_snapshot(books_by_rows, opened):
    """Without numbers, deltas before the first snapshot are lost, and all after it continue."""
    feed = opened(books_by_rows)
    book = {"T": "o", "S": "BTCUSD", "t": "2024-03-12T10:38:50.79613221Z", "b": [{"p": 1.5, "s": 2}], "a": []}
    assert feed.send([book]) == []
    assert feed.causes() == {Cause.PRE_SNAPSHOT: 1}
    assert feed.send([book | {"r": True}]) == [BookSnapshot(0, feed.now, 1710239930796132210, -1, [(150, 2000)], [])]
    assert feed.send([book | {"r": False}]) == [
        BookDelta(0, feed.now, 1710239930796132210, -1, -1, -1, [(150, 2000)], [])
    ]


def test_numbering_must_be_declared_whole():
    """A rule that needs ids the messages don't declare is refused where the format is made."""
    delta = DeltaMessage(when={"e": "d"}, bids=Levels("b"), asks=Levels("a"))
    snapshot = SnapshotMessage(has=("x",), bids=Levels("b"), asks=Levels("a"))
    for messages, rule in (((delta,), Contiguous()), ((snapshot,), Chained())):
        with pytest.raises(ValueError, match="sequencing needs"):
            Format(messages=messages, sequencing=rule)
    numbered = msgspec.structs.replace(snapshot, last_id=Integer("x"))
    Format(messages=(numbered,), sequencing=Chained())


def test_events_of_one_message_have_one_receive_time(contiguous, opened, make):
    """Kept deltas are emitted with the time of the snapshot that let them through."""
    feed = opened(contiguous)
    feed.send(make.delta(8, 12))
    feed.send(make.delta(13, 15))
    events = feed.send(make.snapshot(11))
    assert len(events) == 3
    assert {event.receive_time_ns for event in events} == {feed.now}


def test_a_new_numbering_is_noticed(contiguous, opened, make):
    """Deltas behind the book that follow one another end its claim to be whole; a snapshot of theirs restores it."""
    feed = opened(contiguous)
    feed.send(make.snapshot(1000))
    feed.send(make.delta(1001, 1002))
    for update_id in range(1, RENUMBERED_DELTAS):
        assert feed.send(make.delta(update_id, update_id)) == []
    events = feed.send(make.delta(RENUMBERED_DELTAS, RENUMBERED_DELTAS))
    assert _kinds(events) == ["BookInvalid"]
    assert feed.feed.statistics().gaps == 1
    assert _kinds(feed.send(make.snapshot(RENUMBERED_DELTAS - 2))) == ["BookSnapshot", "BookDelta", "BookDelta"]
    assert _kinds(feed.send(make.delta(RENUMBERED_DELTAS + 1, RENUMBERED_DELTAS + 1))) == ["BookDelta"]


def test_late_deltas_that_do_not_follow_one_another_are_only_late(contiguous, opened, make):
    """The same old delta however often, or old ones between new ones, don't upset the book."""
    feed = opened(contiguous)
    feed.send(make.snapshot(1000))
    for update_id in range(1001, 1001 + 3 * RENUMBERED_DELTAS):
        assert _kinds(feed.send(make.delta(update_id, update_id))) == ["BookDelta"]
        assert feed.send(make.delta(update_id - 900, update_id - 900)) == []
    for _ in range(3 * RENUMBERED_DELTAS):
        assert feed.send(make.delta(7, 7)) == []
    assert feed.feed.statistics().gaps == 0
