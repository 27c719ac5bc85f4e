"""Which feed was this capture recorded from? Each feed reads its beginning, and the one that reads it best is taken."""

from collections.abc import Callable, Iterable, Mapping
from itertools import islice

from mainspring.errors import CodecError, DataError, WireError
from mainspring.host.guard import calling
from mainspring.host.offers import Offer, why_unusable
from mainspring.seams import Codec, FeedContext, RawMessage

__all__ = ["SAMPLE_MESSAGES", "recognise"]

SAMPLE_MESSAGES = 2_000
"""How many messages from the beginning each feed reads."""


def recognise(
    feeds: Mapping[str, Offer], codec: Codec, messages: Callable[[], Iterable[RawMessage]]
) -> tuple[list[str], int]:
    """The feeds that read the beginning of a capture best, and how many of its messages they read.

    More than one name is a tie; none means that no feed reads a single message. A message counts as read if it is of a
    kind that the feed knows and isn't refused; among feeds that read as many, fewer gaps win. Feeds with options of
    their own don't take part: nobody has said what they are.
    """
    sample = list(islice(messages(), SAMPLE_MESSAGES))
    if not sample:
        raise DataError("the capture holds no message")
    scores: dict[str, tuple[int, int]] = {}
    for name, offer in feeds.items():
        find = getattr(offer.factory, "find_instruments", None)
        if find is None or offer.options is not None or why_unusable(offer.needs):
            continue
        with calling(offer, "read the capture's beginning"):
            instruments = tuple(find(sample, codec))
            if instruments:
                scores[name] = _score(offer, FeedContext(instruments, codec), sample)
    best = max(scores.values(), default=(0, 0))
    if best[0] == 0:
        return [], 0
    return sorted(name for name, score in scores.items() if score == best), best[0]


def _score(offer: Offer, context: FeedContext, sample: list[RawMessage]) -> tuple[int, int]:
    """How many messages the feed reads, and how many gaps it sees, the latter below zero."""
    feed = offer.factory(context)
    refused = 0
    for receive_time_ns, raw in sample:
        try:
            feed.on_message(raw, receive_time_ns)
        except (WireError, CodecError):
            refused += 1
    statistics = feed.statistics()
    unread = refused + statistics.by_cause.get("ignored", 0) + statistics.by_cause.get("unknown-symbol", 0)
    return len(sample) - unread, -statistics.gaps
