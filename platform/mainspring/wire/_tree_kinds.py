"""Tells which of the declared kinds a decoded message is, and finds its items."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from mainspring.model import MarketEvent
from mainspring.wire._flat import compile_matches, is_pattern
from mainspring.wire._paths import ABSENT, compile_each
from mainspring.wire._source import Source
from mainspring.wire._symbols import compile_symbol
from mainspring.wire.fields import Base
from mainspring.wire.messages import ControlMessage, Message, When

__all__ = ["Apply", "Kind", "Parse", "Route", "compile_fits", "compile_kinds", "compile_tell", "unfold", "unfold_known"]

Parse: TypeAlias = Callable[[Any, Any, int], Any]
Apply: TypeAlias = Callable[[Any], Sequence[MarketEvent]] | None
Route: TypeAlias = tuple[Parse, Apply]
"""What reads a message for an instrument, and what happens to what was read; None if it is passed on as it is."""


class Kind:
    """A declaration, compiled: whether a message is of its kind, and whose it is.

    `items` finds the items of a message that has what the declaration wants, whatever its values; it gives `ABSENT`
    for any other. `of_item` says whether an item has what the declaration says about items; None if it says nothing.
    `sole` is True if its values alone tell the kind, and the whole message is the item.
    """

    __slots__ = (
        "base",
        "control",
        "count",
        "fits_root",
        "items",
        "message",
        "of_item",
        "routes",
        "sharing",
        "sole",
        "symbol",
    )

    def __init__(self, message: Message) -> None:
        self.message = message
        self.count = [0]
        self.symbol = None
        self.base: Base | None = None
        if not isinstance(message, ControlMessage) and message.symbol is not None:
            self.symbol = compile_symbol(message.symbol)
            self.base = message.symbol if isinstance(message.symbol, Base) else None
        # Without `each` message and item are the same, and all tests are about the message.
        when, has = dict(message.when), message.has
        if message.each is not None:
            when = {path: value for path, value in when.items() if path.startswith("/")}
            has = tuple(path for path in has if path.startswith("/"))
        self.fits_root = compile_fits(when, ())
        self.sole = message.each is None and not message.has
        self.items = _compile_items(has, message.each)
        of_item = {path: value for path, value in message.when.items() if path not in when}
        has_item = tuple(path for path in message.has if path not in has)
        self.of_item = compile_fits(of_item, has_item) if of_item or has_item else None
        # What reads a message about the connection; None for others.
        self.control: Parse | None = None
        self.routes: dict[str, Route] = {}
        # With a base, the routes of the instruments that share it.
        self.sharing: dict[str, list[Route]] = {}


def _compile_items(has: Sequence[str], each: str | None) -> Callable[[Any], Any]:
    """The function that finds the items of a message if `has` and the array of items are there."""
    source: Source[None] = Source("items", ("item",), whole=True)
    found = [source.at(path) for path in has]
    if found:
        source.write(f"if {' or '.join(f'{one} is ABSENT' for one in found)}: return ABSENT")
    if each is None:
        source.write("return (item,)")
    elif ".*." in each or each.endswith(".*"):
        source.write(f"items = {source.constant('items_of', compile_each(each))}(item, item)")
        source.write("return items if type(items) is list else ABSENT")
    else:
        items = source.at(each)
        source.write(f"return {items} if type({items}) is list else ABSENT")
    return source.make(None)


def compile_fits(when: When, has: Sequence[str]) -> Callable[[Any, Any], bool]:
    """The function that says whether a message, or an item of it, is what a declaration says."""
    source: Source[None] = Source("fits", ("root", "item"))
    tests = [_test(source, source.at(path), value) for path, value in when.items()]
    tests += [f"{source.at(path)} is not ABSENT" for path in has]
    source.write(f"return {' and '.join(tests) or True}")
    return source.make(None)


def _test(source: Source[Any], found: str, value: Any) -> str:
    """Whether a variable holds what a value of `when` stands for."""
    if is_pattern(value):
        return f"type({found}) is str and {source.constant('matches', compile_matches(value))}({found})"
    if value is None or isinstance(value, bool):
        return f"{found} is {value}"
    return f"type({found}) is {type(value).__name__} and {found} == {value!r}"


def compile_kinds(messages: Sequence[Message]) -> tuple[list[Kind], list[Kind]]:
    """The kinds as they were declared, and in the order in which they are tried: those with a `when` first."""
    kinds = [Kind(message) for message in messages]
    return kinds, sorted(kinds, key=lambda kind: not kind.message.when)


def unfold(tried: Sequence[Kind], root: Any, *, mixed: bool) -> Sequence[tuple[Kind | None, Any]]:
    """Each item of a message with its kind; the whole message is the only one without `each`. None: not declared."""
    return unfold_known([kind for kind in tried if kind.fits_root(root, root)], root, mixed=mixed)


def unfold_known(known: Sequence[Kind], root: Any, *, mixed: bool) -> Sequence[tuple[Kind | None, Any]]:
    """The same, of the kinds whose values the whole message is known to have."""
    if mixed:
        return _unfold_all(known, root)
    unclaimed: Sequence[tuple[Kind | None, Any]] = ()
    for kind in known:
        if kind.sole:
            return ((kind, root),)
        items = kind.items(root)
        if items is ABSENT:
            continue
        path = kind.message.each
        if kind.of_item is None and (path is None or len(known) == 1):
            return [(kind, item) for item in items] if len(items) != 1 else ((kind, items[0]),)
        fitting = [other for other in known if other.message.each == path and other.items(root) is not ABSENT]
        if len(fitting) == 1 and kind.of_item is None:
            return [(kind, item) for item in items]
        found = [(_of_item(fitting, root, item), item) for item in items]
        # What is an array of something else may be a message of another kind.
        if not found or any(claimed is not None for claimed, _ in found):
            return found
        unclaimed = unclaimed or found
    return unclaimed or ((None, root),)


def _unfold_all(known: Sequence[Kind], root: Any) -> Sequence[tuple[Kind | None, Any]]:
    """For each array that has items, and for the message itself: what the first kinds that fit find there."""
    found: list[tuple[Kind | None, Any]] = []
    there = [(kind, items) for kind in known if (items := kind.items(root)) is not ABSENT]
    for path in dict.fromkeys(kind.message.each for kind, _ in there):
        fitting = [kind for kind, _ in there if kind.message.each == path]
        items = next(items for kind, items in there if kind.message.each == path)
        found += [(_of_item(fitting, root, item), item) for item in items]
    return found or ((None, root),)


def _of_item(kinds: Sequence[Kind], root: Any, item: Any) -> Kind | None:
    return next((kind for kind in kinds if _is_item(kind, root, item)), None)


def _is_item(kind: Kind, root: Any, item: Any) -> bool:
    return kind.of_item is None or kind.of_item(root, item)


def compile_tell(messages: Sequence[Message]) -> Callable[[Any], tuple[Any, ...]]:
    """The function that finds, from the whole message, the values that tell kinds apart: texts mostly."""
    paths = {path for message in messages for path in message.when if message.each is None or path.startswith("/")}
    source: Source[None] = Source("tell", ("item",), whole=True)
    found = [source.at("/" + path.removeprefix("/")) for path in sorted(paths)]
    source.write(f"return ({''.join(f'{one}, ' for one in found)})")
    return source.make(None)
