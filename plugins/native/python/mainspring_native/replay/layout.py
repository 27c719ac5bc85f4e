"""The rows and records that Python, compiled strategies and the Rust kernel share, and the codes in them.

The kernel has the same layouts (`src/kernel/`); a test compares them. The reasons are read of the kernel.
"""

from typing import Final

import numpy as np

from mainspring_native import NEEDS

__all__ = [
    "ACCEPTED",
    "APPROVED",
    "BBO",
    "BUFFER_ROWS",
    "BUY",
    "CANCEL",
    "CANCELLED",
    "CANCEL_PENDING",
    "CLEAR",
    "CREATED",
    "DISCREPANCY",
    "EVENT",
    "FILLED",
    "FOK",
    "FRACTION",
    "HALT",
    "ID",
    "IOC",
    "LEVEL",
    "LIMIT",
    "LOG",
    "MARKET",
    "MARKET_FIELDS",
    "MARKET_VIEW",
    "ORDER_VIEW",
    "PARTIALLY_FILLED",
    "POST_ONLY",
    "QUOTE",
    "REASONS",
    "REFUSED",
    "REJECTED",
    "REPLACE",
    "REPLACED",
    "REPLACE_PENDING",
    "REQUEST",
    "RESUME",
    "SELL",
    "SUBMIT",
    "TIMER",
    "TRADE",
]

BUY: Final = 1
SELL: Final = -1

LEVEL: Final = 1
"""A level of the book has a new size: 0 lots removes it. `side` says whose."""
CLEAR: Final = 2
"""The book is empty. Levels that follow in the same message are the whole book; without any it isn't to be trusted."""
TRADE: Final = 3
"""A trade was printed. `side` is the aggressor's, 0 where the venue doesn't say. Also what a strategy is called for."""
HALT: Final = 4
"""Trading stopped."""
RESUME: Final = 5
"""Trading goes on."""
QUOTE: Final = 6
"""The venue's best bid; the next row, with the side of sellers, is its best ask."""
ID: Final = 7
"""The venue's id of the levels or the quote that follow, in place of a price: it tells which of the two is newer."""
FRACTION: Final = 8
"""How far the price of the trade that follows lies above its ticks, in billionths of a tick, in place of a price."""

BBO: Final = 10
"""A strategy is called since the best prices changed, or whether they can be trusted."""
TIMER: Final = 11
"""A strategy is called by its timer."""
ACCEPTED: Final = 20
"""An order was accepted. This and the next are kinds of a log's records as well."""
REJECTED: Final = 21
"""An order, cancel or replace was rejected by the venue, or refused before."""
FILLED: Final = 22
"""An order was filled, wholly or in part."""
CANCELLED: Final = 23
"""What was left of an order has ended."""
REPLACED: Final = 24
"""An order has another price or size."""

LIMIT: Final = 1
POST_ONLY: Final = 2
IOC: Final = 3
MARKET: Final = 4
CANCEL: Final = 5
REPLACE: Final = 6
FOK: Final = 7

SUBMIT: Final = 1
"""Of a log's record: a strategy asked for an order. The numbers of cancels and replaces are 2 and 3."""
APPROVED: Final = 4
"""Of a log's record: a request passed the risk checks."""
REFUSED: Final = 5
"""Of a log's record: a request was refused; `reason` is the check's name, or why no price could be put on it."""
DISCREPANCY: Final = 6
"""Of a log's record: the venue contradicted what is known of an order."""

CREATED: Final = 0
"""The state of an order that was asked for and isn't accepted yet."""
PARTIALLY_FILLED: Final = 2
"""The state of an order that rests and is partly filled. One of which nothing is filled has state 1."""
CANCEL_PENDING: Final = 3
"""The state of an order whose cancel is under way."""
REPLACE_PENDING: Final = 4
"""The state of an order a replace of which is under way."""

EVENT: Final = np.dtype(
    [
        ("time_ns", "<i8"),
        ("price_ticks", "<i8"),
        ("size_lots", "<i8"),
        ("kind", "<i2"),
        ("market", "<u2"),
        ("side", "<i2"),
        ("last", "<i2"),
    ]
)
"""An event: when it was received, in ns since the Unix epoch; price and size; what it is, in which market; whether its
message ends."""

