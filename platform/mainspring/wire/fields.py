"""Where a value stands in a message, and how it is written there. Plain data: a decoder gives it its meaning.

`key` is the key of the value in the message's object. Every value must be there and be of the type that its field
says; anything else is a `WireError` that names the key. `optional=True` says that the key may be absent.
"""

from typing import TypeAlias

import msgspec

__all__ = [
    "Choice",
    "Flag",
    "Integer",
    "Levels",
    "Millis",
    "Nanos",
    "Number",
    "Price",
    "Range",
    "Rfc3339",
    "Size",
    "Text",
    "Time",
]


class Text(msgspec.Struct, frozen=True, tag=True):
    """A string. If `optional`, an absent one is empty."""

    key: str
    optional: bool = False


class Integer(msgspec.Struct, frozen=True, tag=True):
    """An integer of 0 to 2**63 - 1: an id or a count. If `optional`, an absent one is `NO_ID`."""

    key: str
    optional: bool = False


class Millis(msgspec.Struct, frozen=True, tag=True):
    """A time, as an integer of milliseconds since the Unix epoch."""

    key: str


class Nanos(msgspec.Struct, frozen=True, tag=True):
    """A time, as an integer of nanoseconds since the Unix epoch."""

    key: str


class Rfc3339(msgspec.Struct, frozen=True, tag=True):
    """A time, as RFC 3339 text of at most nine decimals, read to the nanosecond.

    An integer is taken as nanoseconds since the Unix epoch: it is what a msgpack codec makes of a timestamp, so that
    one declaration serves both encodings.
    """

    key: str


class Price(msgspec.Struct, frozen=True, tag=True):
    """A price: plain decimal text, or a JSON or msgpack number if `number`."""

    key: str
    number: bool = False


class Size(msgspec.Struct, frozen=True, tag=True):
    """A size: plain decimal text, or a JSON or msgpack number if `number`."""

    key: str
    number: bool = False


class Number(msgspec.Struct, frozen=True, tag=True):
    """A finite number for information only, read as a float. If `optional`, an absent one is NaN."""

    key: str
    optional: bool = False


class Flag(msgspec.Struct, frozen=True, tag=True):
    """A boolean. If `optional`, an absent one is False."""

    key: str
    optional: bool = False


class Choice(msgspec.Struct, frozen=True, tag=True):
    """One of the strings or booleans in `values`, each of which stands for an integer.

    Any other value, and an absent key, stands for `otherwise`; if that is None, it is a `WireError`.
    """

    key: str
    values: tuple[tuple[str | bool, int], ...]
    otherwise: int | None = None


class Levels(msgspec.Struct, frozen=True, tag=True):
    """An array of levels, each an array or an object of its own.

    `price` and `size` are the places in a level's array, or the keys in its object. They are text, or numbers if
    `number`. A level may hold more than the two. One price may come twice: the later row counts.
    """

    key: str
    price: int | str = 0
    size: int | str = 1
    number: bool = False

    def __post_init__(self) -> None:
        if type(self.price) is not type(self.size):
            raise ValueError("price and size must both be places in an array, or both keys of an object")
        if isinstance(self.price, int) and isinstance(self.size, int) and min(self.price, self.size) < 0:
            raise ValueError("a place in an array counts from 0")


class Range(msgspec.Struct, frozen=True, tag=True):
    """The ids of the updates that a delta covers, `first` to `last`; `previous` is the last id of the delta before it.

    Each names the key of an integer of 0 to 2**63 - 1. A `first` beyond `last` is a `WireError`.
    """

    first: str
    last: str
    previous: str | None = None


Time: TypeAlias = Millis | Nanos | Rfc3339
