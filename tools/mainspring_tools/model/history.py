"""Whether what a venue said of an order can have happened: written from the contract alone, without any code of ours.

It imports nothing of the platform. An order's history is plain data: what was asked for and when it was sent, and what
the venue said had happened and when. It is explained if one sequence of venue operations gives all that was said, each
operation after the request that asked for it was sent.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

__all__ = ["Asked", "Said", "explain"]


class Asked(NamedTuple):
    """A request: "new", "cancel" or "replace", when it was sent, and the price and total size that it asked for."""

    what: str
    sent_ns: int
    price: int = 0
    lots: int = 0


class Said(NamedTuple):
    """What a venue said: "accepted", "rejected", "filled", "cancelled", "expired", "replaced", or "too-late".

    `lots` are those of a fill, those left at an end, or the total size of a replacement. `fill_id` names a fill.
    "too-late" answers a cancel or replace that had no effect. The price of a cancellation is 0 if it was asked for.
    """

    what: str
    time_ns: int
    price: int = 0
    lots: int = 0
    fill_id: int = 0


class _Order(NamedTuple):
    """What the venue's order is, after some operations."""

    open: bool
    ended: bool
    size: int
    filled: int
    replaces: tuple[Asked, ...]


def explain(asked: Sequence[Asked], said: Sequence[Said], truth: Sequence[Said]) -> str:
    """Says what of an order can't be explained; empty if all can.

    `said` is what reached us, in any order, and perhaps not all of it; `truth` has every fill that there was.
    """
    new = [one for one in asked if one.what == "new"]
    if not new and not truth and all(one.what == "too-late" for one in said):
        # The process ended before it was sent, and the next one asked for its cancel.
        return ""
    if len(new) != 1:
        return f"{len(new)} new orders of one id"
    fills = {one.fill_id: one for one in truth}
    if len(fills) != len(truth):
        return "one execution twice at the venue"
    for one in said:
        if one.what == "filled" and fills.get(one.fill_id) != one:
            return f"{one} isn't an execution of the venue"
    others = [one for one in said if one.what not in ("filled", "too-late")]
    # Of one instant, whatever order explains it will do.
    operations = sorted({*others, *truth}, key=lambda one: one.time_ns)
    start = _Order(False, False, new[0].lots, 0, tuple(one for one in asked if one.what == "replace"))
    cancels = [one.sent_ns for one in asked if one.what == "cancel"]
    if not _can_follow(start, operations, new[0].sent_ns, cancels):
        return f"no sequence of operations explains {operations} of {list(asked)}"
    return ""


def _can_follow(order: _Order, left: Sequence[Said], sent_ns: int, cancels: Sequence[int]) -> bool:
    if not left:
        return True
    earliest = left[0].time_ns
    for at, one in enumerate(left):
        if one.time_ns != earliest:
            return False
        for after in _after(order, one, sent_ns, cancels):
            if _can_follow(after, [*left[:at], *left[at + 1 :]], sent_ns, cancels):
                return True
    return False


def _after(order: _Order, said: Said, sent_ns: int, cancels: Sequence[int]) -> Iterator[_Order]:
    """The orders that there may be after an operation; none if it can't have happened."""
    if order.ended or said.time_ns < sent_ns:
        return
    if said.what in ("accepted", "rejected"):
        if not order.open:
            yield order._replace(open=said.what == "accepted", ended=said.what == "rejected")
    elif said.what == "replaced":
        yield from _replaced(order, said)
    elif said.what == "filled":
        yield from _filled(order, said)
    elif said.what == "expired" or said.price or any(cancelled <= said.time_ns for cancelled in cancels):
        # A replacement of which we never heard may have come before.
        for size in (order.size, *_sizes(order, said.time_ns)):
            if said.lots == size - order.filled:
                yield order._replace(open=True, ended=True)


def _replaced(order: _Order, said: Said) -> Iterator[_Order]:
    for at, asked in enumerate(order.replaces):
        fits = (asked.price, asked.lots) == (said.price, said.lots) and asked.sent_ns <= said.time_ns
        if fits and said.lots > order.filled:
            left = order.replaces[:at] + order.replaces[at + 1 :]
            yield order._replace(open=True, size=said.lots, replaces=left)


def _filled(order: _Order, said: Said) -> Iterator[_Order]:
    filled = order.filled + said.lots
    for size in (order.size, *_sizes(order, said.time_ns)):
        if filled <= size:
            yield order._replace(open=True, size=size, filled=filled, ended=filled == size)


def _sizes(order: _Order, now_ns: int) -> Iterator[int]:
    yield from (one.lots for one in order.replaces if one.sent_ns <= now_ns)
