"""The kinds of message that a venue sends, as declarations: which message it is, and where its values stand.

`when` maps keys of the message to the values that they must have, and `has` names keys that must be there: together
they distinguish one kind of message from another. If several declarations fit, one with a `when` takes precedence over
one without, and then the first over the others.

`symbol` is None if the message doesn't name its instrument: then the name of its stream does (see
`mainspring.wire.Format`), or it belongs to the session's only instrument. `event_time` is None if the venue sends no
time: then the receive time is used.
"""

from typing import Literal, TypeAlias

import msgspec

from mainspring.wire.fields import Choice, Flag, Integer, Levels, Number, Price, Range, Size, Text, Time

__all__ = [
    "BarMessage",
    "ControlMessage",
    "DeltaMessage",
    "MarketMessage",
    "Message",
    "QuoteMessage",
    "SnapshotMessage",
    "StatusMessage",
    "TradeMessage",
    "When",
]

When: TypeAlias = dict[str, str | int | bool]


class DeltaMessage(msgspec.Struct, frozen=True, kw_only=True, tag="delta"):
    """Levels that changed. `sequence` is None if the venue doesn't number them.

    If `reset` is declared and its flag is True, the message is a whole book: a snapshot.
    """

    when: When = {}
    has: tuple[str, ...] = ()
    symbol: Text | None = None
    event_time: Time | None = None
    sequence: Range | None = None
    reset: Flag | None = None
    bids: Levels
    asks: Levels


class SnapshotMessage(msgspec.Struct, frozen=True, kw_only=True, tag="snapshot"):
    """A whole book, as it stood after update `last_id`."""

    when: When = {}
    has: tuple[str, ...] = ()
    symbol: Text | None = None
    event_time: Time | None = None
    last_id: Integer | None = None
    bids: Levels
    asks: Levels


class QuoteMessage(msgspec.Struct, frozen=True, kw_only=True, tag="quote"):
    """The venue's own best bid and offer."""

    when: When = {}
    has: tuple[str, ...] = ()
    symbol: Text | None = None
    event_time: Time | None = None
    update_id: Integer | None = None
    bid_price: Price
    bid_size: Size
    ask_price: Price
    ask_size: Size


class TradeMessage(msgspec.Struct, frozen=True, kw_only=True, tag="trade"):
    """A trade print. `aggressor` gives 1 if the buyer was the taker, -1 if the seller was, 0 if it isn't known.

    `rising_ids` says that the trade ids of an instrument rise, so that a trade whose id doesn't is a repetition.
    """

    when: When = {}
    has: tuple[str, ...] = ()
    symbol: Text | None = None
    event_time: Time | None = None
    trade_id: Integer | None = None
    price: Price
    size: Size
    aggressor: Choice | None = None
    rising_ids: bool = False


class BarMessage(msgspec.Struct, frozen=True, kw_only=True, tag="bar"):
    """Trading over an interval. `event_time` is its start."""

    when: When = {}
    has: tuple[str, ...] = ()
    symbol: Text | None = None
    event_time: Time | None = None
    open: Price
    high: Price
    low: Price
    close: Price
    volume: Size
    trades: Integer | None = None
    vwap: Number | None = None


class StatusMessage(msgspec.Struct, frozen=True, kw_only=True, tag="status"):
    """An instrument's status at the venue. `trading` gives 1 if it trades, 0 if it is halted, -1 if neither is said."""

    when: When = {}
    has: tuple[str, ...] = ()
    symbol: Text | None = None
    event_time: Time | None = None
    code: Text
    text: Text | None = None
    trading: Choice | None = None


class ControlMessage(msgspec.Struct, frozen=True, kw_only=True, tag="control"):
    """A message about the connection. `code` and `text` are None if it has none.

    They are in the message itself, or in the object under its key `inside`.
    """

    when: When = {}
    has: tuple[str, ...] = ()
    kind: Literal["success", "subscription", "error"]
    inside: str | None = None
    code: Text | Integer | None = None
    text: Text | None = None


MarketMessage: TypeAlias = DeltaMessage | SnapshotMessage | QuoteMessage | TradeMessage | BarMessage | StatusMessage

Message: TypeAlias = MarketMessage | ControlMessage
