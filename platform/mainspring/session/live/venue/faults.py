"""What goes wrong in a box, by switch: once each, at the message or the request of that number."""

from collections import defaultdict
from typing import Final, Literal, TypeAlias, get_args

import msgspec

__all__ = ["ExchangeFault", "FaultKind", "Faults", "Where"]

Where: TypeAlias = Literal["data", "updates", "orders"]
FaultKind: TypeAlias = Literal[
    "close", "mute", "drop", "double", "swap", "delay", "garbage", "429", "418", "500", "silent", "late"
]

_OF_STREAMS: Final = ("close", "mute", "drop", "double", "swap", "delay", "garbage")
_OF_REQUESTS: Final = ("429", "418", "500", "silent", "late")


class ExchangeFault(msgspec.Struct, frozen=True):
    """A fault of a stream ("data", "updates"), or of a request that changes orders ("orders"), counted from 0.

    "close" closes the connection, "mute" leaves it open and says nothing any more, "drop" leaves the message out,
    "double" sends it twice, "swap" sends the next one first, "delay" sends it and all behind it a second late, and
    "garbage" sends what can't be read in its place. "429", "418" and "500" refuse the request; "silent" does what it
    asks and never answers; "late" answers after a second.
    """

    where: Where
    kind: FaultKind
    at: int

    def __post_init__(self) -> None:
        kinds = _OF_REQUESTS if self.where == "orders" else _OF_STREAMS
        if self.kind not in kinds:
            raise ValueError(f"{self.where}.{self.kind}: {self.where} can {', '.join(kinds)}")

    @classmethod
    def parse(cls, text: str) -> "ExchangeFault":
        """Reads WHERE.KIND@N, such as "updates.drop@3". Raises `ValueError`."""
        named, _, at = text.partition("@")
        where, _, kind = named.partition(".")
        if where not in get_args(Where) or kind not in get_args(FaultKind) or not at.isdigit():
            raise ValueError(
                f"write WHERE.KIND@N, such as updates.drop@3, not {text!r}; WHERE: {', '.join(get_args(Where))}"
            )
        return cls(where, kind, int(at))  # type: ignore[arg-type]


class Faults:
    """Counts what the box says and is asked, and says what goes wrong with it."""

    def __init__(self, faults: tuple[ExchangeFault, ...] = ()) -> None:
        self._at = {(one.where, one.at): one.kind for one in faults}
        self._count: defaultdict[str, int] = defaultdict(int)

    def next(self, where: Where) -> FaultKind | None:
        """Takes one thing, and returns what goes wrong with it; None if nothing does."""
        number = self._count[where]
        self._count[where] += 1
        return self._at.pop((where, number), None)
