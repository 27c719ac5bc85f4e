"""A plugin that raises, at every call there is: no order is left behind, and the error says whose fault it was."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from mainspring.errors import DataError, PluginError
from mainspring.lane import Event, Messages, Mode, Started
from mainspring.model import (
    Accepted,
    Bar,
    BookDelta,
    BookInvalid,
    BookSnapshot,
    Cancelled,
    Fill,
    Rejected,
    Replaced,
    Trade,
)
from mainspring.orders import RequestApproved, RequestRefused, SubmitRequested
from mainspring.plugin_calls import plugin_frames
from mainspring.seams import NEVER_NS, RawMessage

CALLS = {
    "strategy.on_start": "strategy busy",
    "strategy.timer": "strategy busy",
    "strategy.on_bbo": "strategy busy",
    "strategy.on_trade": "strategy busy",
    "strategy.on_bar": "strategy busy",
    "strategy.on_fill": "strategy busy",
    "strategy.on_order": "strategy busy",
    "strategy.on_stop": "strategy busy",
    "slippage.estimate": "slippage model",
    "router.submit": "router",
    "router.cancel": "router",
    "router.replace": "router",
    "router.poll": "router",
    "router.on_market": "router",
    "feed.on_message": "feed",
    "book.apply_snapshot": "book",
    "book.apply_delta": "book",
    "book.clear": "book",
    "book.bbo": "book",
}
"""Every call of a plugin that ends the trading of a lane, and how its error names the plugin's part."""

# A risk check that raises an exception refuses the order; anything else that it raises is a failure.
ERRORS = [(call, part, error) for call, part in CALLS.items() for error in (RuntimeError("broken"), SystemExit(3))]
ERRORS.append(("risk.check", "risk check", SystemExit(3)))
NAMES = [f"{call}-{type(error).__name__}" for call, _, error in ERRORS]


class Busy:
    """Makes, moves and cancels orders at every occasion; `faults` says where it raises."""

    def __init__(self) -> None:
        self.faults: Any = None
        self.calls: list[str] = []

    def _call(self, name: str) -> None:
        self.calls.append(name)
        self.faults.check(f"strategy.{name}")

    def on_start(self, session: Any) -> None:
        (self.market,) = session.markets
        session.every(seconds=1e-6, call=self.tick)
        self._call("on_start")

    def tick(self) -> None:
        self.market.buy(size_lots=1, price_ticks=99)
        self._call("timer")

    def on_bbo(self, market: Any) -> None:
        for order in market.open_orders[:1]:
            order.replace(price_ticks=98)
        for order in market.open_orders[1:2]:
            order.cancel()
        market.buy(size_lots=2, price_ticks=100)
        market.sell(size_lots=2, price_ticks=102)
        self._call("on_bbo")

    def on_trade(self, market: Any, trade: Trade) -> None:
        market.buy(size_lots=1, price_ticks=97)
        self._call("on_trade")

    def on_bar(self, market: Any, bar: Bar) -> None:
        self._call("on_bar")

    def on_fill(self, fill: Fill, order: Any) -> None:
        order.market.sell(size_lots=1, price_ticks=103)
        self._call("on_fill")

    def on_order(self, order: Any, event: Any) -> None:
        self._call("on_order")

    def on_stop(self) -> None:
        self._call("on_stop")


class Quiet:
    """Has an order in the market, and does nothing wrong."""

    def __init__(self) -> None:
        self.calls = 0

    def on_bbo(self, market: Any) -> None:
        self.calls += 1
        if not market.open_orders:
            market.sell(size_lots=3, price_ticks=105)


def bar(now_ns: int) -> Bar:
    names: dict[str, Any] = dict.fromkeys(Bar.__struct_fields__, 100)
    return Bar(**{**names, "instrument": 0, "receive_time_ns": now_ns})


def messages(table: Any) -> list[tuple[int, bytes]]:
    """Market data of every kind, two microseconds apart."""
    made = []
    for step in range(1, 13):
        now_ns = step * 2_000
        bid = 100 + step % 3
        events: list[Any] = [BookDelta(0, now_ns, now_ns, step, step, -1, [(bid, 50 + step)], [(bid + 2, 50)])]
        if step in (1, 6):
            events = [BookSnapshot(0, now_ns, now_ns, step, [(bid, 50)], [(bid + 2, 50)])]
        elif step == 5:
            events = [BookInvalid(0, now_ns, "gap")]
        events += [Trade(0, now_ns, now_ns, step, bid, 1, 1), bar(now_ns)]
        made.append(table.message(now_ns, *events))
    return made


