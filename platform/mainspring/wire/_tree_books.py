"""Deltas and snapshots of a decoded message: their numbers, rows, checksum and depth."""

from collections.abc import Callable
from typing import Any

from mainspring.errors import WireError
from mainspring.model import NO_ID, BookDelta, BookSnapshot
from mainspring.wire._ledger import Update, checksum_of
from mainspring.wire._order_ledger import OrderDelta, OrderSnapshot
from mainspring.wire._paths import ABSENT
from mainspring.wire._source import Source
from mainspring.wire._tree_levels import write_sides
from mainspring.wire._tree_orders import compile_orders
from mainspring.wire._tree_units import Own
from mainspring.wire._tree_values import compile_integer, compile_text, whole, write_flag, write_integer, write_time
from mainspring.wire._values import refusal
from mainspring.wire.fields import Integer, Text
from mainspring.wire.messages import DeltaMessage, SnapshotMessage, has_orders

__all__ = ["write_book"]

_MAX_DEPTHS = 64


def write_book(source: Source[Own], message: DeltaMessage | SnapshotMessage, *, ledger: bool) -> None:
    """Reads a delta or a snapshot; with `ledger`, as an `Update`."""
    index = source.own("index", lambda own: own.index)
    first, last, previous = _write_ids(source, message)
    time_ns = write_time(source, message.event_time)
    bids, asks, changes = "[]", "[]", ""
    delta: type[BookDelta] = BookDelta
    snapshot: type[BookSnapshot] = BookSnapshot
    if has_orders(message):
        delta, snapshot = OrderDelta, OrderSnapshot
        orders = source.own("orders", lambda own: compile_orders(message, own))
        source.write(f"changes = {orders}(root, item)")
        changes = ", changes"
    else:
        bids, asks = write_sides(source, message, ledger=ledger)
    # The ledger fills in the levels, once it knows those that only have an id.
    levels = "[], []" if ledger else f"{bids}, {asks}"
    as_snapshot = (
        f"{source.constant('BookSnapshot', snapshot)}({index}, receive_time_ns, {time_ns}, {last}, {levels}{changes})"
    )
    ids = f"{first}, {last}, {previous}"
    as_delta = f"{source.constant('BookDelta', delta)}({index}, receive_time_ns, {time_ns}, {ids}, {levels}{changes})"
    if isinstance(message, SnapshotMessage):
        event = as_snapshot
    elif message.reset is not None:
        event = f"{as_snapshot} if {write_flag(source, message.reset)} else {as_delta}"
    else:
        event = as_delta
    if not ledger:
        source.write(f"return {event}")
        return
    checksum, depth = _write_checksum(source, message), _write_depth(source, message)
    source.write(f"return {source.constant('Update', Update)}({event}, {bids}, {asks}, {checksum}, {depth})")


def _write_ids(source: Source[Any], message: DeltaMessage | SnapshotMessage) -> tuple[str, str, str]:
    """Reads the first, the last and the previous id of a message."""
    if isinstance(message, SnapshotMessage):
        return str(NO_ID), write_integer(source, message.last_id), str(NO_ID)
    field = message.sequence
    if field is None:
        return str(NO_ID), str(NO_ID), str(NO_ID)
    first = last = write_integer(source, Integer(field.first, text=field.text))
    if field.last != field.first:
        last = write_integer(source, Integer(field.last, text=field.text))
        beyond = source.constant("beyond", _beyond)
        source.write(f"if {first} > {last}: raise {beyond}({field.first!r}, {field.last!r}, {first}, {last})")
    previous = write_integer(source, None if field.previous is None else Integer(field.previous, text=field.text))
    return first, last, previous


def _beyond(first_key: str, last_key: str, first: int, last: int) -> WireError:
    return WireError(f"field {first_key!r} must not be beyond {last_key!r}: {first} > {last}", field=first_key)


def _write_checksum(source: Source[Any], message: DeltaMessage | SnapshotMessage) -> str:
    field = message.checksum
    if field is None:
        return "None"
    value, read = source.at(field.key), source.constant("checksum_in", _checksum_in)
    usual = f"{value} if type({value}) is int and 0 <= {value} < {2**32}"
    source.write(f"checksum = {usual} else {read}({value}, {field.key!r}, {field.optional})")
    return "checksum"


def _checksum_in(value: Any, key: str, optional: bool) -> int | None:
    checksum = checksum_of(value)
    if checksum is None and not (value is ABSENT and optional):
        raise refusal(key, "is missing") if value is ABSENT else refusal(key, "must be a checksum of 32 bits", value)
    return checksum


def _write_depth(source: Source[Any], message: DeltaMessage | SnapshotMessage) -> str:
    field = message.depth
    if field is None or isinstance(field, int):
        return str(field)
    known: dict[str, int] = {}
    value = source.at(field.key)
    depths, depth_of = source.constant("depths", known), source.constant("depth_of", _depth_of(field, known))
    source.write(
        f"depth = {depths}.get({value}) if type({value}) is str else None",
        f"if depth is None: depth = {depth_of}({value}, root, item)",
    )
    return "depth"


def _depth_of(field: Text | Integer, known: dict[str, int]) -> Callable[[Any, Any, Any], int]:
    """Reads how many levels a message has, and remembers those of texts."""
    find = compile_text(field) if isinstance(field, Text) else compile_integer(field)

    def read(value: Any, root: Any, item: Any) -> int:
        depth = whole(find(root, item), field.key, text=True)
        if not depth:
            raise refusal(field.key, "must be a number of levels", depth)
        if type(value) is str and len(known) < _MAX_DEPTHS:
            known[value] = depth
        return depth

    return read
