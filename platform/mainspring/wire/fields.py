"""Where a value stands in a message, and how it is written there. Plain data: a decoder gives it its meaning.

`key` is the path of the value: a key of the message's object, or several steps with dots between them, each a key of
an object or a place in an array ("params.data.0", "-1" for the last). A path that begins with "/" starts at the whole
message where the declaration is about one item of an array (`each`); in a row of levels "../" starts at the item.
Every value must be there and be of the type that its field says; anything else is a `WireError` that names the key.
`optional=True` says that the value may be absent.
"""

from typing import Literal, TypeAlias

import msgspec

from mainspring.model import PRINT_ALL
from mainspring.wire._times import rfc3339_to_ns

__all__ = [
    "ORDER_CHANGES",
    "ORDER_DELETES",
    "ORDER_EXECUTES",
    "ORDER_PASSES",
    "ORDER_REDUCES",
    "ORDER_SETS",
    "Base",
    "Checksum",
    "Choice",
    "Conditions",
    "Flag",
    "Integer",
    "Joined",
    "Levels",
    "Micros",
    "Millis",
    "Nanos",
    "Number",
    "Price",
    "Print",
    "Range",
    "Rfc3339",
    "RoundLots",
    "Scale",
    "Seconds",
    "Size",
    "Text",
    "Time",
    "scale_of",
]

ORDER_SETS = 0
"""The order has this size now, at this price: a new one joins the end of the queue, a known one is changed."""

ORDER_CHANGES = 1
"""The same of an order that is on the book already: one that isn't there isn't added."""

ORDER_REDUCES = 2
"""The size is taken off the order, and nothing left removes it: a cancel in part."""

ORDER_EXECUTES = 3
"""The same by a trade, which is printed too: at the row's price, or the order's where the row has none."""

ORDER_DELETES = 4
"""The order is gone."""

ORDER_PASSES = 5
"""The row says nothing of the book, and only takes up its number."""

Scale: TypeAlias = tuple[tuple[str, int], ...]
"""How many decimals an integer has, by the start of the venue symbol: the first that fits counts, "" fits all."""


def scale_of(scale: Scale, venue_symbol: str) -> int | None:
    """What is declared for an instrument; None if nothing is for any. Raises `ValueError` if it has been forgotten."""
    if not scale:
        return None
    for start, number in scale:
        if venue_symbol.startswith(start):
            return number
    raise ValueError(f"no scale is declared for {venue_symbol!r}")


class Text(msgspec.Struct, frozen=True, tag=True):
    """A string. If `optional`, an absent one is empty.

    `after` and `until` cut it: what stands behind the first `after`, up to the next `until`. So the symbol in
    "market.btcusdt.depth.step0" is `Text("ch", after="market.", until=".")`.
    """

    key: str
    optional: bool = False
    after: str = ""
    until: str = ""


class Joined(msgspec.Struct, frozen=True, tag=True):
    """A venue symbol that stands in several places: the texts under `keys` with `separator` between them.

    With `lower`, they are taken in small letters.
    """

    keys: tuple[str, ...]
    separator: str = "-"
    lower: bool = False


class Base(msgspec.Struct, frozen=True, tag=True):
    """What a message names that is about several instruments: what their venue symbols have before `separator`.

    The message counts for each of these instruments of the session. In the paths of its prices and sizes, "{quote}"
    stands for what follows the separator in the instrument's venue symbol. `after` and `until` cut as in `Text`.
    """

    key: str
    after: str = ""
    until: str = ""
    separator: str = "-"


class Integer(msgspec.Struct, frozen=True, tag=True):
    """An integer of 0 to 2**63 - 1: an id or a count. If `optional`, an absent one is `NO_ID`.

    With `text`, it may also be written as text.
    """

    key: str
    optional: bool = False
    text: bool = False


class Millis(msgspec.Struct, frozen=True, tag=True):
    """A time, as an integer of milliseconds since the Unix epoch.

    One too large for that is taken as micro- or nanoseconds, which some venues send on request. With `text`, it may
    also be decimal text, or have a fraction.
    """

    key: str
    text: bool = False