class Venue:
    """Answers each request that reached the router, and fills a lot of the busy strategy."""

    def __init__(self, router: Any) -> None:
        self.router = router
        self.answered = 0
        self.fills = 0
        self.open: dict[int, Any] = {}

    def answer(self, now_ns: int) -> None:
        for request in self.router.sent[self.answered :]:
            self.answered += 1
            if isinstance(request, tuple):
                self._change(request, now_ns + 500)
                continue
            order_id = request.order_id
            self.open[order_id] = request.size_lots
            self.router.events.append(Accepted(order_id, 0, now_ns + 500))
            if self.fills == 0 and request.strategy == "busy" and request.size_lots > 1:
                self.fills = 1
                fill = Fill(order_id, 0, now_ns + 500, 1, request.side, request.price_ticks, 1, True, 0)
                self.router.events.append(fill)
                self.open[order_id] -= 1

    def _change(self, request: tuple[Any, ...], now_ns: int) -> None:
        kind, order_id, *terms = request
        if order_id not in self.open:
            self.router.events.append(Rejected(order_id, 0, now_ns, "unknown", kind))
        elif kind == "cancel":
            self.router.events.append(Cancelled(order_id, 0, now_ns, self.open.pop(order_id), "asked"))
        else:
            self.router.events.append(Replaced(order_id, 0, now_ns, *terms))


class Kept:
    """Keeps what a lane is fed."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def record(self, event: Event, messages: Sequence[RawMessage]) -> None:
        self.events.append(Messages(event.feed, messages) if isinstance(event, Messages) else event)


@pytest.fixture
def session(bench: Callable[..., Any]) -> Callable[..., tuple[Any, Any, Any]]:
    """Runs a busy session in which plugins raise; returns the bench, its driver and what was raised at the end."""

    def run(raised: dict[str, BaseException], recorder: Kept | None = None) -> tuple[Any, Any, Any]:
        table = busy_bench(bench, raised)
        driver = table.replay([messages(table)], recorder=recorder)
        try:
            while driver.step():
                pass
            driver.finish()
        except PluginError as error:
            return table, driver, error
        return table, driver, None

    return run


def busy_bench(bench: Callable[..., Any], raised: dict[str, BaseException], **options: Any) -> Any:
    """A bench of two strategies and a venue that answers them, in which plugins raise."""
    busy = Busy()
    table = bench({"quiet": Quiet(), "busy": busy}, **options)
    busy.faults, table.faults.raised = table.faults, raised
    table.router.answer = Venue(table.router).answer
    return table


def unaccounted(table: Any) -> list[int]:
    """The orders that were requested, and neither refused nor tracked."""
    requested = {record.order.order_id for record in table.log.kept if isinstance(record, SubmitRequested)}
    refused = {
        record.order_id for record in table.log.kept if isinstance(record, RequestRefused) and record.request == "new"
    }
    approved = {
        record.order_id for record in table.log.kept if isinstance(record, RequestApproved) and record.request == "new"
    }
    assert not refused & approved
    return sorted(
        order_id for order_id in requested - refused if order_id not in approved or table.tracker.find(order_id) is None
    )


@pytest.mark.parametrize(("call", "part", "error"), ERRORS, ids=NAMES)
def test_no_order_is_left_behind(session: Callable[..., Any], call: str, part: str, error: BaseException) -> None:
    """The lane is in cancel-only, every order is accounted for, and each that was open had its cancel sent."""
    table, driver, raised = session({call: error})
    assert table.lane.mode is Mode.CANCEL_ONLY
    assert unaccounted(table) == []
    assert table.outbox.requests == []
    attempts = table.router.attempts
    for order in table.tracker.all_open():
        # What is still open may be so only because nobody heard of its end.
        assert ("cancel", order.order.order_id) in attempts, f"{order.order.order_id} is {order.state}"
        assert call.startswith("router."), f"{order.order.order_id} is {order.state}"
    for order_id in {number for kind, number in attempts if kind == "cancel"}:
        first_cancel = attempts.index(("cancel", order_id))
        assert ("submit", order_id) in attempts[:first_cancel], "an order goes out before its cancel"
    assert raised is driver.failures[0]
    assert raised.distribution == "acme"
    assert f"the {part} 'scripted' of acme raised {type(error).__name__}" in str(raised).replace(
        "'smallest'", "'scripted'"
    )
    assert raised.__cause__ is error
    assert "faults.check" in plugin_frames(raised)
    # Before the first message and after the last there is none to name.
    if call not in ("strategy.on_start", "strategy.on_stop"):
        assert "It happened at message" in raised.__notes__[0]


@pytest.mark.parametrize(
    "call", [call for call in CALLS if call.startswith("strategy.") and call != "strategy.on_stop"]
)
def test_no_strategy_is_called_after_a_failure(session: Callable[..., Any], call: str) -> None:
    """The strategy that raised isn't called again, nor is another one."""
    table, _, _ = session({call: RuntimeError("broken")})
    busy, quiet = (table.strategies.bound[place].strategy for place in (1, 0))
    assert busy.calls.count(call.partition(".")[2]) == 1
    assert busy.calls[-1] == call.partition(".")[2]
    assert "on_stop" not in busy.calls
    calls = quiet.calls
    now_ns = table.lane.now_ns + 1
    change = table.message(now_ns, BookSnapshot(0, now_ns, now_ns, 99, [(90, 1)], [(91, 1)]))
    table.lane.handle(Messages(0, [change]))
    assert quiet.calls == calls


