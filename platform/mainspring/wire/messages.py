"""The kinds of message that a venue sends, as declarations: which message it is, and where its values stand.

`when` maps keys of the message to the values that they must have, and `has` names keys that must be there: together
they distinguish one kind of message from another. If several declarations fit, one with a `when` takes precedence over
one without, and then the first over the others. A text in `when` with a "*" at its start or end (or both) stands for
any text that ends or begins so (or holds it). All of them are paths, as in `mainspring.wire.fields`. In a format with
an envelope, "/" and the key of the stream's name stand for that name: `{"/stream": "*@depth5*"}`.

`each` is the path of an array whose items are messages of this kind. All paths of the declaration start at the item
then; those that begin with "/" start at the whole message, so that items inherit what their envelope says. In
"events.*.trades", each item of the array `events` has an array of such messages. In "update.*", each value of the
object `update` is such a message, or an array of them; "@update" is then the path of its key.

`symbol` is None if the message doesn't name its instrument: then the name of its stream does (see
`mainspring.wire.Format`), or it belongs to the session's only instrument. `event_time` is None if the venue sends no
time: then the receive time is used. Books may also have a `Joined` symbol, or a `Base` that several instruments share.

`round_lots` is for venues that write sizes in round lots: those of the message are units then, as everywhere else.
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from mainspring.wire.fields import (
    ORDER_SETS,
    Base,
    Checksum,
    Choice,
    Conditions,
    Flag,
    Integer,
    Joined,
    Levels,
    Number,
    Price,
    Print,
    Range,
    RoundLots,
    Size,
    Text,
    Time,
)

__all__ = [
    "BarMessage",
    "CancelMessage",
    "ControlMessage",
    "CorrectionMessage",
    "DeltaMessage",
    "MarkMessage",
    "MarketMessage",
    "Message",
    "QuoteMessage",
    "Sized",
    "SnapshotMessage",
    "StatusMessage",
    "TradeMessage",
    "When",
    "both_sides",
    "flat_symbol",
    "has_orders",
    "sides_of",
]

When: TypeAlias = Mapping[str, str | int | bool]


class DeltaMessage(msgspec.Struct, frozen=True, kw_only=True, tag="delta"):
    """Levels that changed. `sequence` is None if the venue doesn't number them.

    If `reset` is declared and its flag is True, the message is a whole book: a snapshot. The levels are `bids` and
    `asks`, or `rows`, in which each level says its side. `checksum` proves the book after the message. `depth` is how
    many levels of each side the venue keeps up to date, or where the message says it: the book is cut to them.
    """

    when: When = {}
    has: tuple[str, ...] = ()
    each: str | None = None
    symbol: Text | Joined | Base | None = None
    event_time: Time | None = None
    round_lots: RoundLots | None = None
    sequence: Range | None = None
    reset: Flag | None = None
    bids: Levels | None = None
    asks: Levels | None = None
    rows: Levels | None = None
    checksum: Checksum | None = None
    depth: int | Text | Integer | None = None

    def __post_init__(self) -> None:
        check_sides(self)


class SnapshotMessage(msgspec.Struct, frozen=True, kw_only=True, tag="snapshot"):
    """A whole book, as it stood after update `last_id`. Levels, `checksum` and `depth` are as in `DeltaMessage`.

    Without a `last_id` in a numbered format, it must be `unnumbered`: it holds what was so at some moment while
    updates were kept, and those are applied to it again. So it is for venues whose updates say how things stand, not
    what is taken off.

    With `restarts`, it comes in the stream by the venue's own decision and is always taken: the numbering of deltas
    begins again with it. A `view` is the best few levels as a whole, each time: it is the book where no deltas come,
    and is passed over where they do.

    A `cut` one holds the best levels only, as an answer with a limit does: the book reaches to the worst price of each
    side. What deltas say of levels beyond isn't all of them, so it is kept aside. When the market comes near the edge,
    another snapshot is asked for; until it comes the book goes on with what was kept if that joins the known levels,
    and is quarantined if it doesn't.

    `inside` is for formats without paths: the message is the object under that key, as in an answer to a request. All
    keys are in it then, those of `when` and `has` too.
    """

    when: When = {}
    has: tuple[str, ...] = ()
    each: str | None = None
    symbol: Text | Joined | Base | None = None
    event_time: Time | None = None
    round_lots: RoundLots | None = None
    last_id: Integer | None = None
    bids: Levels | None = None
    asks: Levels | None = None
    rows: Levels | None = None
    checksum: Checksum | None = None
    depth: int | Text | Integer | None = None
    restarts: bool = False
    view: bool = False
    cut: bool = False
    unnumbered: bool = False
    inside: str | None = None

    def __post_init__(self) -> None:
        check_sides(self)
        if self.unnumbered and (self.last_id is not None or self.view or self.restarts or self.cut):
            raise ValueError("an unnumbered snapshot has no last_id, and is neither a view nor cut nor restarts")
        if self.cut and has_orders(self):
            raise ValueError("a snapshot of orders isn't cut: declare it whole")
        if self.view and self.restarts:
            raise ValueError("a view doesn't restart the numbering: it goes with a snapshot without restarts")
        if self.cut and (self.view or self.restarts):
            raise ValueError("a cut snapshot is one that was asked for: neither a view nor one that restarts")


class QuoteMessage(msgspec.Struct, frozen=True, kw_only=True, tag="quote"):
    """The venue's own best bid and offer."""

    when: When = {}
    has: tuple[str, ...] = ()
    each: str | None = None
    symbol: Text | None = None
    event_time: Time | None = None
    round_lots: RoundLots | None = None
    update_id: Integer | None = None
    bid_price: Price
    bid_size: Size
    ask_price: Price
    ask_size: Size


