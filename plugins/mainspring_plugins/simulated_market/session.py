"""A session of the simulated market: its instruments side by side, as one connection brings them."""

from collections.abc import Iterator
from itertools import islice
from operator import itemgetter

from mainspring.errors import ConfigError
from mainspring.model import Instrument, units_from_text
from mainspring.seams import RawMessage
from mainspring_plugins.simulated_market.calibration import OPEN_TICKS
from mainspring_plugins.simulated_market.faults import with_faults
from mainspring_plugins.simulated_market.flow import OrderFlow
from mainspring_plugins.simulated_market.link import JitteryLink
from mainspring_plugins.simulated_market.options import SimulatedOptions

__all__ = ["market_messages"]

_SLICE_NS = 100_000_000
_LEAST_OPEN_TICKS = 10_000


def market_messages(instruments: tuple[Instrument, ...], options: SimulatedOptions) -> Iterator[RawMessage]:
    """The messages of a session with their receive times, one by one, in memory that doesn't grow with its length.

    Each instrument has a market of its own; all share one connection. With several, snapshots come in an envelope.
    Raises `ConfigError` for an instrument that can't be simulated: no whole number of ticks as its opening price, a
    price of fewer than 10,000 ticks, or a grid finer than eight decimals.
    """
    flows = [
        OrderFlow(instrument, index, len(instruments), options, _open_ticks(instrument, options))
        for index, instrument in enumerate(instruments)
    ]
    unknown = sorted(set(options.open_prices) - {instrument.symbol for instrument in instruments})
    if unknown:
        raise ConfigError(f"open_prices names {unknown[0]}, which isn't among the instruments")
    messages = with_faults(_received(flows, options), options)
    return islice(messages, options.messages) if options.messages else messages


def _received(flows: list[OrderFlow], options: SimulatedOptions) -> Iterator[RawMessage]:
    link = JitteryLink(f"{options.seed}:link")
    now_ns = options.start_ns
    end_ns = now_ns + int(options.seconds * 1_000_000_000)
    while now_ns < end_ns and flows:
        now_ns = min(end_ns, now_ns + _SLICE_NS)
        sent = flows[0].advance(now_ns)
        for flow in flows[1:]:
            sent.extend(flow.advance(now_ns))
        if len(flows) > 1:
            sent.sort(key=itemgetter(0))
        yield from link.receive(sent)


def _open_ticks(instrument: Instrument, options: SimulatedOptions) -> int:
    price = options.open_prices.get(instrument.symbol)
    if price is None:
        return OPEN_TICKS
    ticks = units_from_text(price, instrument.tick_size, instrument=instrument.symbol, field="open_prices")
    if ticks < _LEAST_OPEN_TICKS:
        raise ConfigError(
            f"{instrument.symbol}: a price of {price} is only {ticks} ticks; the simulated market needs "
            f"{_LEAST_OPEN_TICKS}: take a finer tick"
        )
    return ticks
