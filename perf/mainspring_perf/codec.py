"""How fast the codecs decode a venue's messages, and encode the records of orders."""

import importlib.util
import json
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any, NamedTuple

import msgpack

from mainspring.seams import Codec
from mainspring_perf.harness import Benchmark, WrongAnswer
from mainspring_plugins.codecs.json import JsonCodec
from mainspring_plugins.codecs.msgpack import MsgpackCodec
from mainspring_plugins.codecs.msgspec_json import MsgspecJsonCodec
from mainspring_plugins.codecs.msgspec_msgpack import MsgspecMsgpackCodec
from mainspring_plugins.codecs.orjson import OrjsonCodec
from mainspring_plugins.codecs.ormsgpack import OrmsgpackCodec
from mainspring_plugins.codecs.simdjson import SimdjsonCodec

__all__ = ["SUITE", "benchmarks"]

SUITE = "codec"

_LEVELS_A_SIDE = 18


class _Candidate(NamedTuple):
    name: str
    format: str
    factory: Callable[[], Codec]
    package: str


_CANDIDATES = (
    _Candidate("json", "json", JsonCodec, "json"),
    _Candidate("orjson", "json", OrjsonCodec, "orjson"),
    _Candidate("msgspec", "json", MsgspecJsonCodec, "msgspec"),
    _Candidate("simdjson", "json", SimdjsonCodec, "simdjson"),
    _Candidate("msgpack", "msgpack", MsgpackCodec, "msgpack"),
    _Candidate("ormsgpack", "msgpack", OrmsgpackCodec, "ormsgpack"),
    _Candidate("msgspec-msgpack", "msgpack", MsgspecMsgpackCodec, "msgspec"),
)
_YARDSTICKS = {"json": "json", "msgpack": "msgpack"}
_REFERENCES: dict[str, tuple[Callable[[Any], bytes], Callable[[bytes], Any]]] = {
    "json": (lambda value: json.dumps(value, separators=(",", ":")).encode(), json.loads),
    "msgpack": (msgpack.packb, msgpack.unpackb),
}


def benchmarks(tiny: bool) -> list[Benchmark]:
    """Every codec that runs here, on depth messages, bookTickers and order records; `tiny` makes it short."""
    random = Random(1)  # noqa: S311  a benchmark's input, no secret
    count = 5 if tiny else 500
    inputs = {
        "depth": [_depth(random, number) for number in range(count)],
        "bookTicker": [_book_ticker(random, number) for number in range(count)],
    }
    orders = [_order(random, number) for number in range(count)]
    found = [one for one in _CANDIDATES if importlib.util.find_spec(one.package) is not None]
    return [
        *(_decoding(one, kind, values) for one in found for kind, values in inputs.items()),
        *(_encoding(one, orders) for one in found),
    ]


def _decoding(candidate: _Candidate, kind: str, values: list[Any]) -> Benchmark:
    encode, reference = _REFERENCES[candidate.format]
    decode = candidate.factory().decode
    messages = [encode(value) for value in values]
    mean_bytes = sum(map(len, messages)) // len(messages)
    name = f"{candidate.name}: decode {kind}"
    return Benchmark(
        name=name,
        run=partial(_each, decode, messages),
        operations=len(messages),
        check=partial(_expect, name, decode, messages, [reference(message) for message in messages]),
        input=f"{len(messages)} Binance {kind} messages of {mean_bytes} bytes in {candidate.format}, seed 1",
        yardstick=_yardstick(candidate, f"decode {kind}"),
    )


def _encoding(candidate: _Candidate, orders: list[Any]) -> Benchmark:
    name = f"{candidate.name}: encode orders"
    encode, decode = candidate.factory().encode, _REFERENCES[candidate.format][1]
    return Benchmark(
        name=name,
        run=partial(_each, encode, orders),
        operations=len(orders),
        check=partial(_expect, name, lambda order: decode(encode(order)), orders, orders),
        input=f"{len(orders)} order records of {len(orders[0])} fields as {candidate.format}, seed 1",
        yardstick=_yardstick(candidate, "encode orders"),
    )


def _yardstick(candidate: _Candidate, what: str) -> str | None:
    yardstick = _YARDSTICKS[candidate.format]
    return None if candidate.name == yardstick else f"{yardstick}: {what}"


def _each(call: Callable[[Any], Any], inputs: list[Any]) -> int:
    # What comes out is dropped at once, as in a lane: kept, it would be the garbage collector that is timed.
    for one in inputs:
        call(one)
    return len(inputs)


def _expect(name: str, call: Callable[[Any], Any], inputs: list[Any], right: list[Any], answer: object) -> None:
    if answer != len(inputs) or [call(one) for one in inputs] != right:
        raise WrongAnswer(f"{name} gave another result than the reference")


def _price(random: Random) -> str:
    return f"{random.randint(6_000_000, 6_400_000) / 100:.8f}"


def _size(random: Random) -> str:
    return "0.00000000" if random.random() < 0.48 else f"{random.randint(1, 10**6) / 1e5:.8f}"


def _depth(random: Random, number: int) -> dict[str, Any]:
    bids, asks = ([[_price(random), _size(random)] for _ in range(_LEVELS_A_SIDE)] for _ in range(2))
    update_id = 50_093_239_189 + number * 20
    data = {"e": "depthUpdate", "E": 1_723_161_255_208 + number * 100, "s": "BTCUSDT"}
    return {
        "stream": "btcusdt@depth@100ms",
        "data": {**data, "U": update_id, "u": update_id + 19, "b": bids, "a": asks},
    }


def _book_ticker(random: Random, number: int) -> dict[str, Any]:
    sides = {"b": _price(random), "B": _size(random), "a": _price(random), "A": _size(random)}
    return {"stream": "btcusdt@bookTicker", "data": {"u": 50_093_239_212 + number, "s": "BTCUSDT", **sides}}


def _order(random: Random, number: int) -> dict[str, Any]:
    return {
        "type": "order",
        "time_ns": 1_723_161_253_937_085_768 + number,
        "order_id": number,
        "instrument": 0,
        "side": random.choice((1, -1)),
        "kind": "limit",
        "price_ticks": random.randint(6_000_000, 6_400_000),
        "size_lots": random.randint(1, 10**6),
        "time_in_force": "gtc",
        "post_only": True,
        "strategy": "quote-maker",
    }
