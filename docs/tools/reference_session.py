"""Holds the reference session against a recorded one: prints the table of docs/reference-session.md, draws its plot.

    python docs/tools/reference_session.py CAPTURE [docs/reference-session.svg]

CAPTURE is the recorded Binance BTC/USDT spot session (`mainspring data get btcusdt-spot`). Both are measured by the
same code, from their messages alone.
"""

import sys
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import msgspec
import orjson
from reference_plot import Panel, draw

from mainspring.data import read_capture
from mainspring.seams import RawMessage
from mainspring_plugins.feeds.simulated import SimulatedFeed
from mainspring_plugins.simulated_market import SimulatedOptions

SEEDS = (1, 2, 3, 4, 5)
TICKS, LOTS = 100, 100_000


class Measured(msgspec.Struct):
    """What is counted in a session, one entry a message, level or trade. Prices in ticks, sizes in base currency."""

    times_ns: list[int] = []
    message_bytes: list[int] = []
    quotes: int = 0
    levels: list[int] = []
    distances: list[float] = []
    removals: int = 0
    spreads: list[int] = []
    sizes: list[float] = []
    sellers: list[bool] = []
    best_sizes: list[float] = []
    sweeps: list[int] = []
    quote_ids: set[int] = set()
    depth_ids: set[int] = set()
    updates: int = 0


def measure(messages: Iterable[RawMessage]) -> Measured:
    """One pass over a session. The mid that a level's distance is taken from is that of the last bookTicker."""
    seen = Measured()
    mid, taker = 0.0, None
    for received_ns, raw in messages:
        seen.times_ns.append(received_ns)
        seen.message_bytes.append(len(raw))
        data = orjson.loads(raw)
        data = data.get("data", data)
        if "B" in data:
            bid, ask = _ticks(data["b"]), _ticks(data["a"])
            seen.quote_ids.add(data["u"])
            mid = (bid + ask) / 2
            seen.quotes += 1
            seen.spreads.append(ask - bid)
            seen.best_sizes += [float(data["B"]), float(data["A"])]
        elif data.get("e") == "trade":
            seen.sizes.append(float(data["q"]))
            seen.sellers.append(data["m"])
            # Trades of one millisecond and one side count as one order's.
            if taker == (data["T"], data["m"]):
                seen.sweeps[-1] += 1
            else:
                seen.sweeps.append(1)
            taker = data["T"], data["m"]
        elif data.get("e") == "depthUpdate":
            rows = data["b"] + data["a"]
            seen.levels.append(len(rows))
            seen.updates += data["u"] - data["U"] + 1
            seen.depth_ids.add(data["u"])
            seen.removals += sum(float(size) == 0 for _, size in rows)
            if mid:
                seen.distances += [abs(_ticks(price) - mid) for price, _ in rows]
    return seen


