"""Reads messages of any shape: decoded whole, each value followed by its path.

What `mainspring.wire._flat` calls flat goes the shorter way of `_receive`. The native twin is `wire/tree`.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from mainspring.errors import CodecError, WireError
from mainspring.model import Instrument, MarketEvent
from mainspring.wire._channels import joining
from mainspring.wire._ledger import Ledger
from mainspring.wire._notes import Note
from mainspring.wire._numbers import Arrival, MessageCounter
from mainspring.wire._paths import ABSENT
from mainspring.wire._round_lots import compile_round_lots
from mainspring.wire._source import Source
from mainspring.wire._symbols import for_quote, split_symbol
from mainspring.wire._sync import BookSync, snapshot_handler
from mainspring.wire._tree_books import write_book
from mainspring.wire._tree_events import write_control, write_event
from mainspring.wire._tree_kinds import Apply, Kind, Parse, compile_kinds, compile_tell, unfold_known
from mainspring.wire._tree_units import Own
from mainspring.wire._values import refusal
from mainspring.wire.cause import Cause
from mainspring.wire.formats import Format
from mainspring.wire.messages import (
    ControlMessage,
    DeltaMessage,
    MarketMessage,
    Message,
    Sized,
    SnapshotMessage,
    TradeMessage,
    sides_of,
)

__all__ = ["TreeReceiver", "reader_source"]

_MAX_KNOWN = 4096


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


def reader_source(declared: Format) -> str:
    """The Python source of the functions that the Python decoder reads a format's messages by, one for each kind.

    Each is made for each instrument, whose own tables it is given. Raises `ValueError` for a format whose values are
    all keys of one object: those go a shorter way, by functions that aren't generated.
    """
    if declared.flat:
        raise ValueError("the format needs no paths, so that no source is generated for it")
    ledger = _needs_ledger(declared)
    return "\n\n".join(
        f"# {message.__struct_config__.tag}: {[*message.when.items(), *message.has]}\n"
        f"{source_of(message, ledger=ledger).text}"
        for message in declared.messages
    )


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
        self._decode = decode if declared.channels is None else joining(declared.channels, decode)
        self._mixed = declared.mixed
        self._note = note
        self._tell = compile_tell(declared.messages)
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
        found = unfold_known(self._candidates(root) if kinds is None else kinds, root, mixed=self._mixed)
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
        steps: list[tuple[list[int], Any, Apply]] = []
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

    def _read(self, kind: Kind | None, item: Any, root: Any, receive_time_ns: int) -> tuple[list[int], Any, Apply]:
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
    ) -> list[tuple[list[int], Any, Apply]]:
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
        parse: Parse = sources[quote].make(own)
        in_units = compile_round_lots(message.round_lots, own.instrument) if isinstance(message, Sized) else None
        route = _in_units(parse, in_units), _apply_of(message, sync, ledger)
        if kind.base is None:
            kind.routes[venue_symbol] = route
        else:
            kind.sharing.setdefault(base, []).append(route)


def _apply_of(message: MarketMessage, sync: BookSync, ledger: Ledger | None) -> Apply:
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


def _in_units(parse: Parse, in_units: Callable[[Any], Any] | None) -> Parse:
    if in_units is None:
        return parse
    return lambda root, item, receive_time_ns: in_units(parse(root, item, receive_time_ns))
