"""Puts a declaration together and tries on the recording what it may claim: numbers, checksums, a depth."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from mainspring.data import verify
from mainspring.errors import CodecError, GridError, MainspringError
from mainspring.host.drafting import names
from mainspring.host.drafting.fields import find_key, find_time, whole_at
from mainspring.host.drafting.groups import Group, group_pieces, is_snapshot, update_or_snapshot
from mainspring.host.drafting.look import Piece, find_pieces, get
from mainspring.model import Instrument
from mainspring.seams import Book, Codec, FeedContext, RawMessage
from mainspring.wire import (
    Chained,
    Checksum,
    Choice,
    Contiguous,
    DeltaMessage,
    Flag,
    Format,
    Integer,
    Levels,
    Listing,
    Message,
    Price,
    QuoteMessage,
    Range,
    Rising,
    Sequencing,
    Size,
    SnapshotMessage,
    TradeMessage,
    Unsequenced,
    WireFeed,
)

__all__ = ["Draft", "draft_feed"]

MakeBook = Callable[[Instrument], Book]

_SAMPLE = 20_000
_FORMS: tuple[dict[str, Any], ...] = (
    {"levels": 25},
    {"levels": 10, "layout": "asks-bids", "separator": "", "text": "digits"},
    {"levels": 25, "text": "shortest", "negative_asks": True},
    {"levels": 10, "layout": "asks-bids", "separator": "", "text": "sent"},
)
_DEPTHS = (None, 10, 25, 100)


class Draft(msgspec.Struct, frozen=True):
    """A declaration drafted from a recording, what was proved on it, and what couldn't be decided."""

    feed: WireFeed
    proofs: tuple[str, ...]
    questions: tuple[str, ...]


class _Claims(msgspec.Struct, frozen=True):
    """What a declaration says that only the messages can bear out."""

    rule: Sequencing = Unsequenced()
    numbers: tuple[str, str, str | None] | None = None
    restarts: bool = True
    checksum: dict[str, Any] | None = None
    depth: int | None = None


class _Trial(msgspec.Struct, frozen=True):
    """What came of a declaration: how much is wrong, how many deltas were applied, how many checksums were right."""

    wrong: int
    deltas: int
    checksums: int


def draft_feed(messages: Sequence[RawMessage], codec: Codec, make_book: MakeBook) -> Draft:
    """Drafts the feed that recorded messages are of, from the first 20,000 of them.

    `make_book` makes the books that claims are tried on. Raises `MainspringError` if nothing in the messages looks like
    a book, a quote or a trade.
    """
    sample = list(messages[:_SAMPLE])
    found: list[tuple[int, Piece]] = []
    unread: dict[str, int] = {}
    for receive_time_ns, raw in sample:
        try:
            pieces = list(find_pieces(codec.decode(raw)))
        except CodecError:
            pieces = []
        found += [(receive_time_ns, piece) for piece in pieces]
        if not pieces:
            shown = raw[:60].decode(errors="replace")
            unread[shown[:25]] = unread.get(shown[:25], 0) + 1
    drafter = _Drafter(group_pieces(found), sample, codec, make_book)
    if not drafter.groups:
        raise MainspringError("nothing in these messages looks like a book, a quote or a trade: write the feed by hand")
    return drafter.draft([f"what are the {count} messages like {text!r}?" for text, count in unread.items()][:5])


