"""Slippage: what one estimate costs, by model and kind of order, and what keeping the market's statistics costs."""

import math
from functools import partial
from typing import Any

from mainspring.host.offers import Offer
from mainspring.lane.statistics import StreamStatistics
from mainspring.model import NewOrder, Side, SlippageEstimate
from mainspring.testing import FakeMarket, FakeStatistics
from mainspring_perf.candidates import candidates, make
from mainspring_perf.harness import Benchmark, WrongAnswer, again
from mainspring_perf.parts import BTC_USDT, native_market, parts_here
from mainspring_plugins.books.bisect_list import BisectListBook
from mainspring_plugins.feeds.simulated import WHOLE_SPOT

__all__ = ["COUNTED", "SEAMS", "SUITE", "benchmarks"]

SUITE = "slippage"
COUNTED = True
SEAMS = ("slippage",)

_BID_TICKS = 6_000_000
_LEVELS = 20
_LEVEL_LOTS = 50_000
_SMALL_LOTS = 1_000
_LARGE_LOTS = _LEVELS * _LEVEL_LOTS
_SECOND_NS = 1_000_000_000
_WARM_UP_S = 10
_BBO_STEP_NS = 3_000_000

# The cost in basis points of the small and the large market order and of the small limit order at the touch, worked
# out from the models' formulas apart from their code.
_EXPECTED_BPS = {
    "square-root": (0.212965368, 6.709037266, 0.14631608),
    "almgren-chriss": (0.112817061, 7.154263519, 0.007805679),
    "book-walk": (0.000833333, 0.016666665, 0.000416667),
    "volume-share": (0.001351733, 518.400833333, 0.00009248),
    "fixed-bps": (5.0, 5.0, 1.0),
}
_COUNTED = ("square-root", "native-square-root")
_NATIVE = "native-"
"""Prefix of a native twin's name; its time is shown as a ratio to the plain one's."""


def _market() -> FakeMarket:
    """A market that stands still, a tick wide, of equal levels."""
    ask_ticks = _BID_TICKS + 1
    book = BisectListBook()
    book.apply_snapshot(
        [(_BID_TICKS - level, _LEVEL_LOTS) for level in range(_LEVELS)],
        [(ask_ticks + level, _LEVEL_LOTS) for level in range(_LEVELS)],
    )
    statistics = FakeStatistics(volatility_per_day=0.03, daily_volume_lots=2e9, spread_ticks=1.0)
    return FakeMarket(BTC_USDT, book=book, statistics=statistics)


def benchmarks(tiny: bool) -> list[Benchmark]:
    """Each model on a small and a large market order and on a resting limit order; and the statistics they feed on."""
    calls = 10 if tiny else 1_000
    plain = _market()
    native = native_market(plain, WHOLE_SPOT) if "native" in parts_here() else None
    orders = {
        "small-market": NewOrder(1, 0, Side.BUY, "market", 0, _SMALL_LOTS, 0),
        "large-market": NewOrder(2, 0, Side.BUY, "market", 0, _LARGE_LOTS, 0),
        "limit": NewOrder(3, 0, Side.BUY, "limit", _BID_TICKS, _SMALL_LOTS, 0),
    }
    found = []
    for offer in candidates("slippage"):
        market = native if offer.name.startswith(_NATIVE) and native is not None else plain
        expected = _EXPECTED_BPS.get(offer.name.removeprefix(_NATIVE), (None, None, None))
        for (kind, order), bps in zip(orders.items(), expected, strict=True):
            found.append(_estimates(offer, kind, order, market, bps, calls))
    return [*found, _statistics(20 * calls)]


def _estimates(offer: Offer, kind: str, order: NewOrder, market: Any, bps: float | None, calls: int) -> Benchmark:
    name, model = offer.name, make(offer, BTC_USDT)
    estimate = partial(model.estimate, order, market)

    def check(answer: object) -> None:
        # Half a unit of the last decimal that the expected figures are written with. Of a stranger's model only what
        # the contract says is known.
        reported = answer.bps if isinstance(answer, SlippageEstimate) else 0.0
        if reported <= 0 or (bps is not None and abs(reported - bps) > 5.1e-10):
            raise WrongAnswer(f"{name}, {kind}: {answer}, not {bps or 'more than 0'} bps")

    plain = name.removeprefix(_NATIVE)
    return Benchmark(
        name=f"{name}-{kind}",
        **again(calls, estimate),
        check=check,
        input=f"{calls} estimates of one {kind} order of {order.size_lots} lots, {_LEVELS} levels of {_LEVEL_LOTS}",
        baseline=f"{plain}-{kind}" if plain != name and plain in _EXPECTED_BPS else None,
        offer=offer,
        counted=50 if name in _COUNTED and kind == "large-market" else 0,
    )


def _statistics(changes: int) -> Benchmark:
    swing_ticks = 100

    def run() -> StreamStatistics:
        statistics = StreamStatistics(BTC_USDT)
        on_bbo = statistics.on_bbo
        for now_ns in range(0, changes * _BBO_STEP_NS, _BBO_STEP_NS):
            bid_ticks = _BID_TICKS + now_ns // _SECOND_NS % 2 * swing_ticks
            on_bbo(now_ns, bid_ticks, 5, bid_ticks + 2, 5)
        return statistics

    def check(answer: object) -> None:
        # A mid that swings as far each second has the swing's own size for a volatility, whatever the half-life.
        seconds = (changes - 1) * _BBO_STEP_NS // _SECOND_NS
        mid = _BID_TICKS + 1
        expected = math.log1p(swing_ticks / mid) * math.sqrt(86_400) if seconds > _WARM_UP_S else None
        if not isinstance(answer, StreamStatistics) or not _same(answer.volatility_per_day, expected):
            raise WrongAnswer(f"statistics: {answer}, not a volatility of {expected}")

    return Benchmark(
        name="statistics-bbo",
        run=run,
        operations=changes,
        check=check,
        input=f"{changes} BBO changes {_BBO_STEP_NS // 1_000_000} ms apart",
    )


def _same(found: float | None, expected: float | None) -> bool:
    if found is None or expected is None:
        return found is expected
    return math.isclose(found, expected, rel_tol=1e-9)
