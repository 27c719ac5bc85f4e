"""Times feeds: a message from bytes to market events, for every installed feed in each of its encodings.

A declared feed is measured on messages made from its declaration, and one that brings its own messages on those.
"""

from collections.abc import Callable
from functools import partial
from itertools import islice
from typing import Any

import msgspec

from mainspring.host.guard import calling
from mainspring.host.offers import Offer
from mainspring.model import Instrument
from mainspring.seams import Codec, Feed, FeedContext, FeedStatistics, RawMessage
from mainspring.testing.declared import declared_messages
from mainspring.wire import WireFeed
from mainspring_perf.candidates import candidates, make, options_of, registry
from mainspring_perf.harness import Benchmark, WrongAnswer
from mainspring_perf.parts import BTC_USDT

__all__ = ["SEAMS", "SUITE", "benchmarks", "unmeasured"]

SUITE = "feed"
SEAMS = ("feed",)


def benchmarks(tiny: bool) -> list[Benchmark]:
    """Each feed, in each encoding that it reads, by the Python decoder."""
    count = 60 if tiny else 5_000
    made = []
    for offer in candidates("feed"):
        for encoding in _encodings(offer):
            messages = _messages(offer, encoding, count)
            if messages:
                made.append(_benchmark(offer, encoding, messages))
    return made


def unmeasured() -> dict[str, str]:
    """The feeds for which no messages are known, with what that means."""
    reasons = {}
    for offer in candidates("feed"):
        if getattr(offer.factory, "source", None) is None and not isinstance(offer.factory, WireFeed):
            reasons[offer.name] = "it is neither declared nor brings its own messages: there is nothing to feed it with"
    return reasons


def _encodings(offer: Offer) -> list[str]:
    return [one.strip() for one in str(offer.capabilities.get("encodings", "json")).split(",")]


def _messages(offer: Offer, encoding: str, count: int) -> list[RawMessage]:
    source = getattr(offer.factory, "source", None)
    if source is not None:
        options = None if offer.options is None else options_of(offer)
        with calling(offer, "bring its messages"):
            return list(islice(source((BTC_USDT,), options), count))
    if isinstance(offer.factory, WireFeed):
        return declared_messages(offer.factory, _instrument(offer), count, encoding=encoding)
    return []


def _instrument(offer: Offer) -> Instrument:
    """The instrument by the venue's own name, as far as the feed's listing knows it."""
    listing = getattr(offer.factory, "listing", None)
    if listing is None:
        return BTC_USDT
    return msgspec.structs.replace(BTC_USDT, venue_symbol=listing.venue_symbol_of(BTC_USDT.symbol))


def _codec(encoding: str) -> Codec:
    codec: Codec = make(registry().best("codec", format=encoding))
    return codec


def _benchmark(offer: Offer, encoding: str, messages: list[RawMessage]) -> Benchmark:
    context = FeedContext((_instrument(offer),), _codec(encoding), encoding)
    feed_of: Callable[[], Feed] = partial(make, offer, context)
    name = f"{offer.name}, {encoding}"

    def run() -> tuple[int, FeedStatistics]:
        """How many events came of it, and what the feed counted."""
        feed = feed_of()
        on_message = feed.on_message
        events = 0
        for receive_time_ns, raw in messages:
            events += len(on_message(raw, receive_time_ns))
        return events, feed.statistics()

    def check(answer: Any) -> None:
        events, counted = answer
        withheld = isinstance(offer.factory, WireFeed) and any(counted.by_cause.values())
        if not events or counted.messages != len(messages) or counted.gaps or withheld:
            raise WrongAnswer(f"{name}: {events} events of {len(messages)} messages, and {counted}")

    return Benchmark(
        name=name,
        run=run,
        operations=len(messages),
        check=check,
        input=f"{name}: {len(messages):,} messages of {sum(len(raw) for _, raw in messages) // len(messages)} bytes",
        offer=offer,
        calls=partial(_calls, feed_of, messages),
    )


def _calls(feed_of: Callable[[], Feed], messages: list[RawMessage]) -> tuple[Callable[[RawMessage], object], Any]:
    on_message = feed_of().on_message
    return lambda message: on_message(message[1], message[0]), messages
