"""Replay for research: events through the trading kernel with a compiled strategy, compared with hftbacktest.

Two strategies read the same events from memory, the session several times over. Preparing a run is timed with it.

The watcher is called at each event and adds up the spread. hftbacktest runs in the fastest setup of its documentation:
the vector book over a region of interest, here 5% around the mid, no order latency, `wait_next_feed` in a compiled
loop. It makes one call for all events of the same time, so each event gets a time of its own. Its book drops levels
that a new level crosses, and ours keeps them, so the sums may differ in the middle of a message; the best prices at the
end and the number of calls must agree.

The maker keeps a bid and an offer at the best prices: when one moves, it cancels and quotes again. Both have a latency
of 250 us, fees, partial fills, and a queue model by the power of the queue; ours also has the built-in risk checks, and
remembers what it took of a level. The number of quotes must agree with what a plain book says.
"""

from collections.abc import Callable
from decimal import Decimal
from functools import cache, partial
from importlib.util import find_spec
from typing import Any

from mainspring.model import Instrument, Level
from mainspring.seams import FeedContext
from mainspring_perf.candidates import usable
from mainspring_perf.harness import Benchmark, expect
from mainspring_perf.sessions import Session, sessions
from mainspring_plugins.books.bisect_list import BisectListBook
from mainspring_plugins.codecs.orjson import OrjsonCodec
from mainspring_plugins.feeds.simulated import WHOLE_SPOT
from mainspring_plugins.queues.power_probability import PowerOptions, PowerProbabilityQueue
from mainspring_plugins.risk._limit import LimitOptions
from mainspring_plugins.risk.collar_bps import CollarBps, CollarOptions
from mainspring_plugins.risk.max_book_age_ms import MaxBookAgeMs
from mainspring_plugins.risk.max_order_notional import MaxOrderNotional
from mainspring_plugins.risk.max_order_size import MaxOrderSize
from mainspring_plugins.risk.max_position import MaxPosition

__all__ = ["SUITE", "benchmarks", "run_maker", "watcher"]

SUITE = "replay"

_STRUCTURES = ("ladder", "sorted-vec", "btree")
_BEST = "ladder"
_PEER = "hftbacktest"
_TIMES_OVER = 8

_LATENCY_NS = 250_000
_SIZE = Decimal("0.01")
_POWER = 3.0

_Answer = tuple[int, int, int]
"""How often the strategy was called, or quoted, and the best prices at the end."""


def benchmarks(tiny: bool) -> list[Benchmark]:
    """Both strategies, every native structure for the watcher, and the peer, on the reference and recorded session."""
    decoder = usable("decoder", "native")
    if decoder is None or not all(map(find_spec, ("numpy", "numba"))):
        return []
    times_over = 1 if tiny else _TIMES_OVER
    return [benchmark for session in sessions(tiny=tiny) for benchmark in _on(session, decoder, times_over)]


def _on(session: Session, decoder: Callable[..., Any], times_over: int) -> list[Benchmark]:
    from mainspring_native.replay import read_events

    name, plan, messages = session
    feed = decoder(WHOLE_SPOT, FeedContext(plan.instruments, OrjsonCodec()))
    once = read_events(feed, messages)
    events = repeated(once, times_over)
    instrument = plan.instruments[0]
    first = _plain(once, instrument, (0, 0))
    again = _plain(once, instrument, first[1:])
    quoted = first[0] + (times_over - 1) * again[0], *again[1:]

    def benchmark(what: str, run: Callable[[], _Answer], right: _Answer, **more: Any) -> Benchmark:
        return Benchmark(
            name=f"{name}: {what}",
            run=run,
            operations=len(events),
            check=partial(expect, f"{name}: {what}", right),
            input=f"{len(events):,} events, the {name} {times_over} times over, in memory",
            **more,
        )

    watched = len(events), *again[1:]
    found = []
    peer = find_spec(_PEER) is not None
    if peer:
        found.append(benchmark(_PEER, _peer(instrument, events), watched))
        found.append(benchmark(f"maker, {_PEER}", _peer_maker(instrument, events), quoted))
    best = f"native, {_BEST}"
    plain = partial(_native, events, _BEST, compiled=False)
    found.append(benchmark(f"Python strategy, {best}", plain, watched, baseline=f"{name}: {best}"))
    for structure in _STRUCTURES:
        reported = f"native, {structure}"
        baseline = f"{name}: {_PEER}" if peer else None if reported == best else f"{name}: {best}"
        found.append(benchmark(reported, partial(_native, events, structure), watched, baseline=baseline))
    baseline = f"{name}: maker, {_PEER}" if peer else None
    run = partial(run_maker, events, instrument)
    found.append(benchmark(f"maker, native, {_BEST}", run, quoted, baseline=baseline))
    return found