_INTEGERS: Final = (
    "time_ns",
    "index",
    "bid_ticks",
    "bid_lots",
    "ask_ticks",
    "ask_lots",
    "bbo_time_ns",
    "last_ticks",
    "last_fraction_nanoticks",
    "live",
    "position_lots",
    "cash_units",
    "fees_units",
    "fills",
    "open_orders",
    "open_buy_lots",
    "open_sell_lots",
)
_STATISTICS: Final = ("volatility_per_day", "daily_volume_lots", "spread_ticks")
_EVENTS: Final = (
    "event_kind",
    "event_side",
    "event_ticks",
    "event_lots",
    "event_order_id",
    "event_reason",
    "event_maker",
    "event_fraction_nanoticks",
)

MARKET_FIELDS: Final = (*_INTEGERS, *_STATISTICS, *_EVENTS)
"""What a strategy reads of a market.

Integers, but for the statistics, which are floats and NaN until they are known: see
`mainspring.seams.MarketStatistics`. A side of 0 lots is empty. `live` is 1 if the book is whole and trading goes on,
else 0. `position_lots`, `cash_units` (sales less purchases, in ticks times lots), `fees_units` (likewise, rounded
down) and `fills` are the strategy's own, and so are `open_orders`, the orders that were asked for and haven't ended.
`open_buy_lots` and `open_sell_lots` are what the venue may still fill of them.

`event_kind` says what the strategy is called for. `event_side`, `event_ticks` and `event_lots` are a trade's or a
fill's, price and size also those of a replaced order, the size that of what a cancel took back. A trade's price may lie
between two ticks: it is above `event_ticks` by `event_fraction_nanoticks`, in billionths of a tick. `event_order_id` is
the order, `event_maker` 1 if it rested when it was filled, and `event_reason` why it was rejected, refused or
cancelled: `REASONS` has the words.
"""

MARKET_VIEW: Final = np.dtype(
    [
        *((name, "<i8") for name in _INTEGERS),
        *((name, "<f8") for name in _STATISTICS),
        *((name, "<i8") for name in _EVENTS),
        ("orders", "<u8"),
        ("book", "<u8"),
    ],
    align=True,
)
"""`MARKET_FIELDS`, and where the strategy's orders and the book are, for the functions that read them."""

ORDER_VIEW: Final = np.dtype(
    [(name, "<i8") for name in ("order_id", "side", "price_ticks", "size_lots", "filled_lots", "state")], align=True
)
"""One of a strategy's own orders that haven't ended."""

REQUEST: Final = np.dtype(
    [(name, "<i8") for name in ("action", "order_id", "market", "side", "price_ticks", "size_lots")], align=True
)
"""What a strategy asks for."""

BUFFER_ROWS: Final = 17
"""The rows of the buffer for requests: its head, and as many requests as there may be at one call."""

LOG: Final = np.dtype(
    [
        *((name, "<i8") for name in ("time_ns", "order_id", "price_ticks", "size_lots", "fill_id", "fee_ppb")),
        ("kind", "<i2"),
        ("market", "<u2"),
        ("reason", "<i2"),
        ("side", "i1"),
        ("flags", "u1"),
    ]
)
"""What happened to an order.

`size_lots` of what was cancelled is what was left of it. `fee_ppb` is a fill's fee in parts per billion of its
notional. `reason` is the key in `REASONS`. The bits of `flags`: 1 a limit order, 2 post-only, 4 immediate or cancel,
8 fill or kill; 16 a fill of an order that rested; 32 if what was approved, refused or rejected is a cancel, 64 a
replace.
"""


def _reasons() -> list[str]:
    # Without the native module nothing is replayed, so that there are none.
    if NEEDS.missing is not None:
        return []
    from mainspring_native._native import record_reasons

    return record_reasons()


REASONS: Final = dict(enumerate(_reasons(), 1))
"""The reasons of refusals, rejections, cancellations and discrepancies, as a session's order log has them."""
