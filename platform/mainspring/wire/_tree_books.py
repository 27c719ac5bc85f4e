"""Deltas and snapshots of a decoded message: their numbers, rows, checksum and depth."""

from collections.abc import Callable
from typing import Any, TypeAlias

from mainspring.errors import WireError
from mainspring.model import NO_ID, BookDelta, BookSnapshot, Instrument
from mainspring.wire._ledger import Update, checksum_of
from mainspring.wire._order_ledger import OrderDelta, OrderSnapshot
from mainspring.wire._paths import ABSENT, Find, compile_path
from mainspring.wire._tree_levels import compile_sides
from mainspring.wire._tree_orders import compile_orders
from mainspring.wire._tree_values import compile_flag, compile_integer, compile_text, compile_time, whole
from mainspring.wire._values import refusal
from mainspring.wire.fields import Integer, Text
from mainspring.wire.messages import DeltaMessage, SnapshotMessage, has_orders

__all__ = ["compile_book"]

_Parse: TypeAlias = Callable[[Any, Any, int], Any]


def compile_book(
    message: DeltaMessage | SnapshotMessage, index: int, instrument: Instrument, *, ledger: bool
) -> _Parse:
    """The reader of a delta or a snapshot of instrument number `index`; with `ledger`, it gives an `Update`."""
    if has_orders(message):
        return _of_orders(message, index, instrument)
    return _of_levels(message, index, instrument, ledger=ledger)


def _of_orders(message: DeltaMessage | SnapshotMessage, index: int, instrument: Instrument) -> _Parse:
    """Reads a delta or a snapshot of orders, as an `Update`."""
    time_of = compile_time(message.event_time)
    changes_of = compile_orders(message, instrument)
    ids_of, resets = _ids(message)
    arrival = (message.restarts, message.view, False) if isinstance(message, SnapshotMessage) else (False,) * 3
    checksum_in, depth_of = _checksum(message), _depth(message)

    def parse(root: Any, item: Any, receive_time_ns: int) -> Update:
        first, last, previous = ids_of(root, item)
        time_ns = time_of(root, item, receive_time_ns)
        changes = changes_of(root, item)
        event: BookDelta | BookSnapshot
        if resets(root, item):
            event = OrderSnapshot(index, receive_time_ns, time_ns, last, [], [], changes)
        else:
            event = OrderDelta(index, receive_time_ns, time_ns, first, last, previous, [], [], changes)
        return Update(event, *arrival, [], [], checksum_in(root, item), depth_of(root, item))

    return parse


def _of_levels(message: DeltaMessage | SnapshotMessage, index: int, instrument: Instrument, *, ledger: bool) -> _Parse:
    """Reads a delta or a snapshot; with `ledger`, as an `Update`."""
    time_of = compile_time(message.event_time)
    sides_of = compile_sides(message, instrument, ledger=ledger)
    ids_of, resets = _ids(message)
    arrival = (message.restarts, message.view, message.cut) if isinstance(message, SnapshotMessage) else (False,) * 3
    checksum_in, depth_of = _checksum(message), _depth(message)
    numbered = isinstance(message, SnapshotMessage) or message.sequence is not None
    may_reset = isinstance(message, SnapshotMessage) or message.reset is not None

    def parse(root: Any, item: Any, receive_time_ns: int) -> Any:
        first, last, previous = ids_of(root, item) if numbered else (NO_ID, NO_ID, NO_ID)
        time_ns = time_of(root, item, receive_time_ns)
        bids, asks = sides_of(root, item)
        levels: tuple[Any, Any] = ([], []) if ledger else (bids, asks)
        event: BookDelta | BookSnapshot
        if may_reset and resets(root, item):
            event = BookSnapshot(index, receive_time_ns, time_ns, last, *levels)
        else:
            event = BookDelta(index, receive_time_ns, time_ns, first, last, previous, *levels)
        if not ledger:
            return event
        return Update(event, *arrival, bids, asks, checksum_in(root, item), depth_of(root, item))

    return parse


def _ids(message: DeltaMessage | SnapshotMessage) -> tuple[Callable[[Any, Any], tuple[int, int, int]], Find]:
    """What reads the ids of a message, and whether it is a whole book."""
    if isinstance(message, SnapshotMessage):
        id_of = compile_integer(message.last_id)
        return (lambda root, item: (NO_ID, id_of(root, item), NO_ID)), lambda _root, _item: True
    resets: Find = (lambda _root, _item: False) if message.reset is None else compile_flag(message.reset)
    field = message.sequence
    if field is None:
        return (lambda _root, _item: (NO_ID, NO_ID, NO_ID)), resets
    first_of = compile_integer(Integer(field.first, text=field.text))
    last_of = compile_integer(Integer(field.last, text=field.text))
    previous_of = compile_integer(None if field.previous is None else Integer(field.previous, text=field.text))

    def read(root: Any, item: Any) -> tuple[int, int, int]:
        first, last = first_of(root, item), last_of(root, item)
        if first > last:
            raise WireError(
                f"field {field.first!r} must not be beyond {field.last!r}: {first} > {last}", field=field.first
            )
        return first, last, previous_of(root, item)

    return read, resets


def _checksum(message: DeltaMessage | SnapshotMessage) -> Find:
    field = message.checksum
    if field is None:
        return lambda _root, _item: None
    find = compile_path(field.key)

    def read(root: Any, item: Any) -> int | None:
        value = find(root, item)
        if value is ABSENT and field.optional:
            return None
        checksum = checksum_of(value)
        if checksum is None:
            raise (
                refusal(field.key, "is missing")
                if value is ABSENT
                else refusal(field.key, "must be a checksum of 32 bits", value)
            )
        return checksum

    return read


def _depth(message: DeltaMessage | SnapshotMessage) -> Find:
    field = message.depth
    if field is None or isinstance(field, int):
        return lambda _root, _item: field
    value_of = compile_text(field) if isinstance(field, Text) else compile_integer(field)

    def read(root: Any, item: Any) -> int:
        depth = whole(value_of(root, item), field.key, text=True)
        if not depth:
            raise refusal(field.key, "must be a number of levels", depth)
        return depth

    return read
