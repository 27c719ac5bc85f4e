"""Records of orders, the queue and the pool: in Python, native, and as JSON for comparison."""

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from mainspring.model import Fill, NewOrder, Side, records
from mainspring.orders import OrderPool, OrderQueue
from mainspring_perf.candidates import usable
from mainspring_perf.harness import Benchmark, expect, repeat, same_call

__all__ = ["COUNTED", "SUITE", "benchmarks"]

SUITE = "orders"
COUNTED = True

_ORDER = NewOrder(12_345, 3, Side.BUY, "limit", 6_100_000, 250, 1_723_161_600_000_000_000, strategy="maker")
_FILL = Fill(12_345, 3, 1_723_161_600_000_000_000, 77, Side.SELL, 6_100_000, 25, True, -100_000)


def benchmarks(tiny: bool) -> list[Benchmark]:
    """Each piece of work by the plain twin and by the native one."""
    times = 100 if tiny else 2_000
    parts: dict[str, tuple[Any, Any, Any]] = {"plain": (records, OrderQueue, OrderPool)}
    if usable("book", "ladder") is not None:
        from mainspring_native import orders

        parts["native"] = (orders, orders.SpscQueue, orders.OrderPool)
    made = []
    for part, candidates in parts.items():
        for what, run in _work(*candidates).items():
            baseline = f"{what}, plain" if part == "native" else _JSON.get(what)
            made.append(_benchmark(f"{what}, {part}", run, times, baseline))
    order, fill = msgspec.json.encode(_ORDER), msgspec.json.encode(_FILL)
    decoder = msgspec.json.Decoder(Fill)
    made.append(_benchmark("encode, JSON by msgspec", lambda: msgspec.json.encode(_ORDER), times, None, len(order)))
    made.append(_benchmark("decode, JSON by msgspec", lambda: decoder.decode(fill), times, None, len(fill)))
    return made


def _work(coding: Any, make_queue: Any, make_pool: Any) -> dict[str, Callable[[], object]]:
    record = records.encode_record(_FILL)
    queue, pool = make_queue(64), make_pool(64)
    return {
        "encode, record": lambda: coding.encode_record(_ORDER),
        "decode, record": lambda: coding.decode_record(record),
        "queue, push and pop": lambda: (queue.push(_FILL), queue.pop()),
        "pool, take and release": lambda: pool.release(pool.take(_FILL)),
    }


_COUNTED = ("encode, record, plain", "decode, record, native", "queue, push and pop, native")
_JSON = {"encode, record": "encode, JSON by msgspec", "decode, record": "decode, JSON by msgspec"}
_RIGHT = {
    "encode, record": records.encode_record(_ORDER),
    "decode, record": _FILL,
    "queue, push and pop": (True, _FILL),
    "pool, take and release": None,
    "encode, JSON by msgspec": msgspec.json.encode(_ORDER),
    "decode, JSON by msgspec": _FILL,
}


def _benchmark(
    name: str, run: Callable[[], object], times: int, baseline: str | None, size: int = records.RECORD_BYTES
) -> Benchmark:
    right = next(right for what, right in _RIGHT.items() if name.startswith(what))
    return Benchmark(
        name=name,
        run=partial(repeat, times, run),
        operations=times,
        check=partial(expect, name, right),
        input=f"one order or fill, {size} bytes",
        calls=same_call(times, run),
        size_bytes=size if "code" in name else None,
        counted=20 if name in _COUNTED else 0,
        baseline=baseline,
    )
