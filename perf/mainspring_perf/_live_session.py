"""Tick to trade: whole live sessions, and bare echoes, timed by a venue that is a process of its own."""

import atexit
import json
import os
import select
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

import trio

from hwprofile.actions import Scope
from hwprofile.children import module_command
from mainspring.host.applying import apply_to_wired_lane
from mainspring.host.config import load_config
from mainspring.host.session_planning import make_session
from mainspring.seams import StrategyMarket
from mainspring.session.lane_run import LaneRun
from mainspring.session.live.channel import Channel, dial_channel
from mainspring.session.live.session import LiveSession
from mainspring_perf._live_venue import END, MARKET, ORDERS, PACE_NS
from mainspring_perf.candidates import usable
from mainspring_perf.harness import Benchmark, expect
from mainspring_perf.parts import overrides, parts_here, standing_in
from mainspring_perf.path import Taker

__all__ = ["ticks_to_trade"]

_READ_BYTES = 64 * 1024
_KEYS = {"MAINSPRING_BINANCE_SPOT_KEY": "key-of-a-benchmark", "MAINSPRING_BINANCE_SPOT_SECRET": "secret-of-a-benchmark"}


class _LiveTaker(Taker):
    """As a live session has to: it leaves a market alone that has no prices, such as one that is disconnected."""

    def on_bbo(self, market: StrategyMarket) -> None:
        """Sends the order."""
        if market.bid_ticks:
            super().on_bbo(market)


def ticks_to_trade(moves: int) -> list[Benchmark]:
    """From the first byte of a venue's message to the last of the order that answers it, at the venue, over loopback.

    Each comes `moves` times. A session is a whole one: its router signs, and takes what the venue says of each order.
    """
    echo = "tick to trade, echo of a bare trio socket"
    stated = f"{moves} messages {PACE_NS // 1_000} us apart, timed by the venue; without TLS"
    runs = {echo: _echoed, "tick to trade, a session's order": _traded}
    return [
        Benchmark(
            name=name,
            run=partial(_count, moves, run),
            timed=partial(_seconds, moves, run),
            operations=moves,
            check=partial(expect, name, moves),
            input=stated,
            baseline=None if name == echo else echo,
        )
        for name, run in runs.items()
    ]


def _count(moves: int, run: Callable[["_Venue"], None]) -> int:
    return len(_took(moves, run))


def _seconds(moves: int, run: Callable[["_Venue"], None], passes: int) -> float:
    return sum(sum(_took(moves, run)) for _ in range(passes)) / 1e9


def _took(moves: int, run: Callable[["_Venue"], None]) -> list[int]:
    """How long each order took, in nanoseconds."""
    venue = _venue(moves)
    run(venue)
    return venue.result()


class _Venue:
    """The process, started once."""

    def __init__(self, moves: int) -> None:
        command = module_command("mainspring_perf._live_venue", str(moves))
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: S603  ourselves
        assert self._process.stdout is not None
        self._said = self._process.stdout
        self.port = int(self._said.readline())

    @property
    def is_done(self) -> bool:
        """Whether it has had all answers."""
        return bool(select.select([self._said], [], [], 0)[0])

    def result(self) -> list[int]:
        """What the last client's orders took."""
        found: list[int] = json.loads(self._said.readline())
        return found

    def stop(self) -> None:
        """Ends it."""
        self._process.terminate()
        self._process.wait()
        self._said.close()


@cache
def _venue(moves: int) -> _Venue:
    venue = _Venue(moves)
    atexit.register(venue.stop)
    return venue


def _echoed(venue: _Venue) -> None:
    async def main() -> None:
        streams = [await trio.open_tcp_stream("127.0.0.1", venue.port) for _ in range(2)]
        market, orders = streams
        answer = bytes(240) + END
        await market.send_all(MARKET)
        await orders.send_all(ORDERS)
        while await market.receive_some(_READ_BYTES):
            await orders.send_all(answer)
        for one in streams:
            one.socket.close()

    trio.run(main)


def _traded(venue: _Venue) -> None:
    rest, stream = f"https://localhost:{venue.port}", f"wss://localhost:{venue.port}"
    slippage = "native-square-root" if usable("slippage", "native-square-root") else "square-root"
    registry = standing_in(strategy=_LiveTaker())
    with _credentials():
        chosen = (
            *overrides(parts_here()[-1]),
            'mode="live"',
            'instruments=["BTC/USDT"]',
            'instrument={"BTC/USDT"={tick_size=0.01, lot_size=0.00001}}',
            f'feed={{plugin="binance-spot", connect={{address="{stream}/stream"}}}}',
            f'router={{plugin="binance-spot", rest="{rest}", stream="{stream}/ws-api/v3"}}',
            "router.weight_per_minute=1_000_000",
            "router.orders_per_10s=100_000",
            "journal.accept_loss=true",
            "market.daily_volatility=0.03",
            "market.daily_volume=20000",
            f"slippage.plugin={slippage}",
        )
        session = make_session(load_config(None, chosen), registry)
        (lane,) = session.lanes
        live = LiveSession(lane, registry, connect=_plainly)
        with Scope() as scope, LaneRun(lane, registry, {}, live.open_source) as run:
            apply_to_wired_lane(scope, lane, session.hardware)

            def look() -> None:
                if venue.is_done:
                    run.stopped_early = "the venue has had its answers"

            live.run(run, look)
            run.finish()


async def _plainly(host: str, port: int, _tls: Any) -> Channel:
    """Connects without TLS: the venue is a process of this machine, and has none."""
    return await dial_channel(host, port, None)


@contextmanager
def _credentials() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in _KEYS}
    os.environ.update(_KEYS)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