class Micros(msgspec.Struct, frozen=True, tag=True):
    """A time in microseconds since the Unix epoch: a number or decimal text, with or without a fraction."""

    key: str


class Nanos(msgspec.Struct, frozen=True, tag=True):
    """A time, as an integer of nanoseconds since the Unix epoch. With `text`, it may also be decimal text."""

    key: str
    text: bool = False


class Seconds(msgspec.Struct, frozen=True, tag=True):
    """A time in seconds since the Unix epoch: a number or decimal text, with or without a fraction."""

    key: str


class Rfc3339(msgspec.Struct, frozen=True, tag=True):
    """A time, as RFC 3339 text of at most nine decimals, read to the nanosecond.

    An integer is taken as nanoseconds since the Unix epoch: it is what a msgpack codec makes of a timestamp, so that
    one declaration serves both encodings.
    """

    key: str


class Price(msgspec.Struct, frozen=True, tag=True):
    """A price: plain decimal text, or a JSON or msgpack number if `number`.

    With a `scale`, it is an integer (or the text of one) with that number of decimals.
    """

    key: str
    number: bool = False
    scale: Scale = ()


class Size(msgspec.Struct, frozen=True, tag=True):
    """A size: plain decimal text, or a JSON or msgpack number if `number`; `scale` as in `Price`.

    With `decimals`, the venue computes sizes in binary fractions, of which only that number of decimals count: one that
    is no whole number of lots is rounded to the nearest.
    """

    key: str
    number: bool = False
    scale: Scale = ()
    decimals: int | None = None


