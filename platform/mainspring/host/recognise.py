"""Recognises a capture's feed: each feed reads the beginning, and the one that reads most is used."""

from collections.abc import Callable, Iterable, Mapping
from itertools import islice

from mainspring.errors import CodecError, DataError, WireError
from mainspring.host.guard import calling
from mainspring.host.offers import Offer, why_unusable
from mainspring.seams import Codec, FeedContext, RawMessage

__all__ = ["SAMPLE_MESSAGES", "recognise"]

SAMPLE_MESSAGES = 2_000
"""How many messages at the start of a capture each feed reads."""


def recognise(
    feeds: Mapping[str, Offer], codec: Codec, messages: Callable[[], Iterable[RawMessage]]
) -> tuple[list[str], int]:
    """Returns the feeds that read the beginning of a capture best, and how many of its messages they read.

    Several names are a tie; none means that no feed reads a single message. A message counts as read if its kind is
    known to the feed and it isn't rejected; if feeds read equally many, fewer gaps win. Feeds with options of their
    own don't take part, since their options aren't known.
    """
    sample = list(islice(messages(), SAMPLE_MESSAGES))
    if not sample:
        raise DataError("the capture has no messages")
    scores: dict[str, tuple[int, int]] = {}
    for name, offer in feeds.items():
        find = getattr(offer.factory, "find_instruments", None)
        if find is None or offer.options is not None or why_unusable(offer.needs):
            continue
        with calling(offer, "read the start of the capture"):
            instruments = tuple(find(sample, codec))
            if instruments:
                scores[name] = _score(offer, FeedContext(instruments, codec), sample)
    best = max(scores.values(), default=(0, 0))
    if best[0] == 0:
        return [], 0
    return sorted(name for name, score in scores.items() if score == best), best[0]


def _score(offer: Offer, context: FeedContext, sample: list[RawMessage]) -> tuple[int, int]:
    """Returns how many messages the feed reads, and the negated number of gaps."""
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
