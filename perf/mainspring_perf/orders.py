"""The order log's records: fills to bytes and back, in Python, native, and as msgpack arrays for comparison."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from mainspring.host.offers import Offer
from mainspring.model import Fill, Side
from mainspring_perf.candidates import candidates, make
from mainspring_perf.harness import Benchmark, expect, repeat

if TYPE_CHECKING:
    from mainspring.seams import Records

__all__ = ["COUNTED", "SEAMS", "SUITE", "benchmarks"]

SUITE = "orders"
SEAMS = ("records",)
COUNTED = True

_FILLS = 100
_NS = 1_723_161_600_000_000_000


class _Array(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The fields of a fill, which msgpack writes as an array."""

    order_id: int
    instrument: int
    time_ns: int
    fill_id: int
    side: int
    price_ticks: int
    size_lots: int
    maker: bool
    fee_ppb: int


def benchmarks(tiny: bool) -> list[Benchmark]:
    """Fills written and read by each plugin for records, and by msgspec."""
    times = 10 if tiny else 200
    fills = _fills()
    arrays = [_Array(*msgspec.structs.astuple(fill)[:9]) for fill in fills]
    encode, decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(list[_Array]).decode
    data = encode(arrays)
    made = [
        _benchmark(_ENCODE, partial(encode, arrays), data, times, len(data)),
        _benchmark(_DECODE, partial(decode, data), arrays, times, len(data)),
    ]
    for offer in candidates("records"):
        records: Records = make(offer)
        data = records.encode(fills)
        made += [
            _benchmark(_ENCODE, partial(records.encode, fills), data, times, len(data), offer),
            _benchmark(_DECODE, partial(records.decode, data), (fills, len(data)), times, len(data), offer),
        ]
    return made


_ENCODE, _DECODE, _PEER = "encode fills", "decode fills", "msgpack arrays by msgspec"
_COUNTED = (f"{_ENCODE}, python", f"{_DECODE}, native")


def _fills() -> list[Fill]:
    """Fills of one maker, as they follow one another."""
    return [
        Fill(
            12_345 + number,
            number % 4,
            _NS + 1_234_567 * number,
            77 + number,
            Side.SELL if number % 3 else Side.BUY,
            6_100_000 + number * 37 % 1_000,
            25 + number * 7_919 % 100_000,
            number % 2 == 0,
            -100_000 if number % 2 == 0 else 400_000,
        )
        for number in range(_FILLS)
    ]


def _benchmark(
    what: str, run: Callable[[], object], right: object, times: int, size: int, offer: Offer | None = None
) -> Benchmark:
    name = f"{what}, {_PEER if offer is None else offer.name}"
    return Benchmark(
        name=name,
        run=partial(repeat, times, run),
        operations=times * _FILLS,
        check=partial(expect, name, right),
        input=f"{_FILLS} fills, {size} bytes",
        offer=offer,
        size_bytes=size,
        counted=20 if name in _COUNTED else 0,
        baseline=None if offer is None else f"{what}, {_PEER}",
    )
