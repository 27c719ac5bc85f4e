"""The works: what each is, how its inputs are made, and what the right answer is, found in the plainest way.

The right answers come from no candidate's code: books are dicts whose best prices are looked for again each time,
limits are compared as exact decimals, and the formula of the square-root law is written out once more.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from random import Random
from typing import Any

from mainspring.model import BookDelta, BookInvalid, BookSnapshot, Instrument, Trade
from mainspring.seams import FeedContext, RawMessage
from mainspring_perf.peers.contract import BUY, CLEAR, LEVEL, SELL, TRADE, Answer, Event, Inputs
from mainspring_perf.peers.venues import VENUES, Venue, make_books
from mainspring_plugins.books.bisect_list import BisectListBook
from mainspring_plugins.codecs.orjson import OrjsonCodec
from mainspring_plugins.feeds.simulated import WHOLE_SPOT

__all__ = ["WORKS", "Given", "Made", "Work", "agrees"]

_BID_TICKS = 6_100_000
_SEED = 1
# What a run costs before its first event, a region's empty book for one, is to be small beside the events.
_TIMES_OVER = 4
_QUOTE_SIZE = Decimal("0.01")
_TOLERANCE = 1e-9


@dataclass(frozen=True, kw_only=True)
class Given:
    """What the inputs are made from: a session of one instrument of Binance spot; `fast` asks for less."""

    messages: Sequence[RawMessage]
    instrument: Instrument
    fast: bool = False


@dataclass(frozen=True, kw_only=True)
class Made:
    """A work whose inputs lie ready: how many operations a pass is, on what, and the right answer."""

    operations: int
    input: str
    right: Answer


@dataclass(frozen=True, kw_only=True)
class Work:
    """A piece of work. `make` writes its inputs; an answer has some of the right one's keys, or all of them.

    `make` raises `Unavailable` if what it needs isn't on this machine. `session` is what the inputs are made of, if
    that isn't the given session.
    """

    name: str
    title: str
    operation: str
    make: Callable[[Inputs, Given], Made]
    session: str = ""


def agrees(answer: Answer, right: Answer) -> str:
    """Why an answer isn't the right one; empty if it is."""
    if not answer or not answer.keys() <= right.keys():
        return f"it answers {', '.join(answer) or 'nothing'}, where {', '.join(right)} are asked for"
    for key, value in answer.items():
        if not _same(value, right[key]):
            return f"its {key} are {str(value)[:80]}, not {str(right[key])[:80]}"
    return ""


def _same(value: Any, right: Any) -> bool:
    if isinstance(right, float):
        return isinstance(value, int | float) and math.isclose(value, right, rel_tol=_TOLERANCE)
    if isinstance(right, list | tuple):
        return (
            isinstance(value, list | tuple)
            and len(value) == len(right)
            and all(_same(one, other) for one, other in zip(value, right, strict=True))
        )
    return bool(value == right)


def _bytes(inputs: Inputs, given: Given) -> Made:
    events, quotes, trades = _events(given)
    inputs.write_messages(given.messages)
    bids, asks, _ = _plain_book(inputs, events)
    mean = sum(len(raw) for _, raw in given.messages) // len(given.messages)
    return Made(
        operations=len(given.messages),
        input=f"{len(given.messages):,} messages of {mean} bytes each",
        right={"bids": bids, "asks": asks, "quotes": quotes, "trades": trades},
    )


def _book(inputs: Inputs, given: Given) -> Made:
    bids, asks, touch_sum = _plain_book(inputs, _events(given)[0])
    deltas = inputs.deltas()
    levels = sum(len(one) + len(other) for one, other in deltas)
    return Made(
        operations=levels,
        input=f"{len(deltas):,} deltas of {levels // len(deltas)} levels each, decoded before; best prices after each",
        right={"bids": bids, "asks": asks, "touch_sum": touch_sum, "top": [bids[:10], asks[:10]]},
    )


