"""Resolves a session's instruments and their grids from the config, the venue's rules or the capture."""

from collections.abc import Callable, Iterable
from typing import Any

from mainspring.errors import DataError
from mainspring.host.config import Config, InstrumentConfig
from mainspring.host.diagnostics import Diagnostic
from mainspring.model import Instrument
from mainspring.seams import Codec, RawMessage

__all__ = ["resolve_instruments"]

_FIELDS = ("tick_size", "lot_size", "contract", "contract_size", "settle_currency")


def resolve_instruments(
    config: Config,
    diagnostic: Diagnostic,
    feed_factory: Callable[..., Any],
    codec: Codec,
    messages: Callable[[], Iterable[RawMessage]] | None,
) -> tuple[tuple[Instrument, ...], tuple[str, ...]]:
    """Returns the session's instruments, in the order of the config or as found in the capture, and what else is there.

    The latter are the venue symbols of other instruments that were found, if it was necessary to look for any.

    `feed_factory` is the feed's factory, whose attributes find or describe instruments (see `seams.register_feeds`).
    `messages` opens the capture, or is None if there is none. Raises `ConfigError` if an instrument's grid is unknown,
    and `DataError` if the capture has no instrument that the feed can read.
    """
    describe = getattr(feed_factory, "describe", None)
    find = getattr(feed_factory, "find_instruments", None)
    found: dict[str, Instrument] = {}
    if messages is not None and find is not None and not _complete(config):
        found = {instrument.symbol: instrument for instrument in find(messages(), codec)}
        if not found:
            raise DataError(
                f"the feed can't read any {config.feed.encoding} message of this capture; name the feed that it was "
                "recorded from (feed.plugin), and the encoding of its messages (feed.encoding)"
            )
    symbols = config.instruments or tuple(found)
    if not symbols:
        raise diagnostic.error(("instruments",), 'names none; write instruments = ["BTC/USDT"]')
    _refuse_twice(symbols, diagnostic)
    by_venue_symbol = {instrument.venue_symbol: instrument for instrument in found.values()}
    resolved = []
    for symbol in symbols:
        given = config.instrument.get(symbol, InstrumentConfig())
        base = found.get(symbol) or by_venue_symbol.get(given.venue_symbol or symbol)
        if base is None and found:
            raise diagnostic.error(
                ("instruments",), f"{symbol!r} isn't in the capture, which holds: {', '.join(found)}"
            )
        if base is None and describe is not None:
            base = describe(symbol, given.venue_symbol)
        resolved.append(_merge(symbol, given, base, diagnostic))
    unused = sorted(set(config.instrument) - set(symbols))
    if unused:
        raise diagnostic.error(
            ("instrument", unused[0]), f"isn't among the session's instruments: {', '.join(symbols)}"
        )
    _refuse_shared(resolved, diagnostic)
    ours = {instrument.venue_symbol for instrument in resolved}
    return tuple(resolved), tuple(name for name in by_venue_symbol if name not in ours)


def _refuse_twice(symbols: tuple[str, ...], diagnostic: Diagnostic) -> None:
    seen: set[str] = set()
    for symbol in symbols:
        if symbol in seen:
            raise diagnostic.error(("instruments",), f"names {symbol!r} twice")
        seen.add(symbol)


def _refuse_shared(instruments: list[Instrument], diagnostic: Diagnostic) -> None:
    """Rejects two instruments with the same venue symbol, since both would claim its messages."""
    owners: dict[str, str] = {}
    for instrument in instruments:
        other = owners.setdefault(instrument.venue_symbol, instrument.symbol)
        if other != instrument.symbol:
            raise diagnostic.error(
                ("instruments",),
                f"{other!r} and {instrument.symbol!r} are both {instrument.venue_symbol!r} at the venue; remove one",
            )


def _complete(config: Config) -> bool:
    given = (config.instrument.get(symbol) for symbol in config.instruments)
    return bool(config.instruments) and all(
        one is not None and one.venue_symbol and one.tick_size and one.lot_size for one in given
    )


def _merge(
    symbol: str,
    given: InstrumentConfig,
    base: Instrument | None,
    diagnostic: Diagnostic,
) -> Instrument:
    if base is None and (given.tick_size is None or given.lot_size is None or given.venue_symbol is None):
        raise diagnostic.error(
            ("instruments",),
            f'the grid of {symbol!r} is unknown; add [instrument."{symbol}"] with venue_symbol, tick_size and lot_size',
        )
    values: dict[str, Any] = {name: getattr(base, name) for name in _FIELDS} if base is not None else {}
    overridden = {name: getattr(given, name) for name in _FIELDS if getattr(given, name) is not None}
    values.update(overridden)
    origin = "config" if base is None or {"tick_size", "lot_size"} <= set(overridden) else base.origin
    venue_symbol = given.venue_symbol or (base.venue_symbol if base is not None else symbol)
    for name in ("tick_size", "lot_size", "contract_size"):
        value = overridden.get(name)
        if value is not None and not (value.is_finite() and value > 0):
            raise diagnostic.error(("instrument", symbol, name), f"expected a number above 0; found the number {value}")
    return Instrument(symbol=symbol, venue_symbol=venue_symbol, origin=origin, **values)
