"""The benchmarks of the suite `live`: see `mainspring_perf.live`."""

import atexit
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

from hwprofile.apply import tune_gc
from mainspring.host.wiring import wire
from mainspring.journal import AsyncWriter, JournalWriter, Opening, Positions, SyncWriter
from mainspring.model import Approved, NewOrder
from mainspring.seams import RawMessage, writing_to
from mainspring.session.driver import Driver
from mainspring.wire import Credentials, FrameDecoder, HttpRequest, encode_frame, path_signer
from mainspring_perf._http import requests
from mainspring_perf._live_session import ticks_to_trade
from mainspring_perf._live_venue import END
from mainspring_perf._receivers import Burst, by_ours, by_picows, by_trio_websocket, by_wsproto
from mainspring_perf.candidates import candidates, make, options_of, usable
from mainspring_perf.harness import Benchmark, expect
from mainspring_perf.parts import BTC_USDT, plan_of, standing_in
from mainspring_perf.path import Sink, Taker, moving_messages
from mainspring_plugins.routers._binance_forms import BinanceForms, new_order_query
from mainspring_plugins.routers._binance_market import SPOT
from mainspring_plugins.routers._binance_options import BinanceOptions

__all__ = ["live_benchmarks"]

_PAYLOAD = b'{"e":"bookTicker","u":400900217,"s":"BTCUSDT","b":"60000.00000000","B":"31.21000000","a":"60000.01000000"}'
_MESSAGE = _PAYLOAD[:-1] + b',"A":"40.66000"}'.ljust(128 - len(_PAYLOAD) + 1)
_BURST = 100
_KEYS = Credentials("key-of-a-benchmark", "secret-of-a-benchmark")
_OPENING = Opening(
    opened_at="2026-01-01T00:00:00+00:00", version="0", lane="1", mode="live", config=None, instruments=("BTC/USDT",)
)
_RECORD_BYTES = 70


def live_benchmarks(tiny: bool) -> list[Benchmark]:
    """Returns receipt, tick to trade, feed to route, the durable wait, and HTTP, each with its baseline.

    `tiny` is for checking the answers.
    """
    return [
        *_receipts(200 if tiny else 5_000),
        *ticks_to_trade(30 if tiny else 200),
        *_feeds_to_route(30 if tiny else 2_000),
        *_durable_waits(5 if tiny else 50),
        *requests(2 if tiny else 20),
    ]


