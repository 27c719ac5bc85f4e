"""Slippage: what one estimate costs, by model and kind of order, and what keeping the market's statistics costs."""

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from mainspring.lane.statistics import StreamStatistics
from mainspring.model import Instrument, NewOrder, Refusal, Side, SlippageEstimate
from mainspring.seams import FeedContext, FuseContext, SlippageModel
from mainspring.testing import FakeMarket, FakeStatistics
from mainspring_perf.harness import Benchmark, WrongAnswer
from mainspring_perf.sessions import usable
from mainspring_plugins.books.bisect_list import BisectListBook
from mainspring_plugins.codecs.orjson import OrjsonCodec
from mainspring_plugins.feeds.binance_spot import BINANCE_SPOT
from mainspring_plugins.slippage.almgren_chriss import AlmgrenChrissSlippage
from mainspring_plugins.slippage.book_walk import BookWalkSlippage
from mainspring_plugins.slippage.fixed_bps import FixedBpsSlippage
from mainspring_plugins.slippage.square_root import SquareRootSlippage
from mainspring_plugins.slippage.volume_share import VolumeShareSlippage

__all__ = ["SUITE", "benchmarks"]

SUITE = "slippage"

_INSTRUMENT = Instrument(
    symbol="BTC/USDT", venue_symbol="BTCUSDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.00001")
)
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
_TARGET_US = {"square-root": 3.0, "native square-root": 0.4}
_NATIVE = ("square-root", "almgren-chriss", "book-walk")

_MODELS: dict[str, Callable[[Instrument], SlippageModel]] = {
    "square-root": SquareRootSlippage,
    "almgren-chriss": AlmgrenChrissSlippage,
    "book-walk": BookWalkSlippage,
    "volume-share": VolumeShareSlippage,
    "fixed-bps": FixedBpsSlippage,
}


def _market() -> FakeMarket:
    """A market that stands still, a tick wide, of equal levels."""
    ask_ticks = _BID_TICKS + 1
    book = BisectListBook()
    book.apply_snapshot(
        [(_BID_TICKS - level, _LEVEL_LOTS) for level in range(_LEVELS)],
        [(ask_ticks + level, _LEVEL_LOTS) for level in range(_LEVELS)],
    )
    statistics = FakeStatistics(volatility_per_day=0.03, daily_volume_lots=2e9, spread_ticks=1.0)
    return FakeMarket(_INSTRUMENT, book=book, statistics=statistics)


def benchmarks(tiny: bool) -> list[Benchmark]:
    """Each model on a small and a large market order and on a resting limit order; and the statistics they feed on."""
    calls = 10 if tiny else 1_000
    market = _market()
    orders = {
        "small-market": NewOrder(1, 0, Side.BUY, "market", 0, _SMALL_LOTS, 0),
        "large-market": NewOrder(2, 0, Side.BUY, "market", 0, _LARGE_LOTS, 0),
        "limit": NewOrder(3, 0, Side.BUY, "limit", _BID_TICKS, _SMALL_LOTS, 0),
    }
    found = [
        _estimates(name, factory(_INSTRUMENT), kind, order, market, bps, calls)
        for name, factory in _MODELS.items()
        for (kind, order), bps in zip(orders.items(), _EXPECTED_BPS[name], strict=True)
    ]
    return [*found, *_native(orders, calls), _statistics(20 * calls)]


def _native(orders: dict[str, NewOrder], calls: int) -> list[Benchmark]:
    """The native twins, on a market of the native lane, as they run in it."""
    engine, make_book = usable("engine", "native"), usable("book", "ladder")
    if engine is None or make_book is None:
        return []
    plain = _market()
    book = make_book(_INSTRUMENT)
    feed: Any = BINANCE_SPOT(FeedContext((_INSTRUMENT,), OrjsonCodec(), "json", engine))
    (market,) = feed.fuse(
        FuseContext(
            books=(book,),
            quotes_make_market=False,
            volatility_half_life_s=300.0,
            warm_up_s=_WARM_UP_S,
            daily_volume_lots=(plain.statistics.daily_volume_lots,),
            daily_volatility=plain.statistics.volatility_per_day,
        )
    ).markets
    book.apply_snapshot(plain.book.depth(Side.BUY, _LEVELS), plain.book.depth(Side.SELL, _LEVELS))
    market.set_best(0, plain.bid_ticks, plain.bid_lots, plain.ask_ticks, plain.ask_lots)
    market.judge(book_valid=True)
    found = []
    for name in _NATIVE:
        factory = usable("slippage", f"native-{name}")
        assert factory is not None
        for (kind, order), bps in zip(orders.items(), _EXPECTED_BPS[name], strict=True):
            made = _estimates(f"native {name}", factory(_INSTRUMENT), kind, order, market, bps, calls)
            found.append(msgspec.structs.replace(made, yardstick=f"{name}-{kind}"))
    return found


def _estimates(
    name: str, model: SlippageModel, kind: str, order: NewOrder, market: Any, bps: float, calls: int
) -> Benchmark:
    def run() -> SlippageEstimate | Refusal:
        estimate = model.estimate
        for _ in range(calls - 1):
            estimate(order, market)
        return estimate(order, market)

    def check(answer: object) -> None:
        # Half a unit of the last decimal that the expected figures are written with.
        if not isinstance(answer, SlippageEstimate) or abs(answer.bps - bps) > 5.1e-10:
            raise WrongAnswer(f"{name}, {kind}: {answer}, not {bps} bps")

    return Benchmark(
        name=f"{name}-{kind}",
        run=run,
        operations=calls,
        check=check,
        input=f"{calls} estimates of one {kind} order of {order.size_lots} lots, {_LEVELS} levels of {_LEVEL_LOTS}",
        target_us=_TARGET_US.get(name),
    )


def _statistics(changes: int) -> Benchmark:
    swing_ticks = 100

    def run() -> StreamStatistics:
        statistics = StreamStatistics(_INSTRUMENT)
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
        target_us=1.0,
    )


def _same(found: float | None, expected: float | None) -> bool:
    if found is None or expected is None:
        return found is expected
    return math.isclose(found, expected, rel_tol=1e-9)
