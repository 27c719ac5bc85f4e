"""Rows of a decoded message that are single orders, as `mainspring.wire.Levels` declares them with `order`."""

from collections.abc import Callable
from typing import Any, TypeAlias

from mainspring.model import MAX_UNITS, NO_ID, OrderId
from mainspring.wire._paths import ABSENT
from mainspring.wire._tree_levels import InRow, in_row_of, rows_of
from mainspring.wire._tree_units import Own
from mainspring.wire._tree_values import choice_of, signed, whole
from mainspring.wire._values import refusal
from mainspring.wire.fields import (
    ORDER_DELETES,
    ORDER_EXECUTES,
    ORDER_PASSES,
    ORDER_REDUCES,
    ORDER_SETS,
    Choice,
    Levels,
)
from mainspring.wire.messages import DeltaMessage, SnapshotMessage

__all__ = ["OrderChange", "compile_orders"]

OrderChange: TypeAlias = tuple[int, OrderId, int, int | None, int, int, OrderId | None, int, bool]
"""What a row says: its action, the order's id, the side (0: not said), the price in ticks (None: not said), how many
billionths of one an execution lies above it, the lots, the id of the order that it replaces, the id of its trade, and
whether an order that isn't there may be passed over."""

_Into: TypeAlias = Callable[[Any, Any, list[OrderChange]], None]


def compile_orders(message: DeltaMessage | SnapshotMessage, own: Own) -> Callable[[Any, Any], list[OrderChange]]:
    """Reads the order rows of a message, in order: its rows, its bids, then its offers."""
    sides = ((message.rows, 0), (message.bids, 1), (message.asks, -1))
    whole_book = isinstance(message, SnapshotMessage)
    readers = [_orders(field, fixed, own, whole_book) for field, fixed in sides if field is not None]

    def read(root: Any, item: Any) -> list[OrderChange]:
        changes: list[OrderChange] = []
        for into in readers:
            into(root, item, changes)
        return changes

    return read


def _orders(field: Levels, fixed: int, own: Own, whole_book: bool) -> _Into:
    """`fixed` is the side of all rows; 0 if each says its own, or none does. A whole book's orders have a price."""
    find, action_of = rows_of(field), _action(field)
    assert field.order is not None
    id_of, id_name, passes = in_row_of(field.order), f"{field.key}[{field.order}]", field.passes_unknown
    units_of, side_of = _units(field, own, whole_book), _side(field, fixed)
    replaced_of = None if field.replaces is None else in_row_of(field.replaces)
    trade_of = None if field.trade_id is None else in_row_of(field.trade_id)

    def into(root: Any, item: Any, changes: list[OrderChange]) -> None:
        for row in find(root, item):
            action = action_of(root, item, row)
            if action == ORDER_PASSES:
                continue
            name = _id(id_of(root, item, row), id_name)
            if action == ORDER_DELETES:
                changes.append((action, name, 0, None, 0, 0, None, NO_ID, passes))
                continue
            side = side_of(root, item, row) if action == ORDER_SETS else 0
            ticks, fraction, lots = units_of(root, item, row, action)
            replaced = None
            if action == ORDER_SETS and replaced_of is not None:
                replaced = _id(replaced_of(root, item, row), f"{field.key}[{field.replaces}]")
            trade_id = NO_ID
            if action == ORDER_EXECUTES and trade_of is not None:
                trade_id = whole(trade_of(root, item, row), f"{field.key}[{field.trade_id}]", text=True)
            changes.append((action, name, side, ticks, fraction, lots, replaced, trade_id, passes))

    return into


def _action(field: Levels) -> InRow:
    action = field.action
    if not isinstance(action, Choice):
        return lambda _root, _item, _row: action
    find = in_row_of(action.key)
    return lambda root, item, row: choice_of(action, find(root, item, row))


def _side(field: Levels, fixed: int) -> InRow:
    """Reads the side of an order that is put there."""
    side = field.side
    if side is not None:
        find = in_row_of(side.key)
        return lambda root, item, row: choice_of(side, find(root, item, row))
    if field.signed:
        size_of = in_row_of(field.size)
        return lambda root, item, row: signed(size_of(root, item, row))[0]
    return lambda _root, _item, _row: fixed


def _units(field: Levels, own: Own, whole_book: bool) -> Callable[[Any, Any, Any, int], tuple[int | None, int, int]]:
    """Reads price and size of a row, whose action is called with; the price is None where the row has none.

    Only an execution's price may lie between two ticks.
    """
    print_of, ticks = own.prints(field.scale).of, own.ticks(field.scale).of
    lots_of = own.lots(field.size_scale, field.size_decimals).of
    price_of, size_of = in_row_of(field.price), in_row_of(field.size)
    price_name, size_name = f"{field.key}[{field.price}]", f"{field.key}[{field.size}]"

    def read(root: Any, item: Any, row: Any, action: int) -> tuple[int | None, int, int]:
        price, size = price_of(root, item, row), size_of(root, item, row)
        said = whole_book or (price is not ABSENT and price is not None)
        units: int | None = None
        fraction = 0
        if said and action == ORDER_EXECUTES:
            units, fraction = print_of(price, price_name)
        elif said and action != ORDER_REDUCES:
            units = ticks(price, price_name)
        return units, fraction, lots_of(signed(size)[1] if field.signed else size, size_name)

    return read


def _id(value: Any, name: str) -> OrderId:
    if type(value) is str and value:
        return value
    if type(value) is int and 0 <= value <= MAX_UNITS:
        return value
    raise refusal(name, "is missing") if value is ABSENT else refusal(name, "must be the id of an order", value)