def figures(seen: Measured) -> dict[str, float]:
    """The figures of the table, by name."""
    messages = len(seen.times_ns)
    gaps_ms = [(later - earlier) / 1e6 for earlier, later in pairwise(seen.times_ns)]
    rows: dict[str, float] = {
        "messages": messages,
        "seconds": (seen.times_ns[-1] - seen.times_ns[0]) / 1e9,
        "bookTicker, %": 100 * seen.quotes / messages,
        "trades, %": 100 * len(seen.sizes) / messages,
        "depth, %": 100 * len(seen.levels) / messages,
        "bytes a message": sum(seen.message_bytes) / messages,
    }
    for name, values, points in (
        ("levels in a depth message", seen.levels, (50, 90, 99, 100)),
        ("distance of a level from the mid, ticks", seen.distances, (10, 50, 90)),
    ):
        rows |= {_row(name, point): quantile(values, point) for point in points}
    rows["removals among the levels, %"] = 100 * seen.removals / sum(seen.levels)
    for name, values, points in (
        ("spread, ticks", seen.spreads, (50, 90, 99)),
        ("trade size, BTC", seen.sizes, (50, 90, 99)),
    ):
        rows |= {_row(name, point): quantile(values, point) for point in points}
    repeats = [one == other for one, other in pairwise(seen.sellers)]
    rows["trades on the side of the one before, %"] = 100 * sum(repeats) / len(repeats)
    rows |= {_row("time between messages, ms", point): quantile(gaps_ms, point) for point in (50, 90)}
    rows |= {
        "*not fitted:* updates": seen.updates,
        "*not fitted:* depth messages that end on a bookTicker's update": len(seen.quote_ids & seen.depth_ids),
        "*not fitted:* trades an order, mean": len(seen.sizes) / len(seen.sweeps),
        "*not fitted:* size at the best price, BTC, p50": quantile(seen.best_sizes, 50),
        "*not fitted:* levels in a depth message, mean": sum(seen.levels) / len(seen.levels),
        "*not fitted:* largest trade, BTC": max(seen.sizes),
        "*not fitted:* time between messages, ms, p75": quantile(gaps_ms, 75),
        "*not fitted:* time between messages, ms, p99": quantile(gaps_ms, 99),
    }
    return rows


def table(recorded: dict[str, float], generated: Sequence[dict[str, float]]) -> str:
    """The Markdown table: recorded, generated by the first seed, and from the least to the most over all seeds."""
    lines = [
        f"| figure | recorded | generated | seeds {SEEDS[0]} to {SEEDS[-1]} |",
        "| --- | ---: | ---: | ---: |",
    ]
    for name, value in recorded.items():
        of_seeds = [rows[name] for rows in generated]
        span = f"{_number(min(of_seeds))} to {_number(max(of_seeds))}"
        lines.append(f"| {name} | {_number(value)} | {_number(of_seeds[0])} | {span} |")
    return "\n".join(lines)


def panels(recorded: Measured, generated: Measured) -> list[Panel]:
    """The distributions to draw, each of both sessions."""
    pairs = (
        ("levels in a depth message", recorded.levels, generated.levels),
        ("distance of a level from the mid, ticks", recorded.distances, generated.distances),
        ("spread, ticks", recorded.spreads, generated.spreads),
        ("trade size, BTC", recorded.sizes, generated.sizes),
        ("time between messages, ms", _gaps_ms(recorded), _gaps_ms(generated)),
        ("size at the best price, BTC (not fitted)", recorded.best_sizes, generated.best_sizes),
    )
    return [
        Panel(title, [quantile(a, p / 2) for p in range(201)], [quantile(b, p / 2) for p in range(201)])
        for title, a, b in pairs
    ]


def quantile(values: Sequence[float], percent: float) -> float:
    """The value below which `percent` of them lie, no interpolation."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * percent / 100))]


def _gaps_ms(seen: Measured) -> list[float]:
    return [(later - earlier) / 1e6 for earlier, later in pairwise(seen.times_ns)]


def _ticks(price: str) -> int:
    return round(float(price) * TICKS)


def _row(name: str, point: int) -> str:
    return f"{name}, {'max' if point == 100 else f'p{point}'}"


def _number(value: float) -> str:
    if value == int(value) or abs(value) >= 1_000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2g}"


def main(arguments: Sequence[str]) -> int:
    if not 1 <= len(arguments) <= 2 or not Path(arguments[0]).is_file():
        sys.stderr.write(f"{__doc__}\n")
        return 2
    feed = SimulatedFeed()
    instruments = (feed.describe("BTC/USDT"),)
    recorded = measure(read_capture(Path(arguments[0])))
    generated = [measure(feed.source(instruments, SimulatedOptions(seed=seed))) for seed in SEEDS]
    sys.stdout.write(table(figures(recorded), [figures(seen) for seen in generated]) + "\n")
    if len(arguments) > 1:
        Path(arguments[1]).write_text(draw(panels(recorded, generated[0])), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
