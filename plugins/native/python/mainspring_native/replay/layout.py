"""The rows and records of a replay, as NumPy types, and the codes in them.

The Rust loop has the same layouts (`src/replay/`); a test compares them.
"""

from typing import Final

import numpy as np

__all__ = [
    "BUFFER_ROWS",
    "BUY",
    "CANCEL",
    "CLEAR",
    "EVENT",
    "FILL",
    "HALT",
    "IOC",
    "LEVEL",
    "LIMIT",
    "MADE",
    "MARKET",
    "MARKET_FIELDS",
    "MARKET_VIEW",
    "MAX_OPEN_ORDERS",
    "POST_ONLY",
    "REASONS",
    "REJECTION",
    "REQUEST",
    "RESUME",
    "SELL",
    "TRADE",
]

BUY: Final = 1
SELL: Final = -1

LEVEL: Final = 1
"""A level of the book has a new size: 0 lots removes it. `side` says whose."""
CLEAR: Final = 2
"""The book is empty. It isn't to be trusted before a message with levels has ended."""
TRADE: Final = 3
"""A trade was printed. `side` is the aggressor's, 0 where the venue doesn't say."""
HALT: Final = 4
"""Trading stopped."""
RESUME: Final = 5
"""Trading goes on."""

LIMIT: Final = 1
POST_ONLY: Final = 2
IOC: Final = 3
MARKET: Final = 4
CANCEL: Final = 5

EVENT: Final = np.dtype(
    [
        ("time_ns", "<i8"),
        ("price_ticks", "<i8"),
        ("size_lots", "<i8"),
        ("kind", "<i4"),
        ("side", "<i2"),
        ("last", "<i2"),
    ]
)
"""An event: when it was received, in ns since the Unix epoch; price and size; what it is; whether its message ends."""

MARKET_FIELDS: Final = (
    "time_ns",
    "bid_ticks",
    "bid_lots",
    "ask_ticks",
    "ask_lots",
    "live",
    "event_kind",
    "event_side",
    "event_ticks",
    "event_lots",
    "event_last",
    "position_lots",
    "open_orders",
    "in_flight",
    "fills",
)
"""What a strategy reads of its market, all integers, as it stands behind the event that woke it.

A side of 0 lots is empty. `live` is 1 where the book is whole and trading goes on, else 0. `event_...` are the fields
of the event. `in_flight` counts requests that haven't reached the exchange, `fills` all fills so far.
"""

MARKET_VIEW: Final = np.dtype([*((name, "<i8") for name in MARKET_FIELDS), ("book", "<u8")], align=True)
"""`MARKET_FIELDS`, and the book, for the functions that read it."""

REQUEST: Final = np.dtype(
    [(name, "<i8") for name in ("action", "order_id", "side", "price_ticks", "size_lots")], align=True
)
"""What a strategy asks for."""

BUFFER_ROWS: Final = 17
"""The rows of the buffer for requests: its head, and as many requests as there may be at one event."""

MADE: Final = np.dtype([("time_ns", "<i8"), *((name, REQUEST[name]) for name in REQUEST.names or ())])
"""A request, with the time of the event at which it was made."""

FILL: Final = np.dtype([(name, "<i8") for name in ("time_ns", "order_id", "side", "price_ticks", "size_lots", "maker")])
"""A fill. `maker` is 1 where the order rested."""

REJECTION: Final = np.dtype([(name, "<i8") for name in ("time_ns", "order_id", "reason")])
"""A request that came to nothing. `reason` is the key in `REASONS`."""

REASONS: Final = {
    1: "the book isn't whole, or trading has stopped",
    2: "no such action or side, a size that isn't above 0, or a price below 0",
    3: "as many orders rest as may",
    4: "it would take liquidity",
    5: "no such order rests",
    6: "nothing stands there to be taken",
}

MAX_OPEN_ORDERS: Final = 64
"""So many orders may rest at a time."""