def _replay(inputs: Inputs, given: Given) -> Made:
    once = _events(given)[0]
    span_ns = once[-1][0] - once[0][0] + 1
    times_over = 1 if given.fast else _TIMES_OVER
    events = [(time_ns + number * span_ns, *rest) for number in range(times_over) for time_ns, *rest in once]
    bids, asks, _ = _plain_book(inputs, events)
    return Made(
        operations=len(events),
        input=f"{len(events):,} events, levels and trades, the session {times_over} times over, in memory",
        right={"callbacks": len(events), "best": [bids[0][0], asks[0][0]]},
    )


def _maker(inputs: Inputs, given: Given) -> Made:
    once = _events(given)[0]
    span_ns = once[-1][0] - once[0][0] + 1_000_000_000
    times_over = 1 if given.fast else _TIMES_OVER
    clear = once[0][0], 0, 0, CLEAR, 0, 0
    events = [(time_ns + number * span_ns, *rest) for number in range(times_over) for time_ns, *rest in (clear, *once)]
    inputs.write("maker", {"size": str(_QUOTE_SIZE)})
    inputs.write_events(events)
    quotes, seen = 0, (0, 0)
    for now in _best_prices(once) * times_over:
        quotes += (now[0] != seen[0]) + (now[1] != seen[1])
        seen = now
    return Made(
        operations=len(events),
        input=f"{len(events):,} events, levels and trades, the session {times_over} times over, in memory; latency "
        f"250 us, fees of 10 bps, {quotes:,} quotes of {_QUOTE_SIZE}",
        right={"quotes": quotes, "best": list(seen)},
    )


def _best_prices(events: list[Event]) -> list[tuple[int, int]]:
    """The best prices after each message, from an empty book on."""
    book, found = BisectListBook(), []
    rows: dict[int, list[tuple[int, int]]] = {BUY: [], SELL: []}
    for _, price_ticks, size_lots, kind, side, last in events:
        if kind == LEVEL:
            rows[side].append((price_ticks, size_lots))
        if last:
            book.apply_delta(rows[BUY], rows[SELL])
            rows = {BUY: [], SELL: []}
            best = book.bbo()
            found.append((best.bid_ticks, best.ask_ticks))
    return found


def _events(given: Given) -> tuple[list[Event], int, int]:
    """The levels and trades from the first whole book to the next break, and how many quotes and trades there were."""
    feed = WHOLE_SPOT(FeedContext((given.instrument,), OrjsonCodec()))
    events: list[Event] = []
    whole = broken = False
    for receive_time_ns, raw in given.messages:
        rows: list[list[int]] = []
        for event in feed.on_message(raw, receive_time_ns):
            match event:
                case BookInvalid() if whole:
                    broken = True
                case BookSnapshot() | BookDelta():
                    broken = broken or (whole and isinstance(event, BookSnapshot))
                    whole = True
                    for side, levels in ((BUY, event.bids), (SELL, event.asks)):
                        rows += [[receive_time_ns, price, lots, LEVEL, side, 0] for price, lots in levels]
                case Trade() if whole:
                    rows.append([receive_time_ns, event.price_ticks, event.size_lots, TRADE, event.aggressor or BUY, 0])
        if rows and not broken:
            rows[-1][-1] = 1
            events += map(tuple, rows)
    by_kind = feed.statistics().by_kind
    return events, by_kind["quote"], by_kind["trade"]


def _plain_book(inputs: Inputs, events: list[Event]) -> tuple[list[Any], list[Any], int]:
    """Writes the events, and gives both sides at the end, and the best prices added up after each delta."""
    inputs.write_events(events)
    book: dict[int, dict[int, int]] = {BUY: {}, SELL: {}}
    touch_sum = 0
    for bids, asks in inputs.deltas():
        for side, rows in ((BUY, bids), (SELL, asks)):
            for price, lots in rows:
                if lots:
                    book[side][price] = lots
                else:
                    book[side].pop(price, None)
        touch_sum += max(book[BUY]) + min(book[SELL])
    bid_rows, ask_rows = (sorted([price, lots] for price, lots in book[side].items()) for side in (BUY, SELL))
    return bid_rows[::-1], ask_rows, touch_sum


