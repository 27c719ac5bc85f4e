"""What may go wrong in a session: on the line, at the venue, and by command."""

from collections import deque
from collections.abc import Iterator, Sequence
from random import Random
from typing import Final

import msgspec

from mainspring.lane import (
    CancelAll,
    ClearDiscrepancy,
    Connection,
    Event,
    Execution,
    Flatten,
    Mode,
    SetMode,
)
from mainspring.model import Accepted, Cancelled, Expired, Fill, OrderEvent, Rejected, Replaced, RequestKind, Side
from mainspring.seams import RawMessage

__all__ = ["Hostility", "spoilt"]

_LARGE: Final = (2**62, 2**63 - 1, -(2**63), 0, -1)
_KINDS: Final[tuple[RequestKind, ...]] = ("new", "cancel", "replace")


def spoilt(messages: Sequence[RawMessage], random: Random, chance: float) -> Iterator[RawMessage]:
    """Yields messages as a bad line has them: dropped, doubled, swapped, altered and cut, each with this chance."""
    held: bytes | None = None
    for received_ns, raw in messages:
        draw = random.random() / chance if chance else 5
        if draw < 1:
            continue
        if draw < 2:
            yield received_ns, raw
        elif draw < 3 and held is None:
            held = raw
            continue
        elif draw < 4:
            place = random.randrange(len(raw))
            raw = raw[:place] + bytes((random.choice((raw[place] ^ 1, random.randrange(256))),)) + raw[place + 1 :]
        elif draw < 5:
            raw = raw[: random.randrange(len(raw))]
        yield received_ns, raw
        if held is not None:
            yield received_ns, held
            held = None


class Hostility:
    """What happens to a lane between its messages: a venue's contradictions, lost connections, commands.

    `reported` is fed the order events of the lane; what a venue says next is made of them.
    """

    def __init__(self, random: Random, markets: int) -> None:
        """`markets` is how many the lane has."""
        self.reported: deque[OrderEvent] = deque(maxlen=30)
        self._random = random
        self._markets = markets
        self._connected = True

    def next(self, now_ns: int) -> Event:
        """Draws an event at a time."""
        random, draw = self._random, self._random.random()
        if not self._connected and draw < 0.5:
            self._connected = True
            return Connection(now_ns, 0, "up")
        if draw < 0.02:
            self._connected = False
            return Connection(now_ns, 0, random.choice(("down", "stale")))
        market = random.randrange(self._markets)
        if draw < 0.4:
            return ClearDiscrepancy(now_ns, market)
        if draw < 0.42:
            return CancelAll(now_ns, random.choice((None, market)))
        if draw < 0.44:
            return Flatten(now_ns, random.choice((None, market)))
        if draw < 0.45:
            return SetMode(now_ns, random.choice((Mode.HALTED, Mode.CANCEL_ONLY)), "a trial")
        if draw < 0.52:
            return SetMode(now_ns, Mode.RUNNING, "a trial")
        if not self.reported:
            return ClearDiscrepancy(now_ns, market)
        return Execution(now_ns, 0, self._contradiction(random.choice(self.reported), now_ns))

    def _contradiction(self, event: OrderEvent, now_ns: int) -> OrderEvent:
        """An event once more, about another order, with other figures, or of another kind."""
        random = self._random
        draw = random.random()
        if draw < 0.3:
            return event
        if draw < 0.5:
            near = max(event.order_id - 1, -(2**63)), min(event.order_id + 1, 2**63 - 1)
            other = random.choice((*near, 10**9, -1, *_LARGE[:3]))
            return msgspec.structs.replace(event, order_id=other)
        if draw < 0.55:
            return msgspec.structs.replace(event, instrument=random.randrange(self._markets))
        named = event.order_id, event.instrument, now_ns
        lots = random.choice((1, 2, 50, 1_500, 1_500, *(_LARGE if random.random() < 0.1 else ())))
        price = random.choice((1, 100, 6_000_000, 6_000_000, *(_LARGE if random.random() < 0.1 else ())))
        kind = random.randrange(7)
        if kind == 0:
            return Accepted(*named)
        if kind == 1:
            return Rejected(*named, "no", random.choice(_KINDS))
        if kind == 2:
            return Cancelled(*named, lots, "too far away")
        if kind == 3:
            return Expired(*named, lots, "at its end")
        if kind == 4:
            return Replaced(*named, price, lots)
        fill_id = random.choice((random.randrange(9), 2**60 + random.randrange(10**6)))
        return Fill(*named, fill_id, random.choice((Side.BUY, Side.SELL)), price, lots, random.random() < 0.5, 7)