def repeated(events: Any, times_over: int) -> Any:
    """The events `times_over` times, one after the other in time, each message at a time of its own.

    hftbacktest makes one call for all messages of the same time.
    """
    import numpy as np

    made = np.tile(events, times_over)
    span_ns = int(events["time_ns"][-1] - events["time_ns"][0]) + 1_000_000_000
    made["time_ns"] += np.repeat(np.arange(times_over) * span_ns, len(events))
    number = np.cumsum(made["last"]) - made["last"]
    made["time_ns"] = np.maximum.accumulate(made["time_ns"] - number) + number
    return made


@cache
def watcher() -> Any:
    """Returns the strategy that is called at each event, to be compiled once for all benchmarks."""
    from mainspring_native.replay import strategy

    def watch(market: Any, orders: Any, state: Any) -> None:  # noqa: ARG001  a strategy takes three
        state.callbacks += 1
        state.spreads += market.ask_ticks - market.bid_ticks
        state.bid_ticks = market.bid_ticks
        state.ask_ticks = market.ask_ticks

    state = [(name, "i8") for name in ("callbacks", "spreads", "bid_ticks", "ask_ticks")]
    return strategy(state=state, on=("row",))(watch)


@cache
def maker(lots: int) -> Any:
    """Returns the strategy that quotes `lots` at the best prices and moves with them."""
    from mainspring_native.replay import BUY, SELL, cancel, limit, strategy

    def make(market: Any, orders: Any, state: Any) -> None:
        if market.live == 0 or market.bid_lots == 0 or market.ask_lots == 0:
            return
        if market.bid_ticks != state.bid_ticks:
            cancel(orders, state.bid_id)
            state.bid_ticks = market.bid_ticks
            state.bid_id = limit(orders, BUY, market.bid_ticks, lots)
            state.quotes += 1
        if market.ask_ticks != state.ask_ticks:
            cancel(orders, state.ask_id)
            state.ask_ticks = market.ask_ticks
            state.ask_id = limit(orders, SELL, market.ask_ticks, lots)
            state.quotes += 1

    return strategy(state=[(name, "i8") for name in ("quotes", "bid_ticks", "ask_ticks", "bid_id", "ask_id")])(make)


def run_maker(events: Any, instrument: Instrument, size: Decimal = _SIZE) -> _Answer:
    """Replays the events with the maker, with every built-in risk check, fees, latency and depletion.

    `size` is that of each quote, in base currency.
    """
    from mainspring_native.replay import ReplayMarket, replay

    limits = {
        MaxOrderSize: LimitOptions(limit=Decimal(1)),
        MaxOrderNotional: LimitOptions(limit=Decimal(100_000)),
        MaxPosition: LimitOptions(limit=Decimal(10)),
        MaxBookAgeMs: LimitOptions(limit=Decimal(2_000)),
        CollarBps: CollarOptions(limit=Decimal(20)),
    }
    checks = [check(instrument, options=options) for check, options in limits.items()]
    queue = PowerProbabilityQueue(instrument, options=PowerOptions(n=_POWER))
    market = ReplayMarket(checks=checks, queue=queue)
    strategy = maker(int(size / instrument.lot_size))
    state = replay(events, strategy, markets=[market], latency_ns=_LATENCY_NS).state
    return state.quotes, state.bid_ticks, state.ask_ticks


def _native(events: Any, structure: str, *, compiled: bool = True) -> _Answer:
    from mainspring_native.replay import replay

    state = replay(events, watcher(), book=structure, compiled=compiled).state
    return state.callbacks, state.bid_ticks, state.ask_ticks


def _plain(events: Any, instrument: Instrument, seen: tuple[int, int]) -> _Answer:
    """What a plain book says: how often a best price moved from one message to the next, and the last ones.

    `seen` are those before.
    """
    from mainspring_native.replay import BUY, CLEAR, LEVEL

    book, live, quotes = BisectListBook(instrument), False, 0
    rows: dict[int, list[Level]] = {}
    for _, price_ticks, size_lots, kind, _, side, last in events.tolist():
        if kind == CLEAR:
            book.clear()
            live = not last
        elif kind == LEVEL:
            rows.setdefault(side, []).append((price_ticks, size_lots))
        if not last:
            continue
        book.apply_delta(rows.pop(BUY, []), rows.pop(-BUY, []))
        best = book.bbo()
        if live and best.bid_lots and best.ask_lots:
            now = best.bid_ticks, best.ask_ticks
            quotes += (now[0] != seen[0]) + (now[1] != seen[1])
            seen = now
    return quotes, *seen


def _peer(instrument: Instrument, events: Any) -> Callable[[], _Answer]:
    """hftbacktest's watcher over the same events."""
    from mainspring_perf.peers.adapters.hftbacktest import make_backtest

    return make_backtest(events, float(instrument.tick_size), float(instrument.lot_size))


def _peer_maker(instrument: Instrument, events: Any) -> Callable[[], _Answer]:
    """hftbacktest's maker over the same events."""
    from mainspring_perf.peers.adapters.hftbacktest import make_maker

    return make_maker(events, float(instrument.tick_size), float(instrument.lot_size), float(_SIZE))