class TradeMessage(msgspec.Struct, frozen=True, kw_only=True, tag="trade"):
    """A trade print. `aggressor` gives 1 if the buyer was the taker, -1 if the seller was, 0 if it isn't known.

    `rising_ids` says that the trade ids of an instrument rise, so that a trade whose id doesn't is a repetition. With
    `signed`, the sign of the size is the aggressor: positive if the buyer was the taker. `conditions` say for what a
    print counts.
    """

    when: When = {}
    has: tuple[str, ...] = ()
    each: str | None = None
    symbol: Text | None = None
    event_time: Time | None = None
    round_lots: RoundLots | None = None
    trade_id: Integer | None = None
    price: Price
    size: Size
    aggressor: Choice | None = None
    conditions: Conditions | None = None
    rising_ids: bool = False
    signed: bool = False


class CorrectionMessage(msgspec.Struct, frozen=True, kw_only=True, tag="correction"):
    """Corrects a print: `was` is what was reported, `now` what is right. `event_time` is that of the correction."""

    when: When = {}
    has: tuple[str, ...] = ()
    each: str | None = None
    symbol: Text | None = None
    event_time: Time | None = None
    was: Print
    now: Print


class CancelMessage(msgspec.Struct, frozen=True, kw_only=True, tag="cancel"):
    """Takes a print back: what `was` reported never took place. `event_time` is that of the cancellation."""

    when: When = {}
    has: tuple[str, ...] = ()
    each: str | None = None
    symbol: Text | None = None
    event_time: Time | None = None
    was: Print


class BarMessage(msgspec.Struct, frozen=True, kw_only=True, tag="bar"):
    """Trading over an interval. `event_time` is its start."""

    when: When = {}
    has: tuple[str, ...] = ()
    each: str | None = None
    symbol: Text | None = None
    event_time: Time | None = None
    round_lots: RoundLots | None = None
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
    each: str | None = None
    symbol: Text | None = None
    event_time: Time | None = None
    code: Text
    text: Text | None = None
    trading: Choice | None = None