class _Drafter:
    def __init__(self, groups: list[Group], sample: Sequence[RawMessage], codec: Codec, make_book: MakeBook) -> None:
        books = [group for group in groups if group.first.kind == "book"]
        whole = any(map(is_snapshot, books))
        self.books = [(group, update_or_snapshot(group, snapshots_elsewhere=whole)) for group in books]
        trades = [one for one in groups if one.first.kind == "trade"]
        self.trades = [one for one in trades if one.says(names.TRADE_WORDS) or "t" in one.when.values()]
        self.quotes = [group for group in groups if group.first.kind == "quote"]
        self.groups = [*(group for group, _ in self.books), *self.trades, *self.quotes]
        self._sample, self._codec, self._make_book = sample, codec, make_book

    def draft(self, unread: list[str]) -> Draft:
        """The draft, with the strongest claims that the recording bears out."""
        claims, trial = self._claims()
        feed = self._feed(claims)
        questions = [*self._questions(claims), *unread]
        try:
            instruments = feed.find_instruments(self._sample, self._codec)
        except GridError as error:
            instruments = ()
            questions.append(f"which grid has the instrument? {error}")
        listing = None
        if instruments:
            ticks, lots = ([getattr(one, name) for one in instruments] for name in ("tick_size", "lot_size"))
            listing = Listing(tick_size=min(ticks), lot_size=min(lots))
            questions.append(
                "the listing has the finest steps of the recording: which ones, and symbols, has the venue?"
            )
        return Draft(msgspec.structs.replace(feed, listing=listing), self._proofs(claims, trial), tuple(questions))

    def _claims(self) -> tuple[_Claims, _Trial]:
        """The first claims without a fault, the strongest first."""
        plain = _Claims(restarts=not any(group.is_answer for group, _ in self.books))
        for claims in (*self._numberings(), plain):
            trial = self._try(claims)
            if not trial.wrong and (trial.deltas or claims.numbers is None):
                break
        else:
            claims, trial = plain, self._try(plain)
        for form, depth in itertools.product(_FORMS, _DEPTHS) if self._checksum_key() is not None else ():
            stronger = msgspec.structs.replace(claims, checksum=form, depth=depth)
            proved = self._try(stronger)
            if not proved.wrong and proved.checksums:
                return stronger, proved
        return claims, trial

    def _numberings(self) -> Iterator[_Claims]:
        deltas = [group.pieces for group, kind in self.books if kind == "delta"]
        asked = any(group.is_answer for group, _ in self.books)
        for first, last, previous in names.SEQUENCES if deltas else ():
            needed = [name for name in (first, last, previous) if name is not None]
            if all(whole_at(pieces, name) is not None for pieces in deltas for name in needed):
                rules: tuple[Sequencing, ...] = (Chained(),) if previous else (Contiguous(), Rising())
                for rule, restarts in itertools.product(rules, (False,) if asked else (True, False)):
                    yield _Claims(rule=rule, numbers=(first, last, previous), restarts=restarts)

    def _try(self, claims: _Claims) -> _Trial:
        try:
            feed = self._feed(claims)
            instruments = feed.find_instruments(self._sample, self._codec)
        except (GridError, ValueError):
            return _Trial(1, 0, 0)
        books = [self._make_book(one) for one in instruments]
        run = feed(FeedContext(instruments, self._codec))
        report = verify(self._sample, run, books, instruments)
        causes = report.by_cause
        lost = sum(causes.get(cause, 0) for cause in ("gap", "out-of-order", "checksum", "quarantined"))
        crossed = sum(one.crossed for one in report.instruments)
        wrong = lost + crossed + report.refused + report.truths.compared - report.truths.matched
        return _Trial(wrong, sum(one.deltas for one in report.instruments), report.checksums.matched)

    def _feed(self, claims: _Claims) -> WireFeed:
        messages = [self._book(group, kind, claims) for group, kind in self.books]
        messages += [self._quote(group) for group in self.quotes]
        messages += [self._trade(group) for group in self.trades]
        return WireFeed(format=Format(messages=tuple(messages), sequencing=claims.rule))

    def _told(self, group: Group) -> dict[str, Any]:
        """What tells a kind: texts, or else keys."""
        piece = group.first
        path = f"{piece.path}." if piece.path else ""
        keys = [one.key if isinstance(one, Levels) else one for one in piece.shape]
        has = ["request"] if group.is_answer else []
        if not group.when or group.is_answer:
            has += [path + keys[0]]
        return {"when": group.when, "has": tuple(has), "each": piece.each, "symbol": group.symbol}

    def _book(self, group: Group, kind: str, claims: _Claims) -> Message:
        pieces, path = group.pieces, f"{group.first.path}." if group.first.path else ""
        levels = [_merged([piece.shape[at] for piece in pieces], path) for at in range(len(group.first.shape))]
        sides = {"rows": levels[0]} if len(levels) == 1 else {"bids": levels[0], "asks": levels[1]}
        key = self._checksum_key()
        fields: dict[str, Any] = {
            **self._told(group),
            **sides,
            "event_time": find_time(pieces, group.times_ns),
            "depth": claims.depth,
            "checksum": None if claims.checksum is None or key is None else Checksum(key, **claims.checksum),
        }
        if kind == "snapshot":
            last = None if claims.numbers is None else self._last_id(pieces, claims.numbers[1])
            unasked = not group.is_answer and "lastUpdateId" not in (get_node(group.first) or {})
            cut = not unasked and (not group.is_answer or "limit=" in str(group.first.root["request"]))
            return SnapshotMessage(**fields, last_id=last, restarts=claims.restarts and unasked, cut=cut)
        sequence = None
        if claims.numbers is not None:
            first, last_at, previous = (whole_at(pieces, name) for name in claims.numbers)
            if first is not None and last_at is not None:
                text = first.text or last_at.text
                sequence = Range(first.key, last_at.key, None if previous is None else previous.key, text=text)
        return DeltaMessage(**fields, sequence=sequence, reset=_reset(group))

    def _last_id(self, pieces: Sequence[Piece], last: str) -> Integer | None:
        found = (whole_at(pieces, name) for name in (last, *names.LAST_IDS))
        return next((one for one in found if one is not None), None)

    def _checksum_key(self) -> str | None:
        books = [piece for group, _ in self.books for piece in group.pieces]
        fits = lambda value: type(value) is int or (type(value) is str and value.lstrip("-").isdigit())  # noqa: E731
        return find_key(books, names.CHECKSUMS, fits) if books else None

    def _quote(self, group: Group) -> Message:
        path = f"{group.first.path}." if group.first.path else ""
        bid, bid_size, ask, ask_size = group.first.shape
        number = type((get_node(group.first) or {})[bid]) is not str
        return QuoteMessage(
            **self._told(group),
            event_time=find_time(group.pieces, group.times_ns),
            bid_price=Price(path + bid, number=number),
            bid_size=Size(path + bid_size, number=number),
            ask_price=Price(path + ask, number=number),
            ask_size=Size(path + ask_size, number=number),
        )

    def _trade(self, group: Group) -> Message:
        path = f"{group.first.path}." if group.first.path else ""
        price, size, side, trade_id = group.first.shape
        node = get_node(group.first) or {}
        words = {(get_node(piece) or {}).get(side) for piece in group.pieces}
        pair = next((two for two in names.SIDE_WORDS if side is not None and words <= set(two)), None)
        return TradeMessage(
            **self._told(group),
            event_time=find_time(group.pieces, group.times_ns),
            trade_id=whole_at(group.pieces, trade_id),
            price=Price(path + price, number=type(node[price]) is not str),
            size=Size(path + size, number=type(node[size]) is not str),
            aggressor=None if pair is None else Choice(path + side, values=((pair[0], 1), (pair[1], -1))),
        )

    def _proofs(self, claims: _Claims, trial: _Trial) -> tuple[str, ...]:
        rule = type(claims.rule).__name__
        proofs = [f"{trial.deltas:,} updates were applied by {rule}() without a gap"] if claims.numbers else []
        if trial.checksums:
            proofs.append(f"{trial.checksums:,} checksums are right")
        if trial.wrong:
            proofs.append(f"with all this, {trial.wrong:,} messages or truths of the recording are wrong")
        return tuple(proofs)

    def _questions(self, claims: _Claims) -> Iterator[str]:
        if any(kind == "delta" for _, kind in self.books) and not (claims.numbers or claims.checksum):
            yield "no numbers of updates were found that continue each other: how does a loss show?"
        if self._checksum_key() is not None and claims.checksum is None:
            yield f"what is the checksum under {self._checksum_key()!r} computed of? No known form gives it"
        if any(group.is_answer for group, _ in self.books):
            yield "from which path is a snapshot fetched? resync=RestSnapshot(PATH) says it"
        if any(kind == "snapshot" for _, kind in self.books) and claims.depth is None:
            yield "does the venue keep only the best N levels up to date? Then depth=N"
        for group in (one for one in self.groups if one.symbol is None):
            yield f"which instrument are the messages of {dict(group.when) or group.first.path or 'no name'} of?"
        if any(group.first.shape[2] for group in self.trades):
            yield "is the side of a trade the taker's? If it is the maker's, turn its values round"


def get_node(piece: Piece) -> Any:
    """The object that a piece is."""
    return get(piece.item, piece.path)


def _reset(group: Group) -> Flag | None:
    for name in names.RESETS:
        path = f"{group.first.path}.{name}" if group.first.path else name
        if any(get(piece.item, path) is True for piece in group.pieces):
            return Flag(path, optional=True)
    return None


def _merged(shapes: Sequence[Levels], path: str) -> Levels:
    """What rows of many messages are, of which some had none."""
    bare = Levels(shapes[0].key)
    shape = next((one for one in shapes if one != bare), bare)
    decimals = next((one.size_decimals for one in shapes if one.size_decimals is not None), None)
    placeholder = any(one.placeholder for one in shapes)
    return msgspec.structs.replace(shape, key=path + shape.key, size_decimals=decimals, placeholder=placeholder)
