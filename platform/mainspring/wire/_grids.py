"""Finds the tick and lot sizes that the prices and sizes of a stream need."""

import math
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any, TypeAlias

from mainspring.errors import CodecError
from mainspring.seams.codec import Codec
from mainspring.seams.feed import RawMessage
from mainspring.wire._dispatch import compile_chooser
from mainspring.wire._parsers import FAULTS
from mainspring.wire._paths import ABSENT, compile_path
from mainspring.wire._streams import stream_symbol
from mainspring.wire._tree import compile_kinds, unfold
from mainspring.wire._tree_levels import row_cells
from mainspring.wire._tree_values import scale_of, signed
from mainspring.wire._units import MEMO_ENTRIES
from mainspring.wire._values import Data, read_text, refusal
from mainspring.wire.fields import Levels, Price, Size
from mainspring.wire.formats import Format
from mainspring.wire.messages import ControlMessage, MarketMessage

__all__ = ["find_grids"]

_MAX_DECIMALS = 18

_Needed: TypeAlias = Callable[[Data], tuple[int, int]]


class _Grid:
    """The most decimals seen in the prices and the sizes of one instrument."""

    __slots__ = ("price_decimals", "size_decimals")

    def __init__(self) -> None:
        self.price_decimals = 0
        self.size_decimals = 0

    def widen(self, price_decimals: int, size_decimals: int) -> None:
        """Raises the number of decimals to at least these."""
        if price_decimals > self.price_decimals:
            self.price_decimals = price_decimals
        if size_decimals > self.size_decimals:
            self.size_decimals = size_decimals

    def steps(self) -> tuple[Decimal, Decimal]:
        """The tick and the lot size."""
        return Decimal((0, (1,), -self.price_decimals)), Decimal((0, (1,), -self.size_decimals))


class _Decimals(dict[object, int]):
    """How many decimals a price or size needs, remembered because venues repeat the same ones."""

    def __missing__(self, value: object) -> int:
        if len(self) >= MEMO_ENTRIES:
            self.clear()
        decimals = self[value] = _decimals(value)
        return decimals


def find_grids(declared: Format, messages: Iterable[RawMessage], codec: Codec) -> dict[str, tuple[Decimal, Decimal]]:
    """The coarsest tick and lot size, powers of ten and at most 1, that every price and size of a stream lies on.

    Keyed by venue symbol, in the order of their first message. A message that names no instrument counts for all of
    them. Reads the stream once, in constant memory. A message that can't be read is skipped: the feed refuses it, with
    the reason, when the session reaches it.
    """
    if not declared.flat:
        return _find_by_paths(declared, messages, codec)
    decimals_of = _Decimals()
    entries = [
        (message.symbol, _compile_needed(message, decimals_of)) if not isinstance(message, ControlMessage) else None
        for message in declared.messages
    ]
    choose = compile_chooser(declared.messages, entries)
    grids: dict[str, _Grid] = {}
    of_streams: dict[str, _Grid] = {}
    for _, raw in messages:
        try:
            for envelope, data in _unwrapped(declared, codec.decode(raw)):
                entry = choose(data)
                if entry is None:
                    continue
                symbol, needed = entry
                needs = needed(data)
                if symbol is None:
                    grid = of_streams.setdefault(_stream(declared, envelope, data), _Grid())
                else:
                    grid = grids.setdefault(read_text(data, symbol), _Grid())
                grid.widen(*needs)
        except (CodecError, *FAULTS):
            continue
    for venue_symbol, grid in grids.items():
        for name in ("", venue_symbol.casefold()):
            if name in of_streams:
                grid.widen(of_streams[name].price_decimals, of_streams[name].size_decimals)
    return {venue_symbol: grid.steps() for venue_symbol, grid in grids.items()}


def _find_by_paths(
    declared: Format, messages: Iterable[RawMessage], codec: Codec
) -> dict[str, tuple[Decimal, Decimal]]:
    """As `find_grids`, for a format whose values are found by paths."""
    kinds, tried = compile_kinds(declared.messages)
    needed = {
        id(kind): _needed_by_paths(kind.message) for kind in kinds if not isinstance(kind.message, ControlMessage)
    }
    grids: dict[str, _Grid] = {}
    for _, raw in messages:
        try:
            root = codec.decode(raw)
            for kind, item in unfold(tried, root):
                if kind is None or id(kind) not in needed:
                    continue
                symbol = "" if kind.symbol is None else kind.symbol(root, item)
                needs = needed[id(kind)](root, item, symbol)
                grids.setdefault(symbol, _Grid()).widen(*needs)
        except (CodecError, *FAULTS):
            continue
    nameless = grids.pop("", None)
    if nameless is not None:
        for grid in grids.values():
            grid.widen(nameless.price_decimals, nameless.size_decimals)
    return {venue_symbol: grid.steps() for venue_symbol, grid in grids.items()}


def _needed_by_paths(message: MarketMessage) -> Callable[[Any, Any, str], tuple[int, int]]:
    """Makes a function that counts the decimals of a message's prices and sizes; called with the symbol too."""
    fields = [getattr(message, name) for name in message.__struct_fields__]
    single = [(compile_path(field.key), field) for field in fields if isinstance(field, Price | Size)]
    sides = [field for field in fields if isinstance(field, Levels)]
    decimals_of = _Decimals()

    def needed(root: Any, item: Any, symbol: str) -> tuple[int, int]:
        prices, sizes = [0], [0]
        for find, field in single:
            value, scale = find(root, item), scale_of(field.scale, symbol)
            decimals = _decimals_by_paths(value, scale, decimals_of)
            if isinstance(field, Price):
                prices.append(decimals)
            else:
                sizes.append(decimals if field.decimals is None else min(decimals, field.decimals))
        for side in sides:
            price_scale, size_scale = scale_of(side.scale, symbol), scale_of(side.size_scale, symbol)
            for price, size in row_cells(side, root, item):
                prices.append(_decimals_by_paths(price, price_scale, decimals_of))
                decimals = _decimals_by_paths(size, size_scale, decimals_of)
                sizes.append(decimals if side.size_decimals is None else min(decimals, side.size_decimals))
        return max(prices), max(sizes)

    return needed


def _decimals_by_paths(value: Any, scale: int | None, decimals_of: _Decimals) -> int:
    """The decimals of a price or a size; of none where nothing stands there."""
    if value is ABSENT or value is None:
        return 0
    value = signed(value)[1]
    if scale is not None:
        digits = str(value)
        return max(0, scale - (len(digits) - len(digits.rstrip("0")))) if digits.strip("0") else 0
    if type(value) is str and "e" in value.lower():
        value = f"{Decimal(value):f}"
    return decimals_of[value]


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


def _compile_needed(message: MarketMessage, decimals_of: _Decimals) -> _Needed:
    """Makes a function that counts the decimals that the prices and the sizes of such a message need."""
    fields = [getattr(message, name) for name in message.__struct_fields__]
    prices = [field.key for field in fields if isinstance(field, Price)]
    sizes = [field.key for field in fields if isinstance(field, Size)]
    sides = [(field.key, field.price, field.size) for field in fields if isinstance(field, Levels)]

    def needed(data: Data) -> tuple[int, int]:
        price_decimals = [decimals_of[data[key]] for key in prices]
        size_decimals = [decimals_of[data[key]] for key in sizes]
        for key, price, size in sides:
            price_decimals += [decimals_of[row[price]] for row in data[key]]
            size_decimals += [decimals_of[row[size]] for row in data[key]]
        return max(price_decimals, default=0), max(size_decimals, default=0)

    return needed


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
