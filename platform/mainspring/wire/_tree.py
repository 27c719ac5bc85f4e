"""Reads messages of any shape: decoded whole, each value followed by its path.

What `mainspring.wire._flat` calls flat goes the shorter way of `_receive`. The native twin is `wire/tree`.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeAlias

from mainspring.errors import CodecError, WireError
from mainspring.model import Instrument, MarketEvent
from mainspring.wire._flat import compile_matches, is_pattern
from mainspring.wire._ledger import Ledger
from mainspring.wire._notes import Note
from mainspring.wire._numbers import Arrival, MessageCounter
from mainspring.wire._paths import ABSENT, compile_each
from mainspring.wire._round_lots import compile_round_lots
from mainspring.wire._source import Source
from mainspring.wire._symbols import compile_symbol, for_quote, split_symbol
from mainspring.wire._sync import BookSync, snapshot_handler
from mainspring.wire._tree_books import write_book
from mainspring.wire._tree_events import write_control, write_event
from mainspring.wire._tree_units import Own
from mainspring.wire._values import refusal
from mainspring.wire.cause import Cause
from mainspring.wire.fields import Base
from mainspring.wire.formats import Format
from mainspring.wire.messages import (
    ControlMessage,
    DeltaMessage,
    MarketMessage,
    Message,
    Sized,
    SnapshotMessage,
    TradeMessage,
    When,
    sides_of,
)

__all__ = ["Kind", "TreeReceiver", "compile_fits", "compile_kinds", "source_of", "unfold"]

_Parse: TypeAlias = Callable[[Any, Any, int], Any]
_Apply: TypeAlias = Callable[[Any], Sequence[MarketEvent]] | None
_Route: TypeAlias = tuple[_Parse, _Apply]

_MAX_KNOWN = 4096


class Kind:
    """A declaration, compiled: whether a message is of its kind, and whose it is.

    `items` finds the items of a message that has what the declaration wants, whatever its values; it gives `ABSENT`
    for any other. `of_item` says whether an item has what the declaration says about items; None if it says nothing.
    """

    __slots__ = ("base", "control", "count", "fits_root", "items", "message", "of_item", "routes", "sharing", "symbol")

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
        self.items = _compile_items(has, message.each)
        of_item = {path: value for path, value in message.when.items() if path not in when}
        has_item = tuple(path for path in message.has if path not in has)
        self.of_item = compile_fits(of_item, has_item) if of_item or has_item else None
        # What reads a message about the connection; None for others.
        self.control: _Parse | None = None
        self.routes: dict[str, _Route] = {}
        # With a base, the routes of the instruments that share it.
        self.sharing: dict[str, list[_Route]] = {}


def _compile_items(has: Sequence[str], each: str | None) -> Callable[[Any], Any]:
    """The function that finds the items of a message if `has` and the array of items are there."""
    source: Source[None] = Source("items", ("item",), whole=True)
    found = [source.at(path) for path in has]
    if found:
        source.write(f"if {' or '.join(f'{one} is ABSENT' for one in found)}: return ABSENT")
    if each is None:
        source.write("return (item,)")
    elif ".*." in each:
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


def unfold(tried: Sequence[Kind], root: Any) -> Sequence[tuple[Kind | None, Any]]:
    """Each item of a message with its kind; the whole message is the only one without `each`. None: not declared."""
    return unfold_known([kind for kind in tried if kind.fits_root(root, root)], root)


def unfold_known(known: Sequence[Kind], root: Any) -> Sequence[tuple[Kind | None, Any]]:
    """The same, of the kinds whose values the whole message is known to have."""
    for kind in known:
        items = kind.items(root)
        if items is ABSENT:
            continue
        path = kind.message.each
        if kind.of_item is None and (path is None or len(known) == 1):
            return [(kind, item) for item in items] if len(items) != 1 else ((kind, items[0]),)
        fitting = [other for other in known if other.message.each == path and other.items(root) is not ABSENT]
        if len(fitting) == 1 and kind.of_item is None:
            return [(kind, item) for item in items]
        return [(next((other for other in fitting if _is_item(other, root, item)), None), item) for item in items]
    return ((None, root),)


def _is_item(kind: Kind, root: Any, item: Any) -> bool:
    return kind.of_item is None or kind.of_item(root, item)


def source_of(message: Message, *, ledger: bool = False) -> Source[Any]:
    """The function that reads a message of that kind for an instrument, as source; with `ledger`, one that needs it."""
    name = f"read_{message.__struct_config__.tag}"
    source: Source[Any] = Source(name, ("root", "item", "receive_time_ns"), whole=message.each is None)
    if isinstance(message, ControlMessage):
        write_control(source, message)
    elif isinstance(message, DeltaMessage | SnapshotMessage):
        write_book(source, message, ledger=ledger)
    else:
        write_event(source, message)
    return source


class TreeReceiver:
    """Runs a format by the contract of `mainspring.seams.Feed.on_message`. `kinds` and `ignored` hold its counts.

    `proved` are the checksums that were compared, and how many of them were right. `counter` follows the numbers of the
    connection's messages, if they have any, and `gaps` counts the losses at which there was no book to be quarantined.
    """

    def __init__(
        self,
        declared: Format,
        instruments: Sequence[Instrument],
        first_index: int,
        syncs: Sequence[BookSync],
        causes: Counter[Cause],
        decode: Callable[[bytes], Any],
        note: Note,
        *,
        alone: bool,
    ) -> None:
        self.kinds, self._tried = compile_kinds(declared.messages)
        self.ignored = [0]
        self.proved = [0, 0]
        self.counter = None if declared.numbers is None else MessageCounter(declared.numbers)
        self.gaps = 0
        self._syncs = syncs
        self._causes = causes
        self._decode = decode
        self._note = note
        self._tell = _telling(declared.messages)
        self._known: dict[tuple[Any, ...], list[Kind]] = {}
        # The same by the values themselves, where all are texts or missing.
        self._by_texts: dict[tuple[Any, ...], list[Kind]] = {}
        self._only = instruments[0].venue_symbol if len(instruments) == 1 and alone else None
        self._there = str(len(instruments)) if alone else "others than this lane's"
        owns = [Own(index, instrument) for index, instrument in enumerate(instruments, first_index)]
        ledgers: list[Ledger] | list[None] = [None] * len(owns)
        if _needs_ledger(declared):
            forms = [form for message in declared.messages if (form := getattr(message, "checksum", None))]
            form = forms[0] if forms else None
            ledgers = [Ledger(one, sync, form, self.proved) for one, sync in zip(instruments, syncs, strict=True)]
        for kind in self.kinds:
            _add_routes(kind, list(zip(owns, syncs, ledgers, strict=True)))

    def on_message(self, raw: bytes, receive_time_ns: int) -> Sequence[MarketEvent]:
        """See `mainspring.seams.Feed`. A message is read whole before anything is counted or changed."""
        try:
            root = self._decode(raw)
        except CodecError as error:
            return self._note(raw, receive_time_ns, error)
        if type(root) is not dict and type(root) is not list:
            raise refusal("", "must be an object or an array", root)
        try:
            kinds = self._by_texts.get(self._tell(root))
        except TypeError:
            # Arrays and objects are no keys.
            kinds = None
        found = unfold_known(self._candidates(root) if kinds is None else kinds, root)
        if len(found) != 1 or self.counter is not None:
            return self._on_items(found, root, receive_time_ns)
        kind, item = found[0]
        if kind is not None and kind.base is not None:
            return self._on_items(found, root, receive_time_ns)
        count, event, apply = self._read(kind, item, root, receive_time_ns)
        count[0] += 1
        return (event,) if apply is None else apply(event)

    def _on_items(
        self, found: Sequence[tuple[Kind | None, Any]], root: Any, receive_time_ns: int
    ) -> Sequence[MarketEvent]:
        """The events of a message of several items, or one that has a number."""
        numbered = None if self.counter is None else self.counter.read(root)
        steps: list[tuple[list[int], Any, _Apply]] = []
        for kind, item in found:
            if kind is not None and kind.base is not None:
                steps += self._read_for_all(kind, root, item, receive_time_ns)
            else:
                steps.append(self._read(kind, item, root, receive_time_ns))
        events: list[MarketEvent] = []
        if numbered is not None and self.counter is not None:
            arrival = self.counter.take(*numbered)
            if arrival is not Arrival.NEXT:
                dropped = self._arrived(arrival, receive_time_ns, events)
                if dropped:
                    for count, _, _ in steps:
                        count[0] += 1
                    return events
        for count, event, apply in steps:
            count[0] += 1
            if apply is None:
                events.append(event)
            else:
                events.extend(apply(event))
        return events

    def _arrived(self, arrival: Arrival, receive_time_ns: int, events: list[MarketEvent]) -> bool:
        """Counts a message that isn't the next of its connection; returns whether it isn't to be applied."""
        if arrival is Arrival.REPEATED or arrival is Arrival.LATE:
            self._causes[Cause.DUPLICATE if arrival is Arrival.REPEATED else Cause.OUT_OF_ORDER] += 1
            return True
        cause = Cause.GAP if arrival is Arrival.LOST else Cause.CONNECTION
        self._causes[cause] += 1
        for sync in self._syncs:
            events.extend(sync.on_lost_messages(receive_time_ns, cause))
        if cause is Cause.GAP and not events:
            self.gaps += 1
        return False

    def _candidates(self, root: Any) -> list[Kind]:
        """The kinds that the texts which tell kinds allow, remembered by those texts."""
        values = self._tell(root)
        told = tuple(
            value if type(value) is str else (type(value), value if type(value) in (int, bool) else None)
            for value in values
        )
        known = self._known.get(told)
        if known is None:
            if len(self._known) >= _MAX_KNOWN:
                self._known.clear()
                self._by_texts.clear()
            known = self._known[told] = [kind for kind in self._tried if kind.fits_root(root, root)]
        # Of other values some are equal that aren't the same, such as 1 and True.
        if all(type(value) is str or value is ABSENT for value in values):
            self._by_texts[values] = known
        return known

    def _read(self, kind: Kind | None, item: Any, root: Any, receive_time_ns: int) -> tuple[list[int], Any, _Apply]:
        if kind is None:
            return self.ignored, None, self._ignore
        if kind.control is not None:
            return kind.count, kind.control(root, item, receive_time_ns), None
        if kind.symbol is not None:
            symbol = kind.symbol(root, item)
        elif self._only is not None:
            symbol = self._only
        else:
            raise WireError(f"the message names no instrument; the session has {self._there}", field="symbol")
        route = kind.routes.get(symbol)
        if route is None:
            return kind.count, None, self._skip
        parse, apply = route
        return kind.count, parse(root, item, receive_time_ns), apply

    def _read_for_all(
        self, kind: Kind, root: Any, item: Any, receive_time_ns: int
    ) -> list[tuple[list[int], Any, _Apply]]:
        """Reads a message for each instrument that it is about; it counts once."""
        assert kind.symbol is not None
        routes = kind.sharing.get(kind.symbol(root, item))
        if routes is None:
            return [(kind.count, None, self._skip)]
        counts = [kind.count, *([0] for _ in routes[1:])]
        parsed = [(parse(root, item, receive_time_ns), apply) for parse, apply in routes]
        return [(count, event, apply) for count, (event, apply) in zip(counts, parsed, strict=True)]

    def _ignore(self, _event: object) -> Sequence[MarketEvent]:
        self._causes[Cause.IGNORED] += 1
        return ()

    def _skip(self, _event: object) -> Sequence[MarketEvent]:
        self._causes[Cause.UNKNOWN_SYMBOL] += 1
        return ()


def _telling(messages: Sequence[Message]) -> Callable[[Any], tuple[Any, ...]]:
    """The function that finds, from the whole message, the values that tell kinds apart: texts mostly."""
    paths = {path for message in messages for path in message.when if message.each is None or path.startswith("/")}
    source: Source[None] = Source("tell", ("item",), whole=True)
    found = [source.at("/" + path.removeprefix("/")) for path in sorted(paths)]
    source.write(f"return ({''.join(f'{one}, ' for one in found)})")
    return source.make(None)


def _needs_ledger(declared: Format) -> bool:
    for message in declared.messages:
        if isinstance(message, DeltaMessage | SnapshotMessage):
            named = any(side.id is not None or side.order is not None for side in sides_of(message))
            if message.checksum is not None or message.depth is not None or named:
                return True
    return False


def _add_routes(kind: Kind, instruments: Sequence[tuple[Own, BookSync, Ledger | None]]) -> None:
    """Gives a kind the readers of each instrument."""
    message = kind.message
    if isinstance(message, ControlMessage):
        kind.control = source_of(message).make(None)
        return
    sources: dict[str, Source[Any]] = {}
    for own, sync, ledger in instruments:
        venue_symbol, quote, base = own.instrument.venue_symbol, "", ""
        if kind.base is not None:
            parts = split_symbol(kind.base, venue_symbol)
            if parts is None:
                continue
            base, quote = parts
        if quote not in sources:
            named = message if kind.base is None else for_quote(message, quote)
            sources[quote] = source_of(named, ledger=ledger is not None)
        parse: _Parse = sources[quote].make(own)
        in_units = compile_round_lots(message.round_lots, own.instrument) if isinstance(message, Sized) else None
        route = _in_units(parse, in_units), _apply_of(message, sync, ledger)
        if kind.base is None:
            kind.routes[venue_symbol] = route
        else:
            kind.sharing.setdefault(base, []).append(route)


def _apply_of(message: MarketMessage, sync: BookSync, ledger: Ledger | None) -> _Apply:
    """What happens to what was read of a message."""
    if isinstance(message, TradeMessage):
        return sync.on_numbered_trade if message.rising_ids else sync.on_trade
    if not isinstance(message, DeltaMessage | SnapshotMessage):
        return None
    on_snapshot = snapshot_handler(message, sync) if isinstance(message, SnapshotMessage) else sync.on_snapshot
    if ledger is not None:
        return partial(ledger.apply, on_snapshot)
    if isinstance(message, SnapshotMessage):
        return on_snapshot
    return sync.on_delta if message.reset is None else sync.on_either


def _in_units(parse: _Parse, in_units: Callable[[Any], Any] | None) -> _Parse:
    if in_units is None:
        return parse
    return lambda root, item, receive_time_ns: in_units(parse(root, item, receive_time_ns))
