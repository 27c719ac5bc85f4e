"""A market of many instruments for studies: Binance's combined stream, cheap to make, the same each time."""

from collections.abc import Iterator
from decimal import Decimal
from random import Random

from mainspring.model import Instrument
from mainspring.seams import RawMessage

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
    bids, asks = _levels(-1), _levels(1)
    for one in range(count):
        now_ns = _START_NS + one
        yield now_ns, _change(one, 1, 1, "", "")
        data = f'{{"lastUpdateId":1,"bids":[{bids}],"asks":[{asks}]}}'
        yield now_ns, f'{{"stream":"c{one}usdt@depthSnapshot","data":{data}}}'.encode()


def changes(count: int, messages: int) -> Iterator[RawMessage]:
    """So many depth changes, of an instrument drawn at random each: four levels within its 20, seed 1."""
    random = Random(1)  # noqa: S311  a study's input, no secret
    last = [1] * count
    for number in range(messages):
        one = random.randrange(count)
        last[one] += 1
        bids, asks = (_some(random, sign) for sign in (-1, 1))
        yield _START_NS + count + number * _STEP_NS, _change(one, last[one], number, bids, asks)


def _change(one: int, update_id: int, number: int, bids: str, asks: str) -> bytes:
    time_ms = (_START_NS + number * _STEP_NS) // 1_000_000
    return (
        f'{{"stream":"c{one}usdt@depth@100ms","data":{{"e":"depthUpdate","E":{time_ms},"s":"C{one}USDT",'
        f'"U":{update_id},"u":{update_id},"b":[{bids}],"a":[{asks}]}}}}'
    ).encode()


def _levels(sign: int) -> str:
    return ",".join(_level(sign, distance, 500 + distance) for distance in range(1, _LEVELS + 1))


def _some(random: Random, sign: int) -> str:
    distances = sorted(random.sample(range(1, _LEVELS + 1), _LEVELS_A_CHANGE // 2))
    return ",".join(_level(sign, distance, random.randint(1, 9_999)) for distance in distances)


def _level(sign: int, distance: int, lots: int) -> str:
    ticks = _MID_TICKS + sign * distance
    return f'["{ticks // 100}.{ticks % 100:02d}","{lots // 1000}.{lots % 1000:03d}"]'