def _receipts(messages: int) -> list[Benchmark]:
    """Messages of 128 bytes, a hundred at once and one at a time, by us and by others that are installed."""
    frame = encode_frame("text", _MESSAGE)
    cuts: dict[str, list[Burst]] = {
        "a hundred at once": [(frame * _BURST, _BURST)] * (messages // _BURST),
        "one at a time": [(frame, 1)] * (messages // 10),
    }
    made = []
    for cut, bursts in cuts.items():
        clients: dict[str, Callable[[Sequence[Burst]], tuple[int, int]]] = {
            "wsproto": by_wsproto,
            "ours, plain": partial(by_ours, FrameDecoder),
        }
        if usable("decoder", "native"):
            clients["ours, native"] = partial(by_ours, _native_frames())
        if find_spec("trio_websocket"):
            clients["trio-websocket"] = by_trio_websocket
        if find_spec("picows"):
            clients["picows"] = by_picows
        count = sum(number for _, number in bursts)
        for client, receive in clients.items():
            name = f"receive {cut}, {client}"
            made.append(
                Benchmark(
                    name=name,
                    run=partial(receive, bursts),
                    operations=count,
                    check=partial(expect, name, (count, count * len(_MESSAGE))),
                    input=f"{count:,} messages of {len(_MESSAGE)} bytes, connecting and sending included",
                    baseline=None if client == "wsproto" else f"receive {cut}, wsproto",
                )
            )
    return made


def _native_frames() -> Callable[[], Any]:
    from mainspring_native._native import FrameDecoder as NativeDecoder

    # The decoder of messages checks what it reads.
    return partial(NativeDecoder, check_utf8=False)


class _Route(Sink):
    """Writes each order as Binance's router does, signed."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[bytes] = []
        self._forms = BinanceForms((BTC_USDT,), 0)
        self._signs = path_signer(BinanceOptions().entry(SPOT), _KEYS)

    def submit(self, order: Approved[NewOrder], now_ns: int) -> None:
        """See `mainspring.seams.Router.submit`."""
        super().submit(order, now_ns)
        new = order.request
        query = new_order_query(self._forms, new, f"order-{new.order_id}", spot=True)
        path = f"{SPOT.order}?{query}&recvWindow=5000&timestamp={now_ns // 1_000_000}"
        request = HttpRequest(number=new.order_id, method="POST", path=path, signed=True)
        head = f"POST {self._signs(request)} HTTP/1.1\r\nHost: localhost\r\nX-MBX-APIKEY: {_KEYS.key}"
        self.requests.append(head.encode() + END)


def _session(journal: JournalWriter | None = None) -> tuple[Driver, _Route]:
    """A lane with its route, its books made."""
    part, route = "native" if usable("decoder", "native") else "python", _Route()
    slippage = "native-square-root" if usable("slippage", "native-square-root") else "square-root"
    known = ("market.daily_volatility=0.03", "market.daily_volume=20000", f"slippage.plugin={slippage}")
    wired = wire(plan_of(part, *known), standing_in(strategy=Taker(), router=route), order_log=journal)
    driver = Driver(wired, journal=journal)
    driver.run(moving_messages(0)[0])
    route.requests.clear()
    route.taken = 0
    return driver, route


def _feeds_to_route(moves: int) -> list[Benchmark]:
    """From a chunk's bytes to an order's, in the process; with a journal that nobody waits for, too.

    Messages are due as far apart as they were sent. The venue's answers are taken between them.
    """
    off = "feed to route, no journal"
    messages = moving_messages(moves)[1]
    journals: dict[str, Callable[[], JournalWriter | None]] = {
        off: lambda: None,
        "feed to route, journalled without waiting": lambda: AsyncWriter(_journal(), _OPENING),
    }
    return [
        Benchmark(
            name=name,
            run=partial(_route_all, journal, messages),
            operations=moves,
            check=partial(expect, name, moves),
            input=f"{moves} bookTicker and depth messages in turn, a frame and an order each; wiring included",
            baseline=None if name == off else off,
            calls=partial(_calls, journal, messages),
            rate=1e9 * (len(messages) - 1) / (messages[-1][0] - messages[0][0]),
        )
        for name, journal in journals.items()
    ]


class _FeedToRoute:
    """A session between its socket and its route: called with a frame and the time at which it was read."""

    def __init__(self, journal: JournalWriter | None) -> None:
        self._driver, self.route = _session(journal)
        # As a session that connects does: what was imported and wired isn't looked at again in the middle of a message.
        tune_gc(freeze=True)
        self._feed = (_native_frames() if usable("decoder", "native") else FrameDecoder)().feed
        self._now_ns = 0

    def __call__(self, read: RawMessage) -> None:
        self._now_ns, chunk = read
        self._driver.run([(self._now_ns, raw) for _, _, raw in self._feed(chunk)])

    def after(self) -> None:
        """Takes the venue's answer to the order."""
        self._driver.settle(self._now_ns)


def _frames_of(messages: Sequence[RawMessage]) -> list[RawMessage]:
    return [(time_ns, encode_frame("text", raw)) for time_ns, raw in messages]


def _route_all(journal: Callable[[], JournalWriter | None], messages: Sequence[RawMessage]) -> int:
    writer = journal()
    subject = _FeedToRoute(writer)
    for frame in _frames_of(messages):
        subject(frame)
        subject.after()
    if writer is not None:
        writer.close()
    return len(subject.route.requests)


def _calls(
    journal: Callable[[], JournalWriter | None], messages: Sequence[RawMessage]
) -> tuple[Callable[[RawMessage], object], Sequence[RawMessage]]:
    return _FeedToRoute(journal()), _frames_of(messages)


def _journal() -> Any:
    offer = next(one for one in candidates("journal") if one.name == "sqlite")
    folder = Path(mkdtemp(prefix="mainspring-bench-"))
    atexit.register(rmtree, folder, ignore_errors=True)
    options = None if offer.options is None else writing_to(options_of(offer), folder)
    return make(offer, options=options)


def _durable_waits(orders: int) -> list[Benchmark]:
    """The wait until an order is durable, which comes between the feed and the route where the config asks for it."""
    name = "durable wait, sqlite"

    def commit_all() -> int:
        writer = SyncWriter(_journal(), _OPENING)
        waited = sum(map(partial(_commit, writer), range(orders)))
        writer.close()
        return orders if waited > 0 else 0

    def calls() -> tuple[Callable[[int], object], Sequence[int]]:
        return partial(_commit, SyncWriter(_journal(), _OPENING)), range(orders)

    stated = f"{orders} times {_RECORD_BYTES} bytes, each committed; opening the journal included"
    check = partial(expect, name, orders)
    return [Benchmark(name=name, run=commit_all, operations=orders, check=check, input=stated, calls=calls)]


def _commit(writer: JournalWriter, number: int) -> int:
    writer.write(bytes(_RECORD_BYTES))
    return writer.commit(Positions(number, (number,)))
