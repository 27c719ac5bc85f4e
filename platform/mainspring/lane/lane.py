"""The hot loop: one message in, everything that follows from it done, then the next.

What it costs is written where it is timed: two clock reads a stage (about 50 ns each), one append a reading.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import perf_counter_ns
from typing import Any

from mainspring.errors import CodecError, WireError
from mainspring.lane.callbacks import BoundStrategy
from mainspring.lane.market import Market
from mainspring.lane.order_manager import OrderManager
from mainspring.lane.timing import LaneStages
from mainspring.lane.trace import Trace
from mainspring.model import (
    EMPTY_BBO,
    NO_ID,
    Bar,
    BookDelta,
    BookInvalid,
    BookSnapshot,
    Control,
    InstrumentStatus,
    Level,
    MarketEvent,
    Quote,
    Trade,
)
from mainspring.plugin_calls import wrap_error
from mainspring.seams import NEVER_NS, CaptureBlocks, Feed, Fused, RawMessage

__all__ = ["Lane"]

_MID_SAMPLES = 4_000


class Lane:
    """Runs messages through feed, books, strategies, slippage, risk and router, all bound at wiring.

    `owners` names plugin and distribution of "feed", "decoder", "book" and, if there is one, "router", for errors.
    `order_manager` is None if only markets are rebuilt. `watch_market` is the router's `on_market` if it wants market
    events. `top_of_book` is True for feeds without books: the venue's quotes alone then make a market live. `fused`
    runs feed, books and markets as one, if no other code has to see each event; the markets are then its own. `clock`
    returns nanoseconds and times the stages. `parts` holds what the plugins of further seams made, by seam: one
    object, or one per instrument.
    """

    def __init__(
        self,
        *,
        feed: Feed,
        markets: Sequence[Market],
        order_manager: OrderManager | None,
        strategies: Sequence[BoundStrategy],
        watch_market: Callable[[MarketEvent], None] | None,
        top_of_book: bool,
        stages: LaneStages,
        owners: Mapping[str, tuple[str, str]],
        fused: Fused | None = None,
        parts: Mapping[str, Any] | None = None,
        clock: Callable[[], int] = perf_counter_ns,
    ) -> None:
        self.feed = feed
        self.parts = parts or {}
        self.markets = tuple(markets)
        self.order_manager = order_manager
        self._owners = owners
        self._feed_on_message = feed.on_message
        self._record_feed = stages.feed
        self._record_whole_path = stages.whole_path
        self.stages = stages
        self.mids: list[Trace[tuple[int, int]]] = [Trace(_MID_SAMPLES) for _ in markets]
        self._strategies = tuple(strategies)
        # What may be filled: of each message that moves a market only then the mid before it is kept.
        self._arrivals: Mapping[int, object] = {} if order_manager is None else order_manager.arrivals
        self._bbo_callbacks = [bound for bound in strategies if bound.subscription.bbo]
        self._trade_callbacks = [bound for bound in strategies if bound.subscription.trades]
        self._timers = [bound for bound in strategies if bound.timer_ns]
        self._watch_market = watch_market
        self._top_of_book = top_of_book
        self._clock = clock
        self.at = 0
        self._fused = fused
        # Whether the fused run has met messages since the router was last told of the market.
        self._conflated = False
        self._router_idle = True
        self._set_router_idle()
        if fused is not None and order_manager is not None:
            order_manager.before_work = self._catch_up
        # The markets whose strategies are to be called when the message in hand is done.
        self._changed: list[Market] = []
        self._handlers: dict[type, Callable[..., None]] = {
            BookDelta: self._on_delta,
            BookSnapshot: self._on_snapshot,
            BookInvalid: self._on_invalid,
            Quote: self._on_quote,
            Trade: self._on_trade,
            Bar: self._show_router,
            InstrumentStatus: self._on_status,
            Control: self._on_control,
        }

    @property
    def open_capture(self) -> Callable[[Path, int], CaptureBlocks] | None:
        """See `mainspring.seams.Fused`; None if messages are run one by one."""
        return None if self._fused is None else self._fused.open_capture

    def on_message(self, now_ns: int, raw: bytes) -> None:
        """One message, from its bytes to the orders that it leads to. `now_ns` is when it was received.

        Strategies are called by changed best prices once all events of the message are in, so that none sees a book
        half-way through a resynchronisation. Raises `WireError` or `CodecError` for a message that can't be read:
        what was due by its time has been done then, and nothing else. Raises `PluginError` if a plugin raised.
        """
        clock = self._clock
        entered = clock()
        if self.order_manager is not None:
            self._before(self.order_manager, now_ns)
        started = clock()
        try:
            events = self._feed_on_message(raw, now_ns)
        except (WireError, CodecError):
            raise
        except BaseException as error:  # noqa: BLE001  a stranger's feed may raise anything
            wrap_error("feed", *self._owners["feed"], error)
        self._record_feed(clock() - started)
        handlers = self._handlers
        for event in events:
            handlers[type(event)](event)
        changed = self._changed
        if changed:
            for market in changed:
                self._on_best_changed(market)
            changed.clear()
        self._record_whole_path(clock() - entered)

    def run(self, messages: Sequence[RawMessage], start: int = 0) -> None:
        """Runs messages from `start` on, as `on_message` does. If it raises, `at` is the index of the current one."""
        self.at = start
        if self._fused is not None:
            self._run_fused(self._fused, messages)
            return
        on_message = self.on_message
        at = start
        try:
            for at in range(start, len(messages)):
                on_message(*messages[at])
        finally:
            self.at = at

    def fold(self) -> None:
        """Moves what was measured and sampled to where it is kept. Called between chunks of messages."""
        if self._fused is not None:
            self.stages.add_fused(self._fused.take_times())
        self.stages.fold()
        if self.order_manager is not None:
            self.order_manager.fold()
        for market, trace in zip(self.markets, self.mids, strict=True):
            for sample in market.take_mid_samples():
                trace.add(sample)

    def finish(self, now_ns: int) -> None:
        """Hands out what the last message has led to by now. No message comes after this."""
        if self.order_manager is not None:
            self.order_manager.deliver(now_ns)
            self.order_manager.markouts.measure(now_ns)
        self.fold()

    def abandon(self, now_ns: int) -> None:
        """Takes the place of `finish` after an error: calls no plugin, and leaves orders as they are."""
        if self.order_manager is not None:
            self.order_manager.markouts.measure(now_ns)
        self.fold()

    def _before(self, order_manager: OrderManager, now_ns: int) -> None:
        """Does what is due by the time at which the next message was received."""
        if order_manager.refused or order_manager.router.due_ns <= now_ns:
            order_manager.deliver(now_ns)
        if order_manager.markouts.due_ns <= now_ns:
            order_manager.markouts.measure(now_ns)
        for bound in self._timers:
            if bound.timer_due_ns <= now_ns:
                self._on_timer(bound, now_ns)

    def _run_fused(self, fused: Fused, messages: Sequence[RawMessage]) -> None:
        """As `run`, with feed, books and markets in one, for as long as nobody has to see each event."""
        batch, count, callbacks = fused.batch(messages), len(messages), bool(self._bbo_callbacks)
        while self.at < count:
            start, due_ns = self.at, self._due_ns()
            if due_ns and self._router_idle and not self._trade_callbacks:
                try:
                    self.at = fused.run(batch, start, due_ns, callbacks=callbacks, timed=True)
                except (WireError, CodecError):
                    self.at = fused.refused_at
                    raise
                except BaseException as error:  # noqa: BLE001  a stranger's decoder may raise anything
                    wrap_error("decoder", *self._owners["decoder"], error)
                finally:
                    self._conflated = True
            if self.at == start:
                # Something is due before this message, or has to see it.
                self._catch_up()
                self.on_message(*messages[start])
                self.at += 1
                self._set_router_idle()
                continue
            changed = fused.changed()
            if changed:
                started = self._clock()
                for index in changed:
                    self._wake(self.markets[index])
                self._record_whole_path(fused.last_ns + self._clock() - started)

    def _due_ns(self) -> int:
        """When something other than a message is due: 0 for at once."""
        if self.order_manager is None:
            return NEVER_NS
        due_ns = (
            0
            if self.order_manager.refused
            else min(self.order_manager.router.due_ns, self.order_manager.markouts.due_ns)
        )
        for bound in self._timers:
            due_ns = min(due_ns, bound.timer_due_ns)
        return due_ns

    def _catch_up(self) -> None:
        """Hands an idle router what it was conflated, before it is called again."""
        if self._conflated and self._fused is not None:
            self._conflated = False
            events = self._fused.take_conflated()
            for event in events:
                self._show_router(event)

    def _set_router_idle(self) -> None:
        if self.order_manager is not None and self._watch_market is not None:
            self._router_idle = getattr(self.order_manager.router, "idle", False)

    def _on_delta(self, event: BookDelta) -> None:
        market = self.markets[event.instrument]
        if self._take_levels(market, market.book.apply_delta, event):
            self._call_later(market)
        self._show_router(event)

    def _on_snapshot(self, event: BookSnapshot) -> None:
        market = self.markets[event.instrument]
        self._take_levels(market, market.book.apply_snapshot, event)
        market.set_status(book_valid=True)
        self._call_later(market)
        self._show_router(event)

    def _take_levels(
        self,
        market: Market,
        apply: Callable[[Sequence[Level], Sequence[Level]], None],
        event: BookDelta | BookSnapshot,
    ) -> bool:
        """Brings levels into the book; True if they changed the market's best prices."""
        now_ns = event.receive_time_ns
        if self._arrivals:
            self._note_mid(market, now_ns)
        clock = self._clock
        started = clock()
        try:
            apply(event.bids, event.asks)
            best = market.book.bbo()
        except BaseException as error:  # noqa: BLE001  a stranger's book may raise anything
            wrap_error("book", *self._owners["book"], error)
        self.stages.book(clock() - started)
        market.now_ns = now_ns
        market.book_id = event.last_id
        if best.bid_ticks >= best.ask_ticks and best.bid_lots and best.ask_lots:
            market.crossed += 1
        # A quote with a later id than the book's last knows better; equal ids say the same.
        return market.quote_id <= event.last_id and market.set_best(
            now_ns, best.bid_ticks, best.bid_lots, best.ask_ticks, best.ask_lots
        )

    def _on_invalid(self, event: BookInvalid) -> None:
        market = self.markets[event.instrument]
        market.now_ns = event.receive_time_ns
        if self._arrivals:
            self._note_mid(market, event.receive_time_ns)
        try:
            market.book.clear()
        except BaseException as error:  # noqa: BLE001  a stranger's book may raise anything
            wrap_error("book", *self._owners["book"], error)
        market.set_status(book_valid=False)
        market.book_id = market.quote_id = NO_ID
        market.set_best(
            event.receive_time_ns,
            EMPTY_BBO.bid_ticks,
            EMPTY_BBO.bid_lots,
            EMPTY_BBO.ask_ticks,
            EMPTY_BBO.ask_lots,
        )
        self._show_router(event)
        self._call_later(market)

    def _on_quote(self, event: Quote) -> None:
        market = self.markets[event.instrument]
        market.now_ns = event.receive_time_ns
        update_id = event.update_id
        if (update_id < market.book_id or update_id < market.quote_id) and update_id != NO_ID:
            market.stale_quotes += 1
            return
        market.quote_id = update_id
        if self._arrivals:
            self._note_mid(market, event.receive_time_ns)
        if self._top_of_book:
            market.set_status(book_valid=True)
        self._show_router(event)
        if market.set_best(event.receive_time_ns, event.bid_ticks, event.bid_lots, event.ask_ticks, event.ask_lots):
            self._call_later(market)

    def _on_trade(self, event: Trade) -> None:
        market = self.markets[event.instrument]
        market.now_ns = event.receive_time_ns
        market.statistics.on_trade(event.receive_time_ns, event.price_ticks, event.size_lots)
        self._show_router(event)
        for bound in self._trade_callbacks:
            clock = self._clock
            started = clock()
            try:
                bound.strategy.on_trade(event, market, bound.gateways[market.index])
            except BaseException as error:  # noqa: BLE001  a stranger's strategy may raise anything
                wrap_error(f"strategy {bound.name}", bound.plugin, bound.distribution, error)
            self.stages.strategy(clock() - started)
        self._work(market.now_ns)

    def _on_status(self, event: InstrumentStatus) -> None:
        market = self.markets[event.instrument]
        market.now_ns = event.receive_time_ns
        was_live = market.live
        if event.trading is not None:
            market.set_status(halted=not event.trading)
        if market.live != was_live:
            self._call_later(market)
        self._show_router(event)

    def _show_router(self, event: MarketEvent) -> None:
        if self._watch_market is None:
            return
        try:
            self._watch_market(event)
        except BaseException as error:  # noqa: BLE001  a stranger's router may raise anything
            wrap_error("router", *self._owners["router"], error)

    def _on_control(self, event: Control) -> None:
        """A word about the connection changes no market; the feed has counted it."""

    def _note_mid(self, market: Market, now_ns: int) -> None:
        """Keeps the mid at which an order of ours may be filled, before the current message moves it."""
        if self.order_manager is not None:
            self.order_manager.note_mid(market, now_ns)

    def _call_later(self, market: Market) -> None:
        if market not in self._changed:
            self._changed.append(market)

    def _on_best_changed(self, market: Market) -> None:
        market.sample_mid(market.now_ns)
        self._wake(market)

    def _wake(self, market: Market) -> None:
        now_ns = market.now_ns
        index = market.index
        clock = self._clock
        for bound in self._bbo_callbacks:
            started = clock()
            try:
                bound.strategy.on_bbo(market, bound.gateways[index])
            except BaseException as error:  # noqa: BLE001  a stranger's strategy may raise anything
                wrap_error(f"strategy {bound.name}", bound.plugin, bound.distribution, error)
            self.stages.strategy(clock() - started)
        self._work(now_ns)

    def _on_timer(self, bound: BoundStrategy, now_ns: int) -> None:
        first = not bound.timer_due_ns
        bound.timer_due_ns = now_ns + bound.timer_ns
        if first:
            return
        clock = self._clock
        for market, gateway in zip(self.markets, bound.gateways, strict=True):
            market.now_ns = now_ns
            started = clock()
            try:
                bound.strategy.on_timer(market, gateway)
            except BaseException as error:  # noqa: BLE001  a stranger's strategy may raise anything
                wrap_error(f"strategy {bound.name}", bound.plugin, bound.distribution, error)
            self.stages.strategy(clock() - started)
        self._work(now_ns)

    def _work(self, now_ns: int) -> None:
        if self.order_manager is not None and self.order_manager.trading.outbox.requests:
            self.order_manager.work(now_ns)
            if self._fused is not None:
                self._set_router_idle()
