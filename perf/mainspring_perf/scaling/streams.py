"""A market of many instruments for studies: Binance's combined stream, cheap to make, the same each time."""

from collections.abc import Iterator
from decimal import Decimal
from random import Random

from mainspring.model import Instrument, Level
from mainspring.seams import RawMessage
from mainspring_plugins.simulated_market.binance_text import BinanceText

__all__ = ["changes", "instruments", "snapshots"]

_START_NS = 1_704_067_200_000_000_000
_STEP_NS = 1_000_000
_MID_TICKS = 1_000_000
_LEVELS = 20
_LEVELS_A_CHANGE = 4


def instruments(count: int) -> tuple[Instrument, ...]:
    """So many instruments of one kind."""
    tick, lot = Decimal("0.01"), Decimal("0.001")
    return tuple(
        Instrument(symbol=f"C{one}/USDT", venue_symbol=f"C{one}USDT", tick_size=tick, lot_size=lot)
        for one in range(count)
    )


def snapshots(count: int) -> Iterator[RawMessage]:
    """A depth change and then a snapshot of 20 levels a side for each: what a feed needs to have a whole book."""
    sides = [[(_MID_TICKS + sign * level, 500 + level) for level in range(1, _LEVELS + 1)] for sign in (-1, 1)]
    for number, instrument in enumerate(instruments(count)):
        text = BinanceText(instrument, wrapped=True)
        yield _START_NS + number, text.depth(_START_NS // 1_000_000, 1, 1, [], [])
        yield _START_NS + number, text.snapshot(1, *sides)


def changes(count: int, messages: int) -> Iterator[RawMessage]:
    """So many depth changes, of an instrument drawn at random each: four levels within its 20, seed 1."""
    random = Random(1)  # noqa: S311  a study's input, no secret
    texts = [BinanceText(instrument, wrapped=True) for instrument in instruments(count)]
    last = [1] * count
    for number in range(messages):
        one = random.randrange(count)
        last[one] += 1
        now_ns = _START_NS + number * _STEP_NS
        sides = [_some(random, sign) for sign in (-1, 1)]
        yield now_ns + count, texts[one].depth(now_ns // 1_000_000, last[one], last[one], *sides)


def _some(random: Random, sign: int) -> list[Level]:
    distances = sorted(random.sample(range(1, _LEVELS + 1), _LEVELS_A_CHANGE // 2))
    return [(_MID_TICKS + sign * distance, random.randint(1, 9_999)) for distance in distances]
