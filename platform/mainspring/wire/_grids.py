"""Finds the tick and lot sizes that the prices and sizes of a stream need."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

from mainspring.errors import CodecError, GridError
from mainspring.model import MAX_UNITS
from mainspring.seams.codec import Codec
from mainspring.seams.feed import RawMessage
from mainspring.wire._channels import joining
from mainspring.wire._dispatch import compile_chooser, names_stream
from mainspring.wire._parsers import FAULTS
from mainspring.wire._paths import ABSENT, compile_path
from mainspring.wire._streams import stream_symbol
from mainspring.wire._symbols import QUOTE, for_quote
from mainspring.wire._tree_kinds import Kind, compile_kinds, unfold
from mainspring.wire._tree_levels import in_row_of, row_cells, rows_of
from mainspring.wire._tree_values import signed
from mainspring.wire._units import MEMO_ENTRIES
from mainspring.wire._values import Data, read_text, refusal
from mainspring.wire.fields import (
    ORDER_CHANGES,
    ORDER_EXECUTES,
    ORDER_SETS,
    Base,
    Levels,
    Price,
    Print,
    Size,
    Text,
    scale_of,
)
from mainspring.wire.formats import Format
from mainspring.wire.messages import (
    BarMessage,
    CancelMessage,
    ControlMessage,
    CorrectionMessage,
    DeltaMessage,
    MarketMessage,
    Message,
    SnapshotMessage,
    TradeMessage,
    flat_symbol,
    sides_of,
)

__all__ = ["find_grids"]

_MAX_DECIMALS = 18

_LARGE = 10 ** (len(str(MAX_UNITS)) - 1 - _MAX_DECIMALS)
"""Smaller values fit 64 bits on any grid."""

_PRINTED = TradeMessage | CorrectionMessage | CancelMessage | BarMessage
"""Messages whose prices are those of prints."""

_Cells: TypeAlias = tuple[list[Any], list[Any]]
"""The prices and the sizes of a message, as they stand there. Prices of prints may be finer than those of orders."""

_CellsOf: TypeAlias = Callable[[Data], _Cells]


class _Steps:
    """What the prices or the sizes of one instrument need: the most decimals seen, and the largest value."""

    __slots__ = ("decimals", "finest", "largest", "largest_at", "seen")

    def __init__(self) -> None:
        # Whether there was a price at all.
        self.seen = False
        self.decimals = 0
        self.finest = ("0", 0)
        self.largest = Decimal(0)
        self.largest_at = 0

    def widen(self, values: Sequence[Any], decimals: Sequence[int], large: set[object], number: int) -> None:
        """Takes in the values of message `number`, each with its decimals; `large` are those that may be too large."""
        most = max(decimals, default=0)
        if most > self.decimals:
            self.decimals, self.finest = most, (str(values[decimals.index(most)]), number)
        if large:
            for value in large.intersection(values):
                if Decimal(str(value)) > self.largest:
                    self.largest, self.largest_at = Decimal(str(value)), number

    def step(self, symbol: str, what: str) -> Decimal:
        """The coarsest step that fits. Raises `GridError` if on it the largest value is beyond 64 bits."""
        step = Decimal((0, (1,), -self.decimals))
        if self.largest > MAX_UNITS * step:
            value, at = self.finest
            raise GridError(
                symbol,
                what,
                f"{self.largest:f}",
                f"of message {self.largest_at} doesn't fit in 64 bits on the grid that {value} of message {at} needs: "
                f"name the instrument in `instruments` and its venue_symbol, tick_size and lot_size in "
                f'[instrument."{symbol}"]; --skip-bad then counts the messages that aren\'t on that grid',
            )
        return step


class _Grid(NamedTuple):
    """What one instrument needs: its orders, which stand where quotes and levels do, its prints, and all sizes."""

    orders: _Steps
    prints: _Steps
    sizes: _Steps

    @staticmethod
    def new() -> "_Grid":
        """That of an instrument of which nothing was seen."""
        return _Grid(_Steps(), _Steps(), _Steps())

    def widen(self, cells: _Cells, decimals_of: "_Decimals", number: int, *, printed: bool) -> None:
        """Takes in the prices and sizes of message `number`, which are of prints or of orders."""
        prices, sizes = cells
        of_prices, of_sizes = [decimals_of[value] for value in prices], [decimals_of[value] for value in sizes]
        steps = self.prints if printed else self.orders
        steps.widen(prices, of_prices, decimals_of.large, number)
        if not steps.seen:
            # An empty side of a quote has a price of zero.
            steps.seen = any(Decimal(str(price)) for price in prices)
        self.sizes.widen(sizes, of_sizes, decimals_of.large, number)

    def join(self, other: "_Grid") -> None:
        """Takes in what another one needs."""
        for mine, others in zip(self, other, strict=True):
            if others.decimals > mine.decimals:
                mine.decimals, mine.finest = others.decimals, others.finest
            if others.largest > mine.largest:
                mine.largest, mine.largest_at = others.largest, others.largest_at
            mine.seen = mine.seen or others.seen

    def steps(self, symbol: str) -> tuple[Decimal, Decimal]:
        """The tick and the lot size: without a quote or a level, the tick is that of the prints."""
        return (self.orders if self.orders.seen else self.prints).step(symbol, "price"), self.sizes.step(symbol, "size")


class _Decimals(dict[object, int]):
    """How many decimals a price or size needs, remembered because venues repeat the same ones.

    `large` are the values that may be beyond 64 bits on a fine grid.
    """

    def __init__(self) -> None:
        super().__init__()
        self.large: set[object] = set()

    def __missing__(self, value: object) -> int:
        if len(self) >= MEMO_ENTRIES:
            self.clear()
            self.large.clear()
        decimals = self[value] = _decimals(value)
        if float(value) >= _LARGE:  # type: ignore[arg-type]  # what has decimals is a number, or the text of one
            self.large.add(value)
        return decimals


def find_grids(declared: Format, messages: Iterable[RawMessage], codec: Codec) -> dict[str, tuple[Decimal, Decimal]]:
    """The coarsest tick and lot size, powers of ten and at most 1, that every order and size of a stream lies on.

    Prices of quotes and levels say where orders stand. Prints may lie between these, and count only where there are no
    others.

    Keyed by venue symbol, in the order of their first message. A message that names no instrument counts for all of
    them. Reads the stream once, in constant memory. A message that can't be read is skipped: the feed refuses it, with
    the reason, when the session reaches it. Raises `GridError` where no grid has all values in 64 bits.
    """
    if not declared.flat:
        return _find_by_paths(declared, messages, codec)
    decimals_of = _Decimals()
    kinds = [message for message in declared.messages if not names_stream(message)]
    entries = [_compile_entry(message) for message in kinds]
    choose = compile_chooser(kinds, entries)
    grids: dict[str, _Grid] = {}
    of_streams: dict[str, _Grid] = {}
    for number, (_, raw) in enumerate(messages, 1):
        try:
            for envelope, data in _unwrapped(declared, codec.decode(raw)):
                entry = choose(data)
                if entry is None:
                    continue
                inside, symbol, cells_of, printed = entry
                inner = data if inside is None else data[inside]
                cells = cells_of(inner)
                if symbol is None:
                    grid = of_streams.setdefault(_stream(declared, envelope, data), _Grid.new())
                else:
                    grid = grids.setdefault(read_text(inner, symbol), _Grid.new())
                grid.widen(cells, decimals_of, number, printed=printed)
        except (ArithmeticError, CodecError, *FAULTS):
            continue
    for venue_symbol, grid in grids.items():
        for name in ("", venue_symbol.casefold()):
            if name in of_streams:
                grid.join(of_streams[name])
    return {venue_symbol: grid.steps(venue_symbol) for venue_symbol, grid in grids.items()}


def _compile_entry(message: Message) -> tuple[str | None, Text | None, _CellsOf, bool] | None:
    """The key that a message is inside of, its symbol, what finds its prices and sizes, and whether it is a print."""
    if isinstance(message, ControlMessage):
        return None
    inside = message.inside if isinstance(message, SnapshotMessage) else None
    return inside, flat_symbol(message), _compile_cells(message), isinstance(message, _PRINTED)


def _find_by_paths(
    declared: Format, messages: Iterable[RawMessage], codec: Codec
) -> dict[str, tuple[Decimal, Decimal]]:
    """As `find_grids`, for a format whose values are found by paths."""
    kinds, tried = compile_kinds(declared.messages)
    cells_of = {
        id(kind): _cells_by_paths(kind.message) for kind in kinds if not isinstance(kind.message, ControlMessage)
    }
    decode = codec.decode if declared.channels is None else joining(declared.channels, codec.decode)
    decimals_of = _Decimals()
    grids: dict[str, _Grid] = {}
    of_bases: dict[str, _Grid] = {}
    for number, (_, raw) in enumerate(messages, 1):
        try:
            root = decode(raw)
            for kind, item in unfold(tried, root, mixed=declared.mixed):
                if kind is None or id(kind) not in cells_of:
                    continue
                if kind.base is not None:
                    for symbol, cells in _cells_of_base(kind, kind.base, root, item):
                        of_bases.setdefault(symbol, _Grid.new()).widen(cells, decimals_of, number, printed=False)
                    continue
                symbol = "" if kind.symbol is None else kind.symbol(root, item)
                cells = cells_of[id(kind)](root, item, symbol)
                printed = isinstance(kind.message, _PRINTED)
                grids.setdefault(symbol, _Grid.new()).widen(cells, decimals_of, number, printed=printed)
        except (ArithmeticError, CodecError, *FAULTS):
            continue
    # What only a base's messages name isn't known to be an instrument, if others are.
    for symbol in grids or of_bases:
        if symbol in of_bases:
            grids.setdefault(symbol, _Grid.new()).join(of_bases[symbol])
    nameless = grids.pop("", None)
    if nameless is not None:
        for grid in grids.values():
            grid.join(nameless)
    return {venue_symbol: grid.steps(venue_symbol) for venue_symbol, grid in grids.items()}


def _cells_of_base(kind: Kind, base: Base, root: Any, item: Any) -> Iterator[tuple[str, _Cells]]:
    """The prices and sizes of a message about several instruments, for each quote that it has prices in."""
    message = kind.message
    if kind.symbol is None or not isinstance(message, DeltaMessage | SnapshotMessage):
        return
    named = kind.symbol(root, item)
    for side in sides_of(message):
        if not isinstance(side.price, str) or QUOTE not in side.price:
            continue
        prices_of = in_row_of(side.price.partition(QUOTE)[0].removesuffix("."))
        rows = rows_of(side)(root, item)
        quotes = [quote for row in rows if type(found := prices_of(root, item, row)) is dict for quote in found]
        for quote in dict.fromkeys(quotes):
            symbol = f"{named}{base.separator}{quote}"
            yield symbol, _cells_by_paths(for_quote(message, quote))(root, item, symbol)


def _places_orders(side: Levels) -> bool:
    """Whether rows have prices that levels stand at; those of executions alone are prints."""
    actions = (side.action,) if isinstance(side.action, int) else tuple(action for _, action in side.action.values)
    return ORDER_EXECUTES not in actions or any(action in (ORDER_SETS, ORDER_CHANGES) for action in actions)


def _cells_by_paths(message: MarketMessage) -> Callable[[Any, Any, str], _Cells]:
    """Makes a function that finds the prices and sizes of a message; called with the symbol too."""
    fields = _fields(message)
    single = [(compile_path(field.key), field) for field in fields if isinstance(field, Price | Size)]
    sides = [field for field in fields if isinstance(field, Levels)]

    def cells(root: Any, item: Any, symbol: str) -> _Cells:
        prices: list[Any] = []
        sizes: list[Any] = []
        for find, field in single:
            value = _plain(find(root, item), scale_of(field.scale, symbol))
            if isinstance(field, Price):
                prices.append(value)
            else:
                sizes.append(_rounded(value, field.decimals))
        for side in sides:
            price_scale, size_scale = scale_of(side.scale, symbol), scale_of(side.size_scale, symbol)
            placed = _places_orders(side)
            for price, size in row_cells(side, root, item):
                prices.append(_plain(price, price_scale) if placed else 0)
                sizes.append(_rounded(_plain(size, size_scale), side.size_decimals))
        return prices, sizes

    return cells


def _fields(message: MarketMessage) -> list[Any]:
    """The fields of a declaration, and those of the prints within."""
    fields = [getattr(message, name) for name in message.__struct_fields__]
    return fields + [inner for one in fields if isinstance(one, Print) for inner in (one.price, one.size)]


def _plain(value: Any, scale: int | None) -> Any:
    """A price or a size without sign, exponent and scale; 0 where nothing stands there."""
    if value is ABSENT or value is None:
        return 0
    value = signed(value)[1]
    if scale is not None:
        return f"{Decimal(value).scaleb(-scale):f}"
    return f"{Decimal(value):f}" if type(value) is str and "e" in value.lower() else value


def _rounded(value: Any, decimals: int | None) -> Any:
    """A size of which only that number of decimals counts."""
    return value if decimals is None else f"{round(Decimal(str(value)), decimals):f}"


def _unwrapped(declared: Format, decoded: Any) -> Iterator[tuple[Data, Data]]:
    """Each message with its envelope."""
    for envelope in decoded if declared.batch and type(decoded) is list else (decoded,):
        if type(envelope) is not dict:
            raise refusal("", "must be an object", envelope)
        data = envelope if declared.unwrap is None else envelope.get(declared.unwrap, envelope)
        if type(data) is not dict:
            raise refusal(str(declared.unwrap), "must be an object", data)
        yield envelope, data


def _stream(declared: Format, envelope: Data, data: Data) -> str:
    """The casefolded venue symbol that the stream names; empty if nothing names one."""
    if declared.stream is None or envelope is data:
        return ""
    return stream_symbol(envelope, declared.stream, declared.answers)


def _compile_cells(message: MarketMessage) -> _CellsOf:
    """Makes a function that finds the prices and the sizes of such a message."""
    fields = _fields(message)
    prices = [field.key for field in fields if isinstance(field, Price)]
    sizes = [field.key for field in fields if isinstance(field, Size)]
    sides = [(field.key, field.price, field.size) for field in fields if isinstance(field, Levels)]

    def cells(data: Data) -> _Cells:
        all_prices = [data[key] for key in prices]
        all_sizes = [data[key] for key in sizes]
        for key, price, size in sides:
            all_prices += [row[price] for row in data[key]]
            all_sizes += [row[size] for row in data[key]]
        return all_prices, all_sizes

    return cells


def _decimals(value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.replace(".", "", 1).isdigit():
        needed = len(value.partition(".")[2].rstrip("0"))
    elif isinstance(value, int | float) and math.isfinite(value):
        exponent = Decimal(repr(value)).normalize().as_tuple().exponent if value else 0
        assert isinstance(exponent, int)
        needed = max(0, -exponent)
    else:
        raise refusal("", "must be a plain decimal number", value)
    if needed > _MAX_DECIMALS:
        raise refusal("", f"must have at most {_MAX_DECIMALS} decimals", value)
    return needed
