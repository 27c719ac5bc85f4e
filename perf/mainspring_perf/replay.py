"""Replay for research: events through a book with a compiled strategy called at each, compared with hftbacktest.

Both read the same events from memory, the session several times over, and both strategies add up the spread in ticks
at each event. hftbacktest runs in the fastest setup of its documentation: the vector book over a region of interest,
here 5% around the mid, no order latency, `wait_next_feed` in a compiled loop. It makes one call for all events of the
same time, so each event gets a time of its own. Its book drops levels that a new level crosses, and ours keeps them,
so the sums may differ in the middle of a message; the best prices at the end and the number of calls must agree.
Preparing a run is timed with it.
"""

from collections.abc import Callable
from functools import cache, partial
from importlib.util import find_spec
from typing import Any

from mainspring.seams import FeedContext
from mainspring_perf.candidates import usable
from mainspring_perf.harness import Benchmark, expect
from mainspring_perf.sessions import Session, sessions
from mainspring_plugins.codecs.orjson import OrjsonCodec
from mainspring_plugins.feeds.binance_spot import BINANCE_SPOT

__all__ = ["SUITE", "benchmarks", "watcher"]

SUITE = "replay"

_STRUCTURES = ("ladder", "sorted-vec", "btree")
_BEST = "ladder"
_PEER = "hftbacktest"
_TIMES_OVER = 8

_Answer = tuple[int, int, int]
"""How often the strategy was called, and the best prices at the end."""


def benchmarks(tiny: bool) -> list[Benchmark]:
    """Every native structure, and the peer, on the reference session and on the recorded one where it is here."""
    decoder = usable("decoder", "native")
    if decoder is None or not all(map(find_spec, ("numpy", "numba"))):
        return []
    times_over = 1 if tiny else _TIMES_OVER
    return [benchmark for session in sessions(tiny=tiny) for benchmark in _on(session, decoder, times_over)]


def _on(session: Session, decoder: Callable[..., Any], times_over: int) -> list[Benchmark]:
    import numpy as np

    from mainspring_native.replay import read_events

    name, plan, messages = session
    feed = decoder(BINANCE_SPOT, FeedContext(plan.instruments, OrjsonCodec()))
    events = np.tile(read_events(feed, messages), times_over)
    right = _plain(events)

    def benchmark(what: str, run: Callable[[], _Answer], **more: Any) -> Benchmark:
        return Benchmark(
            name=f"{name}: {what}",
            run=run,
            operations=len(events),
            check=partial(expect, f"{name}: {what}", right),
            input=f"{len(events):,} events, the {name} {times_over} times over, in memory, one callback each",
            **more,
        )

    made = []
    if find_spec(_PEER) is not None:
        made.append(benchmark(_PEER, _peer(plan.instruments[0], events)))
    baseline = f"{name}: {_PEER if made else f'native, {_BEST}'}"
    for structure in _STRUCTURES:
        reported = f"native, {structure}"
        made.append(
            benchmark(
                reported,
                partial(_native, events, structure),
                baseline=None if baseline.endswith(reported) else baseline,
            )
        )
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

    return strategy(state=[(name, "i8") for name in ("callbacks", "spreads", "bid_ticks", "ask_ticks")])(watch)


def _native(events: Any, structure: str, *, compiled: bool = True) -> _Answer:
    from mainspring_native.replay import replay

    state = replay(events, watcher(), book=structure, compiled=compiled).state
    return state.callbacks, state.bid_ticks, state.ask_ticks


def _plain(events: Any) -> _Answer:
    return _native(events, _BEST, compiled=False)


def _peer(instrument: Any, events: Any) -> Callable[[], _Answer]:
    """hftbacktest over the same events."""
    from mainspring_perf.peers.adapters.hftbacktest import make_backtest

    return make_backtest(events, float(instrument.tick_size), float(instrument.lot_size))