class MarkMessage(msgspec.Struct, frozen=True, kw_only=True, tag="mark"):
    """The venue's mark price, and the funding that it will settle next. Both are decimal text, the price above zero.

    An empty rate means that none is settled. `funding_rate` and `funding_time` are declared together, or neither is.
    """

    when: When = {}
    has: tuple[str, ...] = ()
    each: str | None = None
    symbol: Text | None = None
    event_time: Time | None = None
    mark_price: Text
    funding_rate: Text | None = None
    funding_time: Time | None = None

    def __post_init__(self) -> None:
        if (self.funding_rate is None) != (self.funding_time is None):
            raise ValueError("funding_rate and funding_time go together")


class ControlMessage(msgspec.Struct, frozen=True, kw_only=True, tag="control"):
    """A message about the connection. `code` and `text` are None if it has none.

    They are in the message itself, or in the object under its key `inside`.
    """

    when: When = {}
    has: tuple[str, ...] = ()
    each: str | None = None
    kind: Literal["success", "subscription", "error"]
    inside: str | None = None
    code: Text | Integer | None = None
    text: Text | None = None


def check_sides(message: DeltaMessage | SnapshotMessage) -> None:
    """Raises `ValueError` unless the levels are declared as bids and asks, or as rows that say their side."""
    bids, asks, rows = message.bids, message.asks, message.rows
    if len({side.order is None for side in (bids, asks, rows) if side is not None}) > 1:
        raise ValueError("the rows of a message are levels or orders, not both")
    if message.round_lots is not None and any(side.order is not None for side in sides_of(message)):
        raise ValueError("sizes of single orders are units: round_lots is for levels")
    whole = isinstance(message, SnapshotMessage)
    if whole and any(side.action != ORDER_SETS or side.replaces is not None for side in sides_of(message)):
        raise ValueError("the orders of a snapshot just stand there: they have no action and replace none")
    if rows is not None:
        if bids is not None or asks is not None:
            raise ValueError("levels are declared as bids and asks, or as rows, not as both")
        sides = (rows.side is not None) + rows.signed
        # A change of an order that is known says its side by its id.
        if sides > 1 or (sides == 0 and (whole or rows.order is None)):
            raise ValueError("rows need either a side or signed sizes")
    elif bids is None or asks is None:
        raise ValueError("levels need bids and asks, or rows")
    elif any(side.side is not None or side.signed for side in (bids, asks)):
        raise ValueError("levels of bids or asks have their side already: declare rows instead")


def sides_of(message: DeltaMessage | SnapshotMessage) -> list[Levels]:
    """The rows that a message declares: those of bids, asks and both."""
    return [side for side in (message.bids, message.asks, message.rows) if side is not None]


def has_orders(message: DeltaMessage | SnapshotMessage) -> bool:
    """Whether the rows of a message are single orders."""
    return any(side.order is not None for side in sides_of(message))


def flat_symbol(message: "MarketMessage") -> Text | None:
    """The symbol of a message of a format without paths, which is a text under one key."""
    assert message.symbol is None or isinstance(message.symbol, Text)
    return message.symbol


def both_sides(message: DeltaMessage | SnapshotMessage) -> tuple[Levels, Levels]:
    """Bids and asks of a message that declares them apart. Raises `ValueError` if it declares rows."""
    if message.bids is None or message.asks is None:
        raise ValueError("the message declares rows, not bids and asks")
    return message.bids, message.asks


MarketMessage: TypeAlias = (
    DeltaMessage
    | SnapshotMessage
    | QuoteMessage
    | TradeMessage
    | CorrectionMessage
    | CancelMessage
    | BarMessage
    | StatusMessage
    | MarkMessage
)

Sized: TypeAlias = DeltaMessage | SnapshotMessage | QuoteMessage | TradeMessage | BarMessage
"""The kinds of message that have sizes."""

Message: TypeAlias = MarketMessage | ControlMessage
