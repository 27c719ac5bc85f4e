"""Checks a decoder against the contract of `mainspring.seams.Decoder`, with the Python decoder as reference."""

import copy
import json
from collections.abc import Callable
from random import Random
from typing import Any

from mainspring.errors import CodecError, WireError
from mainspring.seams import Feed, FeedContext, RawMessage
from mainspring.testing._rules import Rules
from mainspring.testing.market import INSTRUMENT
from mainspring.testing.plain_codecs import plain_codec
from mainspring.wire import (
    Choice,
    Contiguous,
    ControlMessage,
    DeltaMessage,
    Format,
    Integer,
    Levels,
    Millis,
    Price,
    QuoteMessage,
    Range,
    RestSnapshot,
    Size,
    SnapshotMessage,
    Text,
    TradeMessage,
    WireFeed,
    python_decoder,
)

__all__ = ["check_decoder"]

_DECLARED = WireFeed(
    format=Format(
        messages=(
            DeltaMessage(
                when={"e": "depth"},
                symbol=Text("s"),
                event_time=Millis("E"),
                sequence=Range(first="U", last="u"),
                bids=Levels("b"),
                asks=Levels("a"),
            ),
            SnapshotMessage(
                when={"e": "book"}, symbol=Text("s"), last_id=Integer("u"), bids=Levels("b"), asks=Levels("a")
            ),
            QuoteMessage(
                has=("A",),
                symbol=Text("s"),
                update_id=Integer("u"),
                bid_price=Price("b"),
                bid_size=Size("B"),
                ask_price=Price("a"),
                ask_size=Size("A"),
            ),
            TradeMessage(
                when={"e": "trade"},
                symbol=Text("s"),
                trade_id=Integer("t"),
                price=Price("p", number=True),
                size=Size("q", number=True),
                rising_ids=True,
                aggressor=Choice("m", values=((True, -1), (False, 1))),
            ),
            ControlMessage(when={"e": "error"}, kind="error", code=Integer("code"), text=Text("msg")),
        ),
        sequencing=Contiguous(),
    ),
    resync=RestSnapshot(path="/depth?symbol={venue_symbol}"),
)
_SPOILT: tuple[object, ...] = (None, True, -1, 2**63, 1.5, "", "-1", "1e5", "0.0000000001", [], {}, ["1", "2"], "é")


def check_decoder(
    factory: Callable[[Any, FeedContext], Feed], *, declared: WireFeed = _DECLARED, seed: int = 0, rounds: int = 400
) -> None:
    """Runs a seeded stream with gaps, snapshots and damaged messages through the decoder and the Python one.

    `declared` is the feed to decode and `rounds` the length of the stream. Both decoders must give the same events,
    reject the same messages with the same text, request the same snapshots and have the same counts. Raises
    `ConformanceError`, which names the broken rule and the message.
    """
    rules = Rules(seed)
    context = FeedContext((INSTRUMENT,), plain_codec("json"))
    feed, plain = factory(declared, context), python_decoder(declared, context)
    rules.hold("subscriptions are the same", feed.subscriptions(0) == plain.subscriptions(0), "they differ")
    for number, (receive_time_ns, raw) in enumerate(_messages(Random(seed), rounds)):  # noqa: S311  no secret
        reported, right = _outcome(feed, receive_time_ns, raw), _outcome(plain, receive_time_ns, raw)
        detail = f"message {number}, {raw[:200]!r}: {reported} where the Python decoder gives {right}"
        rules.hold("the events and errors are the Python decoder's", reported == right, detail)
    rules.hold("the counts are the Python decoder's", feed.statistics() == plain.statistics(), f"{feed.statistics()}")


def _outcome(feed: Feed, receive_time_ns: int, raw: bytes) -> tuple[object, ...]:
    try:
        events = list(feed.on_message(raw, receive_time_ns))
    except (WireError, CodecError) as error:
        return type(error).__name__, str(error)
    return events, list(feed.take_resync_requests())


def _messages(random: Random, count: int) -> list[RawMessage]:
    made = []
    update_id = 10
    for number in range(count):
        message = _message(random, update_id)
        update_id = max(update_id, message.get("u", 0)) if message.get("e") == "depth" else update_id
        if random.random() < 1 / 4:
            message = copy.deepcopy(message)
            message[random.choice(list(message))] = random.choice(_SPOILT)
        raw = json.dumps(message, separators=random.choice(((",", ":"), (", ", ": ")))).encode()
        if random.random() < 1 / 20:
            raw = raw[: random.randrange(len(raw))]
        made.append((number, raw))
    return made


def _message(random: Random, update_id: int) -> dict[str, Any]:
    symbol = random.choice((INSTRUMENT.venue_symbol, INSTRUMENT.venue_symbol, "NONE"))
    rows = [
        [[f"{random.randrange(1, 99)}.{random.randrange(100):02}", f"{random.randrange(9)}.00000"] for _ in range(3)]
        for _ in range(2)
    ]
    first = update_id + random.choice((1, 1, 1, 1, 0, -3, 5))
    return random.choice(
        (
            {"e": "depth", "E": 5, "s": symbol, "U": first, "u": first + 2, "b": rows[0], "a": rows[1]},
            {"e": "depth", "E": 5, "s": symbol, "U": first, "u": first + 2, "b": rows[0], "a": rows[1]},
            # Occasionally a snapshot that a buffered delta continues.
            {"e": "book", "s": symbol, "u": first + random.choice((-3, 0)), "b": rows[0], "a": rows[1]},
            {"u": first, "s": symbol, "b": "1.50", "B": "2.00000", "a": "9.25", "A": "0.50000"},
            {"e": "trade", "s": symbol, "t": first, "p": 1.5, "q": 2, "m": random.random() < 1 / 2},
            {"e": "error", "code": 7, "msg": "no"},
            {"e": "news", "text": "none"},
        )
    )
