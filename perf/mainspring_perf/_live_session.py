"""Tick to trade: whole live sessions, and bare echoes, timed by a venue that is a process of its own."""

import atexit
import json
import os
import select
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import trio

from hwprofile.actions import Scope
from hwprofile.children import module_command
from mainspring.host.applying import apply_to_wired_lane
from mainspring.host.config import load_config
from mainspring.host.session_planning import make_session
from mainspring.seams import Receiver, StrategyMarket
from mainspring.session.lane_run import LaneRun
from mainspring.session.live.channel import Channel, dial_channel
from mainspring.session.live.session import LiveSession
from mainspring.session.live.websocket import ConnectionLostError
from mainspring_perf._live_venue import END, MARKET, ORDERS, PACE_NS
from mainspring_perf.candidates import candidates, usable
from mainspring_perf.harness import Benchmark, expect
from mainspring_perf.parts import overrides, parts_here, standing_in
from mainspring_perf.path import Taker

if TYPE_CHECKING:
    from mainspring.host.offers import Offer

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
    There is one for each receiver, and a bare echo for one that sleeps and for those that don't.
    """
    sleeping, spinning = "tick to trade, echo of a bare trio socket", "tick to trade, echo of a bare busy-poll"
    stated = f"{moves} messages {PACE_NS // 1_000} us apart, timed by the venue; without TLS"
    runs: dict[str, tuple[Callable[[_Venue], None], str | None, Offer | None]] = {
        sleeping: (_echoed, None, None),
        spinning: (_echoed_spinning, None, None),
    }
    for offer in candidates("receiver"):
        echo = sleeping if offer.name == "trio" else spinning
        runs[f"tick to trade, a session's order, {offer.name}"] = partial(_traded, offer.name), echo, offer
    return [
        Benchmark(
            name=name,
            run=partial(_count, moves, run),
            timed=partial(_seconds, name, moves, run),
            operations=moves,
            check=partial(expect, name, moves),
            input=stated,
            baseline=echo,
            offer=offer,
        )
        for name, (run, echo, offer) in runs.items()
    ]


def _count(moves: int, run: Callable[["_Venue"], None]) -> int:
    return len(_took(moves, run))


def _seconds(name: str, moves: int, run: Callable[["_Venue"], None], passes: int) -> float:
    took_ns = 0
    for _ in range(passes):
        took = _took(moves, run)
        expect(name, moves, len(took))
        took_ns += sum(took)
    return took_ns / 1e9


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

    def port(self) -> int:
        """Where it waits for its next client."""
        return int(self._said.readline())

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
    port = venue.port()

    async def main() -> None:
        streams = [await trio.open_tcp_stream("127.0.0.1", port) for _ in range(2)]
        market, orders = streams
        answer = bytes(240) + END
        await market.send_all(MARKET)
        await orders.send_all(ORDERS)
        while await market.receive_some(_READ_BYTES):
            await orders.send_all(answer)
        for one in streams:
            one.socket.close()

    trio.run(main)


def _echoed_spinning(venue: _Venue) -> None:
    port = venue.port()
    market, orders = (socket.create_connection(("127.0.0.1", port)) for _ in range(2))
    answer = bytes(240) + END
    with market, orders:
        orders.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        market.sendall(MARKET)
        orders.sendall(ORDERS)
        market.setblocking(False)
        poll = select.poll()
        poll.register(market, select.POLLIN)
        while True:
            while not poll.poll(0):
                pass
            if not market.recv(_READ_BYTES):
                return
            orders.sendall(answer)


def _traded(receiver: str, venue: _Venue) -> None:
    port = venue.port()
    rest, stream = f"https://localhost:{port}", f"wss://localhost:{port}"
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
            f"receiver.plugin={receiver}",
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


async def _plainly(host: str, port: int, tls: Any, receiver: Receiver | None) -> Channel:  # noqa: ARG001  a dial's
    """Connects without TLS: the venue is a process of this machine, and has none."""
    try:
        return await dial_channel(host, port, None, receiver)
    except OSError as error:
        raise ConnectionLostError(str(error)) from error


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