class Print(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A print within a message about prints. `trade_id` and `conditions` are None if the message doesn't say them."""

    trade_id: Integer | None = None
    price: Price
    size: Size
    conditions: "Conditions | None" = None


class Number(msgspec.Struct, frozen=True, tag=True):
    """A finite number for information only, read as a float. If `optional`, an absent one is NaN."""

    key: str
    optional: bool = False


class Flag(msgspec.Struct, frozen=True, tag=True):
    """A boolean. If `optional`, an absent one is False."""

    key: str
    optional: bool = False


class Choice(msgspec.Struct, frozen=True, tag=True):
    """One of the strings, booleans or integers in `values`, each of which stands for an integer.

    Any other value, and an absent key, stands for `otherwise`; if that is None, it is a `WireError`.
    """

    key: str
    values: tuple[tuple[str | bool | int, int], ...]
    otherwise: int | None = None


class Conditions(msgspec.Struct, frozen=True, tag=True):
    """The condition codes of a print: a text or an array of texts under `key`; an absent one says nothing.

    `counts` says for each code what a print with it may count for, as `mainspring.model.Trade.counts` has it, and
    `otherwise` that of a code that isn't there. A print with several codes counts for what all of them allow.
    """

    key: str
    counts: tuple[tuple[str, int], ...]
    otherwise: int = PRINT_ALL


class Levels(msgspec.Struct, frozen=True, tag=True):
    """An array of levels, each an array or an object of its own.

    `price` and `size` are the places in a level's array, or the keys in its object. They are text, or numbers if
    `number`. A level may hold more than the two. One price may come twice: the later row counts.

    What venues do otherwise is said by the rest:

    - `optional`: the array may be absent or null, which means that nothing changed on this side.
    - `single`: under `key` isn't an array but one level; with an empty `key` the item itself is the level.
    - `side`: the level says its side, 1 for a bid and -1 for an offer (only for `rows` of a message).
    - `signed`: the sign of the size is the side, positive for a bid (only for `rows`).
    - `deletes`: a level that is deleted says so: a `Choice` of 1 (deleted) or 0. Its size doesn't count then, and may
      be absent. A size of zero deletes in any case.
    - `id`: levels have ids. One that comes without its price has the price that came with the id before.
    - `scale` and `size_scale`: prices and sizes are integers with that number of decimals, as in `Price`.
    - `size_decimals`: sizes are rounded, as in `Size.decimals`.
    - `placeholder`: a level with the price zero says nothing, and is passed over.

    Rows may be single orders instead, of which the decoder makes the levels:

    - `order`: where the order's id stands. A price that is absent or null is the one that the order has.
    - `action`: what the row does to the order, one of `ORDER_SETS` (also where the size is 0, which removes it),
      `ORDER_CHANGES`, `ORDER_REDUCES`, `ORDER_EXECUTES`, `ORDER_DELETES` and `ORDER_PASSES`, or where a row says it.
    - `replaces`: where the id stands of the order whose place on the book this one takes: that one is gone, and gives
      side and price where the row has none.
    - `trade_id`: where the id of an execution's trade stands, an integer or the text of one.
    - `passes_unknown`: the venue tells of orders too that aren't on the book. Without it, a change of an order that
      isn't there shows that something was lost.
    """

    key: str
    price: int | str = 0
    size: int | str = 1
    number: bool = False
    optional: bool = False
    single: bool = False
    side: Choice | None = None
    signed: bool = False
    deletes: Choice | None = None
    id: int | str | None = None
    scale: Scale = ()
    size_scale: Scale = ()
    size_decimals: int | None = None
    placeholder: bool = False
    order: int | str | None = None
    action: int | Choice = ORDER_SETS
    replaces: int | str | None = None
    trade_id: int | str | None = None
    passes_unknown: bool = False

    def __post_init__(self) -> None:
        if self.order is None:
            if self.action != ORDER_SETS or self.passes_unknown or self.replaces is not None:
                raise ValueError("action, replaces and passes_unknown are of orders: name the place of their ids")
        elif self.id is not None or self.deletes is not None or self.placeholder:
            raise ValueError("an order has an action, and neither the id of a level nor deletes nor placeholder")
        if type(self.price) is not type(self.size):
            raise ValueError("price and size must both be places in an array, or both keys of an object")
        if isinstance(self.price, int) and isinstance(self.size, int) and min(self.price, self.size) < 0:
            raise ValueError("a place in an array counts from 0")


class RoundLots(msgspec.Struct, frozen=True, tag=True):
    """The sizes of a message are round lots, if its time lies before `before`, an RFC 3339 time: else they are units.

    `units` says how many units a round lot has, by the start of the venue symbol: `(("BRK.A", 1), ("", 100))`.
    """

    units: Scale
    before: str

    def __post_init__(self) -> None:
        rfc3339_to_ns(self.before)
        if not self.units or any(type(units) is not int or units < 1 for _, units in self.units):
            raise ValueError("a round lot has at least one unit")


class Range(msgspec.Struct, frozen=True, tag=True):
    """The ids of the updates that a delta covers, `first` to `last`; `previous` is the last id of the delta before it.

    Each names the key of an integer of 0 to 2**63 - 1; with `text`, they may be written as text. Where each delta has
    one number, `first` and `last` are the same key. A `first` beyond `last` is a `WireError`.
    """

    first: str
    last: str
    previous: str | None = None
    text: bool = False


class Checksum(msgspec.Struct, frozen=True, tag=True):
    """The CRC32 of the best levels after the message, under `key`: a number of either sign, or the text of one.

    It is that of one ASCII text, made of price and size of the best `levels` of each side with `separator` between
    all of them: "interleaved" is best bid, best offer, second bid and so on; "asks-bids" is all offers, then all bids.
    With `orders`, each order of these levels stands for itself, in the order of the queue, instead of the level.

    `text` says how each is written: as it was "sent" (where the message has text), by its "digits" (no point, and no
    zeros in front; where the message has numbers, those of the instrument's grid), or "shortest" (no zeros behind the
    last decimal). With `negative_asks`, the size of an offer has a minus sign.
    """

    key: str
    levels: int
    layout: Literal["interleaved", "asks-bids"] = "interleaved"
    separator: str = ":"
    text: Literal["sent", "digits", "shortest"] = "sent"
    optional: bool = False
    negative_asks: bool = False
    orders: bool = False

    def __post_init__(self) -> None:
        if self.orders and self.text == "sent":
            raise ValueError("a checksum over orders is made of digits or shortest texts, not of what was sent")


Time: TypeAlias = Millis | Micros | Nanos | Seconds | Rfc3339
