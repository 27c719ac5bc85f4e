"""One feed of a lane: its messages become market events, and these change books and markets."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mainspring.errors import CodecError, WireError
from mainspring.lane.market import Market
from mainspring.lane.timing import LaneStages
from mainspring.model import (
    Bar,
    BookDelta,
    BookInvalid,
    BookOrders,
    BookSnapshot,
    Control,
    InstrumentStatus,
    MarketEvent,
    MarkPrice,
    Quote,
    Trade,
    TradeCorrection,
)
from mainspring.plugin_calls import wrap_error
from mainspring.seams import (
    NEVER_NS,
    CaptureBlocks,
    Feed,
    FeedStatistics,
    Fused,
    RawMessage,
    Reaction,
    ResyncRequest,
    Router,
)

__all__ = ["FeedHandler"]


class FeedHandler:
    """Runs one feed's messages through decoder, books and markets.

    After a message, `changed` lists the markets whose strategies have to be called, and `prints` the trades,
    corrections and bars in order; the lane takes and clears them. `marked` says whether the last message of a fused run
    had a mark price. `markets` are the lane's, by the events' index, and `own` those of this feed. `owners` names
    plugin and distribution of "feed", "decoder" and "router". `observer` is the router if it watches the market: a
    simulated venue, which sees each event after the book took it. `fused` runs feed, books and markets as one, as long
    as no other code has to see each event. Set `prints_wanted` if a strategy wants trades or bars;
    `callbacks` is True if one wants changes of best prices.
    `note_mark` is called with each mark price.
    `clock` returns nanoseconds and times the stages. `costs` are those of the lane's orders, whose markouts a fused run
    measures itself; then `measures` is true. None if the lane measures them.
    """

    def __init__(
        self,
        *,
        feed: Feed,
        markets: Sequence[Market],
        own: Sequence[Market],
        observer: Router | None,
        fused: Fused | None,
        callbacks: bool,
        note_mark: Callable[[MarkPrice], None],
        stages: LaneStages,
        owners: Mapping[str, tuple[str, str]],
        clock: Callable[[], int],
        costs: Any = None,
    ) -> None:
        self.feed = feed
        self.own = tuple(own)
        self.changed: list[Market] = []
        self.prints: list[tuple[Market, Trade | TradeCorrection | Bar]] = []
        self.raised_at = 0
        self.marked = False
        self.last_ns = 0
        self._markets = markets
        self.observer = observer
        self.can_fuse = fused is not None
        self.attached = fused is not None and observer is not None and fused.attach(observer)
        self.measures = fused is not None and costs is not None
        if fused is not None and costs is not None:
            fused.measure(costs)
        self._owners = owners
        self._decode = feed.on_message
        self._on_market = None if observer is None else observer.on_market
        self._fused = fused
        if fused is not None:
            stages.add_source(fused.take_times)
        self.prints_wanted = False
        self.callbacks = callbacks
        self._note_mark = note_mark
        self._record_feed = stages.feed
        self._record_book = stages.book
        self._clock = clock
        # Whether the fused run has met messages since the observer was last shown the market.
        self._conflated = False
        # What was prepared last: a run is often cut short, and goes on with the same messages.
        self._messages: Sequence[RawMessage] | None = None
        self._batch: Any = None
        self._handlers: dict[type, Callable[..., None]] = {
            BookDelta: self._on_delta,
            BookSnapshot: self._on_snapshot,
            BookInvalid: self._on_invalid,
            BookOrders: self._on_orders,
            Quote: self._on_quote,
            Trade: self._on_trade,
            TradeCorrection: self._on_correction,
            Bar: self._on_bar,
            InstrumentStatus: self._on_status,
            MarkPrice: self._on_mark,
            Control: self._on_control,
        }

    @property
    def open_capture(self) -> Callable[[Path, int], CaptureBlocks] | None:
        """See `mainspring.seams.Fused`; None if messages are run one by one."""
        return None if self._fused is None else self._fused.open_capture

    @property
    def observer_due_ns(self) -> int:
        """When the observer next has something for the lane."""
        return NEVER_NS if self.observer is None else self.observer.due_ns

    @property
    def runs_fused(self) -> bool:
        """Whether nothing has to see each event now."""
        return (
            self._fused is not None
            and not self.prints_wanted
            and (self.observer is None or self.attached or getattr(self.observer, "idle", False))
        )

    def batch(self, messages: Sequence[RawMessage]) -> Any:
        """Prepares messages for `run`; those of the last call not again, unless `forget_batch` was called since."""
        if messages is not self._messages:
            assert self._fused is not None
            self._messages, self._batch = messages, self._fused.batch(messages)
        return self._batch

    def forget_batch(self) -> None:
        """Lets the next call of `batch` prepare its messages, whichever they are."""
        self._messages = None

    def run(self, batch: Any, start: int, until_ns: int, react: Reaction | None) -> int:
        """Runs messages of a batch as one, from index `start` on; returns the index after the last one run.

        Stops before one received at `until_ns` or later, and after one with a mark price: `react` doesn't get its
        changes, which `changed` has. See `mainspring.seams.Fused.run` for `react`, which does nothing if no strategy
        wants changes of best prices. Raises `WireError` or `CodecError` for a message that can't be read: `raised_at`
        is its index; and what `react` raises, with `raised_at` the index after the message.
        """
        fused = self._fused
        assert fused is not None
        try:
            at = fused.run(batch, start, until_ns, react if self.callbacks else None, timed=True)
        except (WireError, CodecError):
            self.raised_at = fused.raised_at
            raise
        except BaseException as error:  # noqa: BLE001  a stranger's decoder may raise anything
            self.raised_at = fused.raised_at
            wrap_error("decoder", *self._owners["decoder"], error)
        finally:
            self._conflated = not self.attached
            self.last_ns = fused.last_ns
        self.marked = fused.marked
        if self.marked:
            self.catch_up()
            for mark in fused.marks():
                self._on_mark(mark)
            self.changed.extend(self.own[place] for place in fused.changed())
        return at

    def on_message(self, now_ns: int, raw: bytes) -> int:
        """Runs one message. Raises `WireError` or `CodecError` if it can't be read: nothing has changed then.

        Returns when it began, on the stages' clock: a reading of the clock costs as much as a comparison of prices.
        """
        if self._conflated:
            self.catch_up()
        clock = self._clock
        started = clock()
        try:
            events = self._decode(raw, now_ns)
        except (WireError, CodecError):
            raise
        except BaseException as error:  # noqa: BLE001  a stranger's feed may raise anything
            wrap_error("feed", *self._owners["feed"], error)
        self._record_feed(clock() - started)
        handlers = self._handlers
        for event in events:
            handlers[type(event)](event)
        return started

    def catch_up(self) -> None:
        """Shows an observer that was idle what it missed, before it is called again."""
        if self._conflated and self._fused is not None:
            self._conflated = False
            for event in self._fused.take_conflated():
                self._observe(event)

    def take_resyncs(self) -> Sequence[ResyncRequest]:
        """Returns what the feed wants fetched, so that books can be trusted again. Each is returned once."""
        try:
            return self.feed.take_resync_requests()
        except BaseException as error:  # noqa: BLE001  a stranger's feed may raise anything
            wrap_error("feed", *self._owners["feed"], error)

    def statistics(self) -> FeedStatistics:
        """Returns the feed's counters."""
        try:
            return self.feed.statistics()
        except BaseException as error:  # noqa: BLE001  a stranger's feed may raise anything
            wrap_error("feed", *self._owners["feed"], error)

    def _on_delta(self, event: BookDelta) -> None:
        market = self._markets[event.instrument]
        clock = self._clock
        started = clock()
        changed = market.on_delta(event)
        self._record_book(clock() - started)
        self._after(event, market, changed)

    def _on_snapshot(self, event: BookSnapshot) -> None:
        market = self._markets[event.instrument]
        clock = self._clock
        started = clock()
        changed = market.on_snapshot(event)
        self._record_book(clock() - started)
        self._after(event, market, changed)

    def _on_invalid(self, event: BookInvalid) -> None:
        market = self._markets[event.instrument]
        self._after(event, market, market.on_invalid(event))

    def _on_orders(self, event: BookOrders) -> None:
        self._markets[event.instrument].on_orders(event)
        self._observe(event)

    def _on_quote(self, event: Quote) -> None:
        market = self._markets[event.instrument]
        changed = market.on_quote(event)
        if changed is None:
            return
        # As `_after`, without the call: quotes come more often than all else together.
        if changed and market not in self.changed:
            self.changed.append(market)
        if self._on_market is not None:
            try:
                self._on_market(event)
            except BaseException as error:  # noqa: BLE001  a stranger's router may raise anything
                wrap_error("router", *self._owners["router"], error)

    def _on_trade(self, event: Trade) -> None:
        market = self._markets[event.instrument]
        market.on_trade(event)
        if self.prints_wanted:
            self.prints.append((market, event))
        self._observe(event)

    def _on_correction(self, event: TradeCorrection) -> None:
        market = self._markets[event.instrument]
        market.on_correction(event)
        if self.prints_wanted:
            self.prints.append((market, event))
        self._observe(event)

    def _on_bar(self, event: Bar) -> None:
        if self.prints_wanted:
            self.prints.append((self._markets[event.instrument], event))
        self._observe(event)

    def _on_status(self, event: InstrumentStatus) -> None:
        market = self._markets[event.instrument]
        self._after(event, market, market.on_status(event))

    def _on_mark(self, event: MarkPrice) -> None:
        """A mark price changes no book: it values positions, and a simulated venue settles funding by it."""
        self._note_mark(event)
        self._observe(event)

    def _on_control(self, event: Control) -> None:
        """A message about the connection changes no market; the feed has counted it."""

    def _after(self, event: MarketEvent, market: Market, changed: bool) -> None:
        if changed and market not in self.changed:
            self.changed.append(market)
        self._observe(event)

    def _observe(self, event: MarketEvent) -> None:
        on_market = self._on_market
        if on_market is None:
            return
        try:
            on_market(event)
        except BaseException as error:  # noqa: BLE001  a stranger's router may raise anything
            wrap_error("router", *self._owners["router"], error)
