"""Times codecs: decoding a venue's messages, and encoding orders."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from typing import Any

import msgpack

from mainspring.host.offers import Offer
from mainspring_perf.candidates import candidates, make
from mainspring_perf.harness import Benchmark, WrongAnswer
from mainspring_perf.parts import BTC_USDT
from mainspring_plugins.simulated_market.binance_text import BinanceText

__all__ = ["COUNTED", "SEAMS", "SUITE", "benchmarks"]

SUITE = "codec"
COUNTED = True
SEAMS = ("codec",)

_LEVELS_A_SIDE = 18
_TEXT = BinanceText(BTC_USDT, wrapped=False)
_TIME_MS = 1_723_161_255_208
_COUNTED = ("orjson: decode depth",)
_REFERENCES: dict[str, tuple[Callable[[Any], bytes], Callable[[bytes], Any]]] = {
    "json": (lambda value: json.dumps(value, separators=(",", ":")).encode(), json.loads),
    "msgpack": (msgpack.packb, msgpack.unpackb),
}


def benchmarks(tiny: bool) -> list[Benchmark]:
    """Returns benchmarks of every installed codec, both ways, on depth messages, quotes and trades."""
    random = Random(1)  # noqa: S311  a benchmark's input, no secret
    count = 5 if tiny else 500
    inputs: dict[str, list[Any]] = {
        "depth": [_depth(random, number) for number in range(count)],
        "bookTicker": [_book_ticker(random, number) for number in range(count)],
        "trade": [_trade(random, number) for number in range(count)],
    }
    return [
        work(offer, kind, values)
        for offer in candidates("codec")
        for work in (_decoding, _encoding)
        for kind, values in inputs.items()
    ]


def _decoding(offer: Offer, kind: str, values: list[Any]) -> Benchmark:
    encode, reference = _REFERENCES[str(offer.capabilities["format"])]
    decode = make(offer).decode
    messages = [encode(value) for value in values]
    right = [reference(message) for message in messages]
    return _benchmark(offer, f"decode {kind}", decode, messages, decode, right, messages)


def _encoding(offer: Offer, kind: str, values: list[Any]) -> Benchmark:
    encode, decode = make(offer).encode, _REFERENCES[str(offer.capabilities["format"])][1]
    encoded = [encode(value) for value in values]
    return _benchmark(offer, f"encode {kind}", encode, values, lambda value: decode(encode(value)), values, encoded)


def _benchmark(
    offer: Offer,
    what: str,
    call: Callable[[Any], Any],
    inputs: list[Any],
    reported: Callable[[Any], Any],
    right: list[Any],
    encoded: Sequence[bytes],
) -> Benchmark:
    # A format's own library, which bears its name, is the baseline of the others.
    format_ = str(offer.capabilities["format"])
    name = f"{offer.name}: {what}"
    mean_bytes = sum(map(len, encoded)) // len(encoded)
    return Benchmark(
        name=name,
        run=partial(_each, call, inputs),
        operations=len(inputs),
        check=partial(_expect, name, reported, inputs, right),
        input=f"{what}: {len(inputs)} of {mean_bytes} bytes in {format_}, seed 1",
        baseline=None if offer.name == format_ else f"{format_}: {what}",
        offer=offer,
        calls=lambda: (call, inputs),
        size_bytes=mean_bytes,
        counted=20 if name in _COUNTED else 0,
    )


def _each(call: Callable[[Any], Any], inputs: list[Any]) -> int:
    # What comes out is dropped at once, as in a lane: kept, it would be the garbage collector that is timed.
    for one in inputs:
        call(one)
    return len(inputs)


def _expect(name: str, call: Callable[[Any], Any], inputs: list[Any], right: list[Any], answer: object) -> None:
    if answer != len(inputs) or [call(one) for one in inputs] != right:
        raise WrongAnswer(f"{name} gave another result than the reference")


def _tick(random: Random) -> int:
    return random.randint(6_000_000, 6_400_000)


def _lots(random: Random) -> int:
    return 0 if random.random() < 0.48 else random.randint(1, 10**6)


def _depth(random: Random, number: int) -> Any:
    bids, asks = ([(_tick(random), _lots(random)) for _ in range(_LEVELS_A_SIDE)] for _ in range(2))
    update_id = 50_093_239_189 + number * 20
    return json.loads(_TEXT.depth(_TIME_MS + number * 100, update_id, update_id + 19, bids, asks))


def _book_ticker(random: Random, number: int) -> Any:
    bid, ask = ((_tick(random), _lots(random)) for _ in range(2))
    return json.loads(_TEXT.quote(50_093_239_212 + number, *bid, *ask))


def _trade(random: Random, number: int) -> Any:
    took, price, lots = random.random() < 0.5, _tick(random), _lots(random)
    return json.loads(_TEXT.trade(_TIME_MS + number, 3_723_000_000 + number, price, lots, took))