def test_a_risk_check_that_raises_an_exception_refuses_the_order(session: Callable[..., Any]) -> None:
    """The check fails closed, the strategies go on, and no order goes out."""
    table, driver, raised = session({"risk.check": RuntimeError("broken")})
    assert (raised, driver.failures, table.lane.mode) == (None, [], Mode.CANCEL_ONLY), "the session has ended"
    assert table.router.sent == []
    assert table.quality.refusals["check-failed"] > 5
    assert unaccounted(table) == []


def test_nothing_raises_and_everything_is_called(session: Callable[..., Any]) -> None:
    """The session above reaches each of the calls that the others raise at."""
    table, driver, raised = session({})
    assert (raised, driver.failures) == (None, [])
    busy = table.strategies.bound[1].strategy
    assert set(busy.calls) == {call.partition(".")[2] for call in CALLS if call.startswith("strategy.")}
    assert {kind for kind, _ in table.router.attempts} == {"submit", "cancel", "replace"}
    assert unaccounted(table) == []


def test_several_failures_are_all_reported(session: Callable[..., Any]) -> None:
    """A strategy and then the router's cancels: the first is raised, and the others are its notes."""
    table, driver, raised = session({"strategy.on_fill": KeyError("price"), "router.cancel": OSError("line cut")})
    assert "KeyError: 'price'" in str(raised)
    assert len(driver.failures) >= 2
    notes = "\n".join(raised.__notes__)
    assert notes.count("OSError: line cut") == len(driver.failures) - 1
    # A venue's later word on an order says that it is open there, with our cancel unanswered.
    assert {order.state for order in table.tracker.all_open()} <= {"unknown", "cancel-pending"}
    cancels = [number for kind, number in table.router.attempts if kind == "cancel"]
    assert sorted(cancels) == sorted(set(cancels)), "a router that raised isn't asked again and again"


def test_a_router_that_always_raises_ends(session: Callable[..., Any]) -> None:
    """With every method of the router broken, the session ends at once, with all orders unknown."""
    broken = {f"router.{name}": OSError(name) for name in ("submit", "cancel", "replace", "poll", "on_market")}
    table, _, raised = session(broken)
    assert "the router 'scripted' of acme raised OSError" in str(raised)
    assert {order.state for order in table.tracker.all_open()} <= {"unknown"}
    assert unaccounted(table) == []


def test_the_orders_of_another_router_are_cancelled_too(bench: Callable[..., Any]) -> None:
    """A failure at one venue cancels what is open at all of them."""

    class Both:
        def on_bbo(self, market: Any) -> None:
            if not market.open_orders:
                market.buy(size_lots=1, price_ticks=100)

    table = bench({"s": Both()}, feeds=2)
    for feed in range(2):
        table.say(1 + feed, BookSnapshot(feed, 1, 1, 1, [(100, 5)], [(102, 5)]), feed=feed)
        table.routers[feed].events = [Accepted(1 + feed, feed, 3)]
    table.driver.settle(3)
    table.faults.raised = {"feed.on_message": ValueError("no such type")}
    with pytest.raises(PluginError, match="the feed 'scripted' of acme raised ValueError: no such type"):
        table.say(4)
    assert [router.sent[1:] for router in table.routers] == [[("cancel", 1)], [("cancel", 2)]]
    assert table.driver.due_ns(0) == NEVER_NS or table.driver.due_ns(0) > 4


@pytest.mark.parametrize("call", ["", *CALLS])
def test_a_failed_session_is_the_same_when_its_inputs_are_fed_again(
    session: Callable[..., Any], bench: Callable[..., Any], call: str
) -> None:
    """Fed what a lane was fed, plugins that raise at the same call lead to the same records and failures."""
    raised: dict[str, BaseException] = {call: RuntimeError("broken")}
    recorder = Kept()
    table, driver, _ = session(raised, recorder)
    again = busy_bench(bench, raised, scripted=True)
    messages(again)
    for event in recorder.events:
        again.driver.replay(event)
    assert again.log.kept == table.log.kept
    assert again.log.sha256 == table.log.sha256
    assert list(map(str, again.driver.failures)) == list(map(str, driver.failures))
    assert again.router.attempts == table.router.attempts


def test_inputs_of_another_session_are_refused(session: Callable[..., Any], bench: Callable[..., Any]) -> None:
    """Inputs without the instants of this session's timers don't fit it, which is an error, not an endless wait."""
    recorder = Kept()
    session({}, recorder)
    again = busy_bench(bench, {}, scripted=True)
    messages(again)
    start, first, second = [event for event in recorder.events if isinstance(event, Started | Messages)][:3]
    again.driver.replay(start)
    again.driver.replay(first)
    with pytest.raises(DataError, match="the inputs don't fit this session"):
        again.driver.replay(second)