def _risk(inputs: Inputs, given: Given) -> Made:
    draw = Random(_SEED)  # noqa: S311  a benchmark's input, no secret
    max_size, max_notional = Decimal(1), Decimal(50_000)
    orders, verdicts = [], []
    for _ in range(1_000 if given.fast else 5_000):
        side = draw.choice((BUY, SELL))
        price_ticks = _BID_TICKS - draw.randrange(500) if side == BUY else _BID_TICKS + 1 + draw.randrange(500)
        size_lots = draw.randrange(1, int(Decimal("0.8") * max_size / given.instrument.lot_size))
        if draw.random() < 0.02:
            size_lots *= 10
        orders.append((side, price_ticks, size_lots))
        size, price = size_lots * given.instrument.lot_size, price_ticks * given.instrument.tick_size
        verdicts.append("size" if size > max_size else "notional" if size * price > max_notional else "")
    inputs.write(
        "orders",
        {
            "max_order_size": str(max_size),
            "max_order_notional": str(max_notional),
            "touch": (_BID_TICKS, _BID_TICKS + 1),
            "orders": orders,
        },
    )
    refused = sum(map(bool, verdicts))
    return Made(
        operations=len(orders),
        input=f"{len(orders):,} limit orders, {refused / len(orders):.0%} of them refused, seed {_SEED}",
        right={"verdicts": verdicts},
    )


def _records(inputs: Inputs, given: Given) -> Made:
    draw = Random(_SEED)  # noqa: S311  a benchmark's input, no secret
    fills = [
        [
            number,
            draw.randrange(64),
            1_723_161_253_937_085_768 + number,
            10 * number,
            draw.choice((BUY, SELL)),
            _BID_TICKS + draw.randrange(-5_000, 5_000),
            draw.randrange(1, 10**6),
            draw.random() < 0.5,
            draw.randrange(-100_000, 1_000_000),
        ]
        for number in range(1_000 if given.fast else 5_000)
    ]
    inputs.write("fills", fills)
    return Made(
        operations=len(fills), input=f"{len(fills):,} fills of nine fields, seed {_SEED}", right={"fills": fills}
    )


def _slippage(inputs: Inputs, given: Given) -> Made:
    draw = Random(_SEED)  # noqa: S311  a benchmark's input, no secret
    volatility, volume_lots = 0.03, 2e9
    orders = [(draw.choice((BUY, SELL)), draw.randrange(1, 10**6)) for _ in range(1_000 if given.fast else 5_000)]
    tick = float(given.instrument.tick_size)
    mid = (_BID_TICKS + 0.5) * tick
    costs = [0.5 * tick + volatility * math.sqrt(lots / volume_lots) * mid for _, lots in orders]
    inputs.write(
        "slippage",
        {
            "touch": (_BID_TICKS, _BID_TICKS + 1),
            "level_lots": 50_000,
            "volatility_per_day": volatility,
            "daily_volume_lots": volume_lots,
            "tick_size": tick,
            "orders": orders,
        },
    )
    return Made(
        operations=len(orders),
        input=f"{len(orders):,} market orders against one market, seed {_SEED}",
        right={"costs": costs},
    )


def _venue(venue: Venue, inputs: Inputs, given: Given) -> Made:
    operations, said, right = make_books(venue, inputs, fast=given.fast)
    return Made(operations=operations, input=said, right=right)


WORKS = (
    Work(name="bytes", title="From a venue's bytes to a book", operation="message", make=_bytes),
    *(
        Work(
            name=venue.work,
            title=f"From {venue.title}'s bytes to books",
            operation="message",
            make=partial(_venue, venue),
            session=venue.session,
        )
        for venue in VENUES
    ),
    Work(name="book", title="Levels into a book", operation="level", make=_book),
    Work(name="replay", title="Replay, a strategy called at each event", operation="event", make=_replay),
    Work(name="maker", title="Replay, a maker that moves with the best prices", operation="event", make=_maker),
    Work(name="risk", title="Risk checks: size and notional", operation="order", make=_risk),
    Work(
        name="records", title="Fills encoded, and decoded again, a hundred at once", operation="record", make=_records
    ),
    Work(name="slippage", title="A square-root slippage estimate", operation="estimate", make=_slippage),
)
"""What peers are held side by side in."""
