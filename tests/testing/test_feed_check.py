"""Shows that check_feed finds each way in which a feed can break its contract."""

import json
from typing import Any

import pytest

from mainspring.errors import ConformanceError, WireError
from mainspring.model import BookDelta, BookInvalid, BookSnapshot
from mainspring.seams import LOST, NOTE, FeedStatistics, ResyncRequest
from mainspring.testing import check_feed

_MESSAGES = [
    (1_000 + n, json.dumps({"kind": "snapshot" if n % 40 == 0 else "delta", "id": n, "level": [100 + n, n]}).encode())
    for n in range(120)
]


class Honest:
    """A made-up venue: a snapshot, then deltas with rising ids, each of them one level."""

    def __init__(self, context):
        self.codec = context.codec
        self.last_id = 0
        self.live = False
        self.messages = 0
        self.gaps = 0
        self.requests = []

    def on_message(self, raw, receive_time_ns):
        if raw.startswith(NOTE):
            return self.gap(receive_time_ns, 0) if raw.startswith(LOST) and self.live else []
        kind, number, level = self.read(raw)
        self.messages += 1
        if kind == "snapshot":
            self.live, self.last_id = True, number
            return [BookSnapshot(0, receive_time_ns, 0, number, [level], [])]
        if not self.live:
            return []
        if number <= self.last_id:
            return []
        if number != self.last_id + 1:
            return self.gap(receive_time_ns, number)
        self.last_id = number
        return [BookDelta(0, receive_time_ns, 0, number, number, number - 1, [level], [])]

    def gap(self, receive_time_ns, number):
        self.live = False
        self.gaps += 1
        self.requests.append(ResyncRequest(0, "http-get", "/snapshot"))
        return [BookInvalid(0, receive_time_ns, "gap")]

    def read(self, raw):
        message = self.codec.decode(raw)
        try:
            kind, number, (price, size) = message["kind"], message["id"], message["level"]
        except (KeyError, TypeError, ValueError) as error:
            raise WireError("not a message of this venue") from error
        whole = all(type(unit) is int and 0 <= unit < 2**63 for unit in (number, price, size))
        if kind not in ("snapshot", "delta") or not whole:
            raise WireError("not a message of this venue")
        return kind, number, (price, size)

    def subscriptions(self, now_ns):
        return [b"subscribe"]

    def take_resync_requests(self):
        taken, self.requests = self.requests, []
        return taken

    def statistics(self):
        return FeedStatistics(self.messages, {}, {}, self.gaps, 0)


class CountsFirst(Honest):
    def on_message(self, raw, receive_time_ns):
        self.messages += 1
        events = super().on_message(raw, receive_time_ns)
        self.messages -= 1
        return events


class ForgetsItsPlace(Honest):
    def read(self, raw):
        try:
            return super().read(raw)
        except WireError:
            self.last_id = 0
            raise


class RaisesKeyError(Honest):
    def read(self, raw):
        message = self.codec.decode(raw)
        return message["kind"], message["id"], message["level"]


class DeltasBeforeSnapshots(Honest):
    def __init__(self, context):
        super().__init__(context)
        self.live, self.last_id = True, 0


class RunsOnAfterGaps(Honest):
    def gap(self, receive_time_ns, number):
        events = super().gap(receive_time_ns, number)
        self.live, self.last_id = True, number
        return events


class DeclaresAGapTwice(Honest):
    def gap(self, receive_time_ns, number):
        return super().gap(receive_time_ns, number) * 2


class AppliesTwice(Honest):
    def on_message(self, raw, receive_time_ns):
        events = super().on_message(raw, receive_time_ns)
        return events * 2 if events and isinstance(events[0], BookDelta) else events


class KeepsRequests(Honest):
    def take_resync_requests(self):
        return self.requests


class GivesFloats(Honest):
    def read(self, raw):
        kind, number, (price, size) = super().read(raw)
        return kind, number, (float(price), size)


class RemembersOthers(Honest):
    seen = 0

    def on_message(self, raw, receive_time_ns):
        RemembersOthers.seen += 1
        return super().on_message(raw, RemembersOthers.seen)


class SubscribesInText(Honest):
    def subscriptions(self, now_ns):
        return ["subscribe"]


class RefusesNotes(Honest):
    def on_message(self, raw, receive_time_ns):
        self.read(raw)
        return super().on_message(raw, receive_time_ns)


class TrustsALostConnection(Honest):
    def on_message(self, raw, receive_time_ns):
        return [] if raw.startswith(NOTE) else super().on_message(raw, receive_time_ns)


@pytest.mark.parametrize(
    ("factory", "rule"),
    [
        (CountsFirst, "leaves the feed as it was"),
        (ForgetsItsPlace, "leaves the feed as it was|declared invalid once|in sequence"),
        (RaisesKeyError, "WireError or a CodecError"),
        (DeltasBeforeSnapshots, "before a snapshot"),
        (RunsOnAfterGaps, "after a gap"),
        (DeclaresAGapTwice, "invalid once"),
        (AppliesTwice, "none twice"),
        (KeepsRequests, "resync request is handed out once"),
        (GivesFloats, "whole ticks and lots"),
        (RemembersOthers, "the same messages give the same events"),
        (SubscribesInText, "bytes to send"),
        (RefusesNotes, "a note of a recording is passed over"),
        (TrustsALostConnection, "at the note LOST each book is declared invalid"),
    ],
)
def test_a_broken_feed_is_found(factory: Any, rule: str) -> None:
    """By the rule that it breaks, with the seed in the error."""
    messages = _MESSAGES[1:] if factory is DeltasBeforeSnapshots else _MESSAGES
    with pytest.raises(ConformanceError, match=rule) as caught:
        check_feed(factory, messages, seed=6)
    assert caught.value.seed == 6


def test_an_honest_feed_passes() -> None:
    """Whatever the seed, and without messages too."""
    for seed in range(3):
        check_feed(Honest, _MESSAGES, seed=seed)
    check_feed(Honest)
