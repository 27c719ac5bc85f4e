"""Reads messages of any shape: decoded whole, each value followed by its path.

What `mainspring.wire._flat` calls flat goes the shorter way of `_receive`. The native twin is `wire/tree`.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from mainspring.errors import CodecError, WireError
from mainspring.model import Control, Instrument, MarketEvent
from mainspring.wire._flat import compile_matches, is_pattern
from mainspring.wire._ledger import Ledger
from mainspring.wire._notes import Note
from mainspring.wire._numbers import Arrival, MessageCounter
from mainspring.wire._paths import ABSENT, Find, compile_each, compile_path
from mainspring.wire._round_lots import compile_round_lots
from mainspring.wire._symbols import compile_symbol, for_quote, split_symbol
from mainspring.wire._sync import BookSync, snapshot_handler
from mainspring.wire._tree_books import compile_book
from mainspring.wire._tree_events import compile_event
from mainspring.wire._tree_values import compile_integer, compile_text
from mainspring.wire._values import refusal
from mainspring.wire.cause import Cause
from mainspring.wire.fields import Base, Integer
from mainspring.wire.formats import Format
from mainspring.wire.messages import (
    ControlMessage,
    DeltaMessage,
    Message,
    Sized,
    SnapshotMessage,
    TradeMessage,
    When,
    sides_of,
)

__all__ = ["Kind", "TreeReceiver", "compile_fits", "compile_kinds", "unfold"]

_Parse: TypeAlias = Callable[[Any, Any, int], Any]
_Apply: TypeAlias = Callable[[Any], Sequence[MarketEvent]] | None
_Route: TypeAlias = tuple[_Parse, _Apply]

_MAX_KNOWN = 4096


class Kind:
    """A declaration, compiled: whether a message is of its kind, and whose it is."""

    __slots__ = ("base", "count", "each", "from_item", "from_root", "message", "routes", "sharing", "symbol", "there")

    def __init__(self, message: Message) -> None:
        self.message = message
        self.count = [0]
        self.each = None if message.each is None else compile_each(message.each)
        self.symbol = None
        self.base: Base | None = None
        if not isinstance(message, ControlMessage) and message.symbol is not None:
            self.symbol = compile_symbol(message.symbol)
            self.base = message.symbol if isinstance(message.symbol, Base) else None
        # Without `each` message and item are the same, and all tests are about the message.
        of_root = [message.each is None or path.startswith("/") for path in (*message.when, *message.has)]
        tests = [_named(path, value) for path, value in message.when.items()] + [_has(path) for path in message.has]
        self.from_root = [test for test, root in zip(tests, of_root, strict=True) if root]
        self.from_item = [test for test, root in zip(tests, of_root, strict=True) if not root]
        # Those of `from_root` that ask for no value.
        self.there = self.from_root[sum(of_root[: len(message.when)]) :]
        self.routes: dict[str, _Route] = {}
        # With a base, the routes of the instruments that share it.
        self.sharing: dict[str, list[_Route]] = {}

    def fits_root(self, root: Any) -> bool:
        """Whether what the declaration says about the whole message is so."""
        return all(test(root, root) for test in self.from_root) and self.has_there(root)

    def has_there(self, root: Any) -> bool:
        """Whether the whole message has what the declaration wants, whatever its values."""
        for test in self.there:
            if not test(root, root):
                return False
        return self.each is None or type(self.each(root, root)) is list

    def fits_item(self, root: Any, item: Any) -> bool:
        """Whether what it says about an item is so."""
        return all(test(root, item) for test in self.from_item)


def compile_fits(when: When, has: Sequence[str]) -> Callable[[Any, Any], bool]:
    """The function that says whether a message, or an item of it, is what a declaration says."""
    tests = [*(_named(path, value) for path, value in when.items()), *map(_has, has)]
    return lambda root, item: all(test(root, item) for test in tests)


def _named(path: str, value: Any) -> Callable[[Any, Any], bool]:
    find = compile_path(path)
    if not is_pattern(value):
        kind = type(value)

        def is_it(root: Any, item: Any) -> bool:
            found = find(root, item)
            return type(found) is kind and bool(found == value)

        return is_it
    fits = compile_matches(value)

    def matches(root: Any, item: Any) -> bool:
        found = find(root, item)
        return type(found) is str and fits(found)

    return matches


def _has(path: str) -> Callable[[Any, Any], bool]:
    find = compile_path(path)
    return lambda root, item: find(root, item) is not ABSENT


def compile_kinds(messages: Sequence[Message]) -> tuple[list[Kind], list[Kind]]:
    """The kinds as they were declared, and in the order in which they are tried: those with a `when` first."""
    kinds = [Kind(message) for message in messages]
    return kinds, sorted(kinds, key=lambda kind: not kind.message.when)


def unfold(tried: Sequence[Kind], root: Any) -> Sequence[tuple[Kind | None, Any]]:
    """Each item of a message with its kind; the whole message is the only one without `each`. None: not declared."""
    return unfold_known([kind for kind in tried if kind.fits_root(root)], root)


def unfold_known(known: Sequence[Kind], root: Any) -> Sequence[tuple[Kind | None, Any]]:
    """The same, of the kinds whose values the whole message is known to have."""
    for kind in known:
        if not kind.has_there(root):
            continue
        if kind.each is None:
            return ((kind, root),)
        items = kind.each(root, root)
        if len(known) == 1 and not kind.from_item:
            return [(kind, item) for item in items]
        path = kind.message.each
        fitting = [other for other in known if other.message.each == path and other.has_there(root)]
        if len(fitting) == 1 and not kind.from_item:
            return [(kind, item) for item in items]
        return [(next((other for other in fitting if other.fits_item(root, item)), None), item) for item in items]
    return ((None, root),)


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
        self._finders = _telling(declared.messages)
        self._known: dict[tuple[Any, ...], list[Kind]] = {}
        # The same by the values themselves, where all are texts or missing.
        self._by_texts: dict[tuple[Any, ...], list[Kind]] = {}
        self._only = instruments[0].venue_symbol if len(instruments) == 1 and alone else None
        self._there = str(len(instruments)) if alone else "others than this lane's"
        for index, (instrument, sync) in enumerate(zip(instruments, syncs, strict=True), first_index):
            ledger = None
            if _needs_ledger(declared):
                forms = [form for message in declared.messages if (form := getattr(message, "checksum", None))]
                ledger = Ledger(instrument, sync, forms[0] if forms else None, self.proved)
            for kind in self.kinds:
                if isinstance(kind.message, ControlMessage):
                    continue
                if kind.base is None:
                    kind.routes[instrument.venue_symbol] = _route(kind.message, index, instrument, sync, ledger)
                elif (parts := split_symbol(kind.base, instrument.venue_symbol)) is not None:
                    route = _route(for_quote(kind.message, parts[1]), index, instrument, sync, ledger)
                    kind.sharing.setdefault(parts[0], []).append(route)

    def on_message(self, raw: bytes, receive_time_ns: int) -> Sequence[MarketEvent]:
        """See `mainspring.seams.Feed`. A message is read whole before anything is counted or changed."""
        try:
            root = self._decode(raw)
        except CodecError as error:
            return self._note(raw, receive_time_ns, error)
        if type(root) is not dict and type(root) is not list:
            raise refusal("", "must be an object or an array", root)
        found = unfold_known(self._candidates(root), root)
        if self.counter is None and len(found) == 1 and (found[0][0] is None or found[0][0].base is None):
            count, event, apply = self._read(*found[0], root, receive_time_ns)
            count[0] += 1
            return (event,) if apply is None else apply(event)
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
        values = tuple([find(root, root) for find in self._finders])
        try:
            kinds = self._by_texts.get(values)
        except TypeError:
            # Arrays and objects are no keys.
            kinds = None
        if kinds is not None:
            return kinds
        told = tuple(
            value if type(value) is str else (type(value), value if type(value) in (int, bool) else None)
            for value in values
        )
        known = self._known.get(told)
        if known is None:
            if len(self._known) >= _MAX_KNOWN:
                self._known.clear()
                self._by_texts.clear()
            known = self._known[told] = [kind for kind in self._tried if _may_fit(kind, root)]
        # Of other values some are equal that aren't the same, such as 1 and True.
        if all(type(value) is str or value is ABSENT for value in values):
            self._by_texts[values] = known
        return known

    def _read(self, kind: Kind | None, item: Any, root: Any, receive_time_ns: int) -> tuple[list[int], Any, _Apply]:
        if kind is None:
            return self.ignored, None, self._ignore
        message = kind.message
        if isinstance(message, ControlMessage):
            return kind.count, _control(message, root, item, receive_time_ns), None
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


def _telling(messages: Sequence[Message]) -> list[Find]:
    """The paths from the whole message whose values, texts mostly, tell kinds apart."""
    paths = {path for message in messages for path in message.when if message.each is None or path.startswith("/")}
    return [compile_path("/" + path.removeprefix("/")) for path in sorted(paths)]


def _may_fit(kind: Kind, root: Any) -> bool:
    """Whether the values of `when` that stand in the whole message are as declared."""
    message = kind.message
    return all(
        _named(path, value)(root, root)
        for path, value in message.when.items()
        if message.each is None or path.startswith("/")
    )


def _needs_ledger(declared: Format) -> bool:
    for message in declared.messages:
        if isinstance(message, DeltaMessage | SnapshotMessage):
            named = any(side.id is not None or side.order is not None for side in sides_of(message))
            if message.checksum is not None or message.depth is not None or named:
                return True
    return False


def _route(message: Any, index: int, instrument: Instrument, sync: BookSync, ledger: Ledger | None) -> _Route:
    in_units = compile_round_lots(message.round_lots, instrument) if isinstance(message, Sized) else None
    if isinstance(message, DeltaMessage | SnapshotMessage):
        parse = _in_units(compile_book(message, index, instrument, ledger=ledger is not None), in_units)
        if ledger is not None:
            return parse, ledger.apply
        if isinstance(message, SnapshotMessage):
            return parse, snapshot_handler(message, sync)
        return parse, sync.on_delta if message.reset is None else sync.on_either
    apply: _Apply = None
    if isinstance(message, TradeMessage):
        apply = sync.on_numbered_trade if message.rising_ids else sync.on_trade
    return _in_units(compile_event(message, index, instrument), in_units), apply


def _in_units(parse: _Parse, in_units: Callable[[Any], Any] | None) -> _Parse:
    if in_units is None:
        return parse
    return lambda root, item, receive_time_ns: in_units(parse(root, item, receive_time_ns))


def _control(message: ControlMessage, root: Any, item: Any, receive_time_ns: int) -> Control:
    """The event of a message about the connection."""
    if message.inside is not None:
        inside = compile_path(message.inside)(root, item)
        if type(inside) is not dict:
            raise refusal(message.inside, "must be an object", inside)
        item = inside
    code = ""
    if isinstance(message.code, Integer):
        code = str(compile_integer(message.code)(root, item))
    elif message.code is not None:
        code = compile_text(message.code)(root, item)
    text = "" if message.text is None else compile_text(message.text)(root, item)
    return Control(receive_time_ns, message.kind, code, text)
