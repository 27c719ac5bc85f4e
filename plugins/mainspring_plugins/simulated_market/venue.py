"""The simulated venue: a matching engine, and the messages that it publishes."""

from mainspring.model import Instrument, Side
from mainspring.venue.matching import MatchingEngine
from mainspring_plugins.simulated_market.binance_text import BinanceText

__all__ = ["SimulatedVenue"]

_BUY, _SELL = Side.BUY, Side.SELL
_FIRST_UPDATE_ID = 50_000_000_000
_FIRST_TRADE_ID = 3_700_000_000
_SNAPSHOT_LEVELS = 1_000
_NS_PER_MS = 1_000_000


class SimulatedVenue:
    """One instrument's order book and its public messages. It opens with one order of `open_lots` on either side.

    Each order or cancel that changes the book is one update and increments `update_id`. A change of the best bid or
    offer is published at once, as a quote with that update's id; level changes are collected until `publish_depth`.
    `sent` holds the messages with their sending times; the caller takes them and clears the list. The caller sets
    `now_ns`. `bid_ticks` and `ask_ticks` are the best prices. `wrapped_snapshot` puts snapshots into an envelope (see
    `BinanceText`).
    """

    __slots__ = (
        "_changed_asks",
        "_changed_bids",
        "_depth_id",
        "_text",
        "_trade_id",
        "ask_lots",
        "ask_ticks",
        "bid_lots",
        "bid_ticks",
        "engine",
        "now_ns",
        "order_id",
        "sent",
        "update_id",
    )

    def __init__(
        self, instrument: Instrument, start_ns: int, open_ticks: int, open_lots: int, *, wrapped_snapshot: bool
    ) -> None:
        self.engine = MatchingEngine()
        self.sent: list[tuple[int, bytes]] = []
        self.now_ns = start_ns
        self.update_id = self._depth_id = _FIRST_UPDATE_ID
        self.order_id = 2
        self.bid_ticks, self.ask_ticks = open_ticks, open_ticks + 1
        self.bid_lots = self.ask_lots = open_lots
        self.engine.submit_limit(1, _BUY, self.bid_ticks, open_lots)
        self.engine.submit_limit(2, _SELL, self.ask_ticks, open_lots)
        self._trade_id = _FIRST_TRADE_ID
        self._text = BinanceText(instrument, wrapped=wrapped_snapshot)
        # Used as ordered sets of prices: the sizes are looked up when the levels are published.
        self._changed_bids: dict[int, None] = {}
        self._changed_asks: dict[int, None] = {}

    def open(self) -> None:
        """Ends the time before the session: what was placed until now is the book that it starts with, unpublished."""
        self.sent.clear()
        self._changed_bids.clear()
        self._changed_asks.clear()
        self._depth_id = self.update_id

    def place(self, side: Side, price_ticks: int, lots: int) -> int:
        """A limit order that rests: the price must not reach the other side's best. Gives its id."""
        self.order_id = order_id = self.order_id + 1
        self.engine.submit_limit(order_id, side, price_ticks, lots)
        self.update_id += 1
        if side is _BUY:
            self._changed_bids[price_ticks] = None
            if price_ticks >= self.bid_ticks:
                self._publish_quote()
        else:
            self._changed_asks[price_ticks] = None
            if price_ticks <= self.ask_ticks:
                self._publish_quote()
        return order_id

    def cancel(self, order_id: int) -> bool:
        """Cancels an order. False if it doesn't rest any more."""
        queue = self.engine.leave(order_id)
        if queue is None:
            return False
        self.update_id += 1
        price_ticks = queue.price_ticks
        if queue.side is _BUY:
            self._changed_bids[price_ticks] = None
            if price_ticks >= self.bid_ticks:
                self._publish_quote()
        else:
            self._changed_asks[price_ticks] = None
            if price_ticks <= self.ask_ticks:
                self._publish_quote()
        return True

    def oldest_at_best(self, side: Side) -> int:
        """The id of the order that is first in turn on a side."""
        queue = self.engine.best(side)
        assert queue is not None
        return next(iter(queue)).order_id

    def take(self, side: Side, worst_ticks: int, lots: int, *, quote_first: bool) -> int:
        """An order that takes, at no worse a price than `worst_ticks`; what is left is cancelled. Gives the trades.

        `quote_first`: the quote leaves before the trades. Both happen, as they are different streams.
        """
        self.order_id += 1
        fills = self.engine.submit_limit(self.order_id, side, worst_ticks, lots, time_in_force="ioc").fills
        if not fills:
            return 0
        self.update_id += 1
        changed = self._changed_asks if side is _BUY else self._changed_bids
        if quote_first:
            self._publish_quote()
        now_ns, sent, write, seller_took = self.now_ns, self.sent, self._text.trade, side is _SELL
        time_ms = now_ns // _NS_PER_MS
        trade_id = self._trade_id
        for match in fills:
            price_ticks = match.price_ticks
            changed[price_ticks] = None
            trade_id += 1
            sent.append((now_ns, write(time_ms, trade_id, price_ticks, match.lots, seller_took)))
        self._trade_id = trade_id
        if not quote_first:
            self._publish_quote()
        return len(fills)

    def publish_depth(self) -> None:
        """Sends the levels that changed since the last time, best first. Nothing if nothing did."""
        if self.update_id == self._depth_id:
            return
        bids = self.engine.levels_at(_BUY, sorted(self._changed_bids, reverse=True))
        asks = self.engine.levels_at(_SELL, sorted(self._changed_asks))
        raw = self._text.depth(self.now_ns // _NS_PER_MS, self._depth_id + 1, self.update_id, bids, asks)
        self.sent.append((self.now_ns, raw))
        self._depth_id = self.update_id
        self._changed_bids.clear()
        self._changed_asks.clear()

    def snapshot(self) -> bytes:
        """The best levels of the book as it stands, as the REST interface would answer."""
        bids, asks = self.engine.levels(_BUY), self.engine.levels(_SELL)
        best = range(_SNAPSHOT_LEVELS)
        return self._text.snapshot(
            self.update_id,
            [level for level, _ in zip(bids, best, strict=False)],
            [level for level, _ in zip(asks, best, strict=False)],
        )

    def _publish_quote(self) -> None:
        bid, ask = self.engine.best(_BUY), self.engine.best(_SELL)
        # The flow leaves both sides enough levels; an empty one would be a fault of its.
        assert bid is not None
        assert ask is not None
        bid_ticks, bid_lots, ask_ticks, ask_lots = bid.price_ticks, bid.lots, ask.price_ticks, ask.lots
        if (
            bid_lots == self.bid_lots
            and ask_lots == self.ask_lots
            and bid_ticks == self.bid_ticks
            and ask_ticks == self.ask_ticks
        ):
            return
        self.bid_ticks, self.bid_lots, self.ask_ticks, self.ask_lots = bid_ticks, bid_lots, ask_ticks, ask_lots
        raw = self._text.quote(self.update_id, bid_ticks, bid_lots, ask_ticks, ask_lots)
        self.sent.append((self.now_ns, raw))
