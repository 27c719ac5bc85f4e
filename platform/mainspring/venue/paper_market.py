"""One instrument of the paper venue: what our orders meet there."""

from mainspring.model import (
    PRINT_MATCH,
    BookDelta,
    BookSnapshot,
    InstrumentStatus,
    NewOrder,
    Quote,
    Rejected,
    Side,
    Trade,
)
from mainspring.seams import BookView, QueueModel
from mainspring.venue.event_outbox import EventOutbox
from mainspring.venue.paper_displayed import DisplayedMarket
from mainspring.venue.paper_level import PaperLevel
from mainspring.venue.paper_orders import PaperOrder, PaperSide, terms_problem
from mainspring.venue.queue import QueuedOrder

__all__ = ["PaperMarket"]


class PaperMarket:
    """Matches our orders in one instrument against what its market shows and trades.

    An order that can trade at once takes the displayed levels of the other side, each lot once, and pays as taker.
    What rests is filled, as maker and at its own price,

    - by trades at its price, once those ahead in the queue are filled (`PaperLevel`),
    - by trades through its price, for as many lots as were traded; one between two ticks is through the one or the
      other, and at neither,
    - by offers that show at its price or through it, for as many lots as show, unless others' orders stand displayed at
      the offer's own price: it hasn't met those (a locked market).

    A lot traded or shown fills us once, our better prices first and at one price our older orders first. What a quote
    or the book shows of a trade, and its print, are one thing, whichever comes first. Our own orders never meet each
    other.

    A reduce-only order trades as much as brings the position nearer to zero; with nothing left to reduce, it ends.
    """

    __slots__ = ("_asks", "_bids", "_model", "_outbox", "_reducing", "_settle_ns", "displayed", "orders")

    def __init__(self, book: BookView, outbox: EventOutbox, *, model: QueueModel, settle_ns: int) -> None:
        self.displayed = DisplayedMarket(book)
        self.orders: dict[int, PaperOrder] = {}
        # The reduce-only orders, some of which may have ended.
        self._reducing: set[int] = set()
        self._bids = PaperSide(Side.BUY)
        self._asks = PaperSide(Side.SELL)
        self._outbox = outbox
        self._model = model
        self._settle_ns = settle_ns

    @property
    def busy(self) -> bool:
        """Whether the market's events matter now: for an order or a level of ours, or for what we took of a level."""
        return bool(self.orders) or self._watches or self.displayed.remembers

    @property
    def _watches(self) -> bool:
        return bool(self._bids.levels or self._asks.levels)

    def enter(self, new: NewOrder, now_ns: int) -> None:
        """An order has reached the venue."""
        problem = self._problem(new, now_ns)
        if problem:
            self._outbox.rejected(Rejected(new.order_id, new.instrument, now_ns, problem))
            return
        order = PaperOrder(new)
        self.orders[new.order_id] = order
        self._outbox.accepted(order, now_ns)
        if new.reduce_only:
            self._reducing.add(new.order_id)
        if new.time_in_force == "fok" and not self._fills_whole(order):
            self._finish(order, now_ns, "not-fillable")
            return
        self._match(order, now_ns)
        self._end_reducing(now_ns)

    def expire(self, order_id: int, now_ns: int) -> None:
        """The time of an order is over, which may have ended before."""
        order = self.orders.get(order_id)
        if order is not None:
            self._leave(order)
            del self.orders[order_id]
            self._outbox.expired(order, now_ns)

    def cancel(self, order: PaperOrder, now_ns: int) -> None:
        """A cancel of an order that waits here has reached the venue."""
        self._leave(order)
        self._finish(order, now_ns, "requested")

    def replace(self, order: PaperOrder, price_ticks: int, size_lots: int, now_ns: int) -> None:
        """A replace of an order that waits here has reached the venue."""
        new = order.order
        reason = ""
        if price_ticks <= 0 or size_lots <= order.filled_lots:
            reason = "invalid-order"
        elif not self._open():
            reason = "market-unavailable"
        elif new.post_only and self._would_take(new.side, price_ticks):
            reason = "would-take"
        if reason:
            self._outbox.rejected(Rejected(new.order_id, new.instrument, now_ns, reason, "replace"))
            return
        fewer_lots = order.size_lots - size_lots
        if price_ticks == order.price_ticks and fewer_lots >= 0:
            if fewer_lots and order.node is not None:
                self._side(new.side).levels[price_ticks].reduce(order.node, fewer_lots)
            order.size_lots = size_lots
            self._outbox.replaced(order, now_ns)
            return
        self._leave(order)
        order.price_ticks, order.size_lots = price_ticks, size_lots
        self._outbox.replaced(order, now_ns)
        self._match(order, now_ns)
        self._end_reducing(now_ns)

    def on_quote(self, quote: Quote) -> None:
        """The venue's best prices have changed."""
        displayed = self.displayed
        if not displayed.on_quote(quote) or not (self._bids.levels or self._asks.levels) or not displayed.usable:
            return
        bid_ticks, ask_ticks = quote.bid_ticks, quote.ask_ticks
        bids, asks, met = self._bids, self._asks, False
        # A quote tells nothing of prices behind its own.
        if bids.levels:
            if bids.best_ticks >= bid_ticks or not quote.bid_lots:
                self._see_quoted(bids, bid_ticks, quote.bid_lots, quote)
            met = bids.best_ticks >= ask_ticks
        if asks.levels:
            if asks.best_ticks <= ask_ticks or not quote.ask_lots:
                self._see_quoted(asks, ask_ticks, quote.ask_lots, quote)
            met = met or asks.best_ticks <= bid_ticks
        if met:
            self._meet_offers(quote.receive_time_ns)
            self._end_reducing(quote.receive_time_ns)
        if bids.left or asks.left:
            self._settle_due(quote.receive_time_ns)

    def on_delta(self, event: BookDelta) -> None:
        """The book has changed."""
        displayed = self.displayed
        displayed.on_depth(event)
        if not (self._bids.levels or self._asks.levels) or not displayed.usable:
            return
        for own in (self._bids, self._asks):
            quoted = displayed.quote is not None
            best_ticks, best_lots = displayed.touch(own.side) if quoted else (0, 0)
            sign = own.sign
            for price_ticks, level in own.levels.items():
                # At the best prices and above, a newer quote has told already.
                reported = quoted and (not best_lots or (price_ticks - best_ticks) * sign >= 0)
                if reported or 0 <= event.last_id < level.observed_id:
                    continue
                level.observe(displayed.lots_at(own.side, price_ticks), event.receive_time_ns)
        self._meet_offers(event.receive_time_ns)
        self._end_reducing(event.receive_time_ns)
        self._settle_due(event.receive_time_ns)

    def on_snapshot(self, event: BookSnapshot) -> None:
        """The book was made again."""
        displayed = self.displayed
        lost = not displayed.usable
        displayed.on_snapshot(event)
        if not (self._bids.levels or self._asks.levels) or not displayed.usable:
            return
        for own in (self._bids, self._asks):
            for price_ticks, level in own.levels.items():
                lots = displayed.lots_at(own.side, price_ticks)
                if lost:
                    level.resynchronise(lots)
                else:
                    level.observe(lots, event.receive_time_ns)
        self._meet_offers(event.receive_time_ns)
        self._end_reducing(event.receive_time_ns)
        self._settle_due(event.receive_time_ns)

    def on_trade(self, trade: Trade) -> None:
        """A trade was printed."""
        if not (self._bids.levels or self._asks.levels) or not self.displayed.usable:
            return
        if not trade.size_lots or not trade.counts & PRINT_MATCH:
            return
        if not trade.price_ticks and not trade.fraction_nanoticks:
            return
        aggressor = trade.aggressor or self._likely_aggressor(trade)
        if aggressor < 0:
            self._meet_trade(self._bids, trade)
        elif aggressor > 0:
            self._meet_trade(self._asks, trade)
        self._end_reducing(trade.receive_time_ns)
        # Not only when they are due: this print may be what a level was left for.
        if self._bids.left or self._asks.left:
            self._settle(trade.receive_time_ns)

    def on_invalid(self) -> None:
        """The book isn't to be trusted: nothing fills until a snapshot."""
        self.displayed.on_invalid()

    def on_status(self, event: InstrumentStatus) -> None:
        """A halt, or its end."""
        self.displayed.on_status(event)

    def lots_ahead(self, order_id: int) -> int:
        """How many lots go before a waiting order of ours. Raises `KeyError` if there is no such order."""
        order = self.orders[order_id]
        if order.node is None:
            return 0
        return self._side(order.order.side).levels[order.price_ticks].lots_ahead(order.node)

    def _see_quoted(self, own: PaperSide, best_ticks: int, best_lots: int, quote: Quote) -> None:
        sign, now_ns, update_id = own.sign, quote.receive_time_ns, quote.update_id
        for price_ticks, level in own.levels.items():
            better = (price_ticks - best_ticks) * sign
            if better < 0 and best_lots:
                continue
            level.observe(0 if better else best_lots, now_ns)
            level.observed_id = update_id

    def _side(self, side: Side) -> PaperSide:
        return self._bids if side > 0 else self._asks

    def _open(self) -> bool:
        return self.displayed.usable and not self.displayed.crossed()

    def _problem(self, new: NewOrder, now_ns: int) -> str:
        if problem := terms_problem(new, now_ns):
            return problem
        if new.reduce_only and not self._reducible_lots(new):
            return "nothing-to-reduce"
        if not self._open():
            return "market-unavailable"
        if new.post_only and self._would_take(new.side, new.price_ticks):
            return "would-take"
        return ""

    def _would_take(self, side: Side, price_ticks: int) -> bool:
        best_ticks, best_lots = self.displayed.touch(self._side(side).other)
        return bool(best_lots) and (price_ticks - best_ticks) * side >= 0

    def _limit(self, order: PaperOrder) -> int | None:
        return order.price_ticks if order.order.kind == "limit" else None

    def _fills_whole(self, order: PaperOrder) -> bool:
        left = order.leaves_lots
        if order.order.reduce_only and left > self._reducible_lots(order.order):
            return False
        for _, lots in self.displayed.available(self._side(order.order.side).other, self._limit(order)):
            left -= lots
            if left <= 0:
                return True
        return False

    def _match(self, order: PaperOrder, now_ns: int) -> None:
        """Takes what the order can take, then lets the rest of it wait or ends it."""
        new = order.order
        other = self._side(new.side).other
        for price_ticks, lots in self.displayed.available(other, self._limit(order)):
            part = min(lots, order.leaves_lots)
            if new.reduce_only:
                part = min(part, self._reducible_lots(new))
                if not part:
                    break
            self.displayed.take(other, price_ticks, part)
            self._outbox.filled(order, price_ticks, part, now_ns, maker=False)
            if not order.leaves_lots:
                del self.orders[new.order_id]
                return
        if new.reduce_only and not self._reducible_lots(new):
            self._finish(order, now_ns, "nothing-to-reduce")
        elif new.kind == "limit" and new.time_in_force not in ("ioc", "fok"):
            self._join(order, now_ns)
        else:
            self._finish(order, now_ns, "no-liquidity")

    def _join(self, order: PaperOrder, now_ns: int) -> None:
        side, price_ticks = order.order.side, order.price_ticks
        own = self._side(side)
        level = own.levels.get(price_ticks)
        if level is None:
            displayed = self.displayed
            lots = displayed.lots_at(side, price_ticks) if displayed.knows(side, price_ticks) else None
            level = PaperLevel(side, price_ticks, lots, model=self._model, settle_ns=self._settle_ns)
            level.observed_id = displayed.source_id(side, price_ticks)
            order.node = level.join(order.order.order_id, order.leaves_lots, now_ns)
            own.add(level)
        else:
            own.left.discard(price_ticks)
            order.node = level.join(order.order.order_id, order.leaves_lots, now_ns)

    def _leave(self, order: PaperOrder) -> None:
        if order.node is not None:
            own = self._side(order.order.side)
            own.levels[order.price_ticks].leave(order.node)
            own.tidy(order.price_ticks)
            order.node = None

    def _finish(self, order: PaperOrder, now_ns: int, reason: str) -> None:
        del self.orders[order.order.order_id]
        self._outbox.cancelled(order, now_ns, reason)

    def _meet_trade(self, own: PaperSide, trade: Trade) -> None:
        # A print between two ticks traded at the price of no order: it went through those on its far side.
        between = trade.fraction_nanoticks > 0
        reached_ticks = trade.price_ticks + 1 if between and own.sign > 0 else trade.price_ticks
        if not own.levels or (own.best_ticks - reached_ticks) * own.sign < 0:
            return
        left = trade.size_lots
        for price_ticks in own.reached_by(reached_ticks):
            level = own.levels[price_ticks]
            if price_ticks == trade.price_ticks and not between:
                fills = level.trade(trade.size_lots, left, trade.receive_time_ns)
            else:
                fills = level.meet(left)
            left -= self._fill(own, price_ticks, fills, trade.receive_time_ns)

    def _likely_aggressor(self, trade: Trade) -> int:
        """The side of a trade whose aggressor isn't known; 0 if it was between the best prices, or at both."""
        bid_ticks, bid_lots = self.displayed.touch(Side.BUY)
        ask_ticks, ask_lots = self.displayed.touch(Side.SELL)
        at_or_above = trade.price_ticks + (trade.fraction_nanoticks > 0)
        sale = bool(bid_lots) and at_or_above <= bid_ticks
        purchase = bool(ask_lots) and trade.price_ticks >= ask_ticks
        return purchase - sale

    def _settle_due(self, now_ns: int) -> None:
        if now_ns >= self._bids.left_due_ns or now_ns >= self._asks.left_due_ns:
            self._settle(now_ns)

    def _settle(self, now_ns: int) -> None:
        for own in (self._bids, self._asks):
            if own.left:
                own.settle(now_ns)

    def _meet_offers(self, now_ns: int) -> None:
        for own in (self._bids, self._asks):
            if own.levels:
                offer_ticks, offer_lots = self.displayed.touch(own.other)
                if offer_lots and (own.best_ticks - offer_ticks) * own.sign >= 0 and not self.displayed.crossed():
                    self._meet_side(own, now_ns)

    def _meet_side(self, own: PaperSide, now_ns: int) -> None:
        other = own.other
        best_ticks = self.displayed.touch(other)[0]
        reached = own.reached_by(best_ticks)
        standing_ticks, standing_lots = self.displayed.touch(own.side)
        for price_ticks in reached:
            level = own.levels[price_ticks]
            # Locked: the offer stands against others' orders at this price or a better one, and they against it.
            locked = standing_lots and (price_ticks - standing_ticks) * own.sign <= 0
            if locked or not level.own_lots:
                continue
            for offer_ticks, lots in self.displayed.available(other, price_ticks):
                # What the book has behind a newer quote may be gone: it says nothing of who came to meet us.
                if self.displayed.quote is not None and offer_ticks != best_ticks:
                    break
                part = min(lots, level.own_lots)
                self.displayed.take(other, offer_ticks, part)
                self._fill(own, price_ticks, level.meet(part), now_ns)
                if not level.own_lots:
                    break

    def _fill(self, own: PaperSide, price_ticks: int, fills: list[tuple[QueuedOrder, int]], now_ns: int) -> int:
        filled = 0
        for node, reached_lots in fills:
            order, lots = self.orders[node.order_id], reached_lots
            if order.order.reduce_only:
                lots = min(lots, self._reducible_lots(order.order))
                if not node.lots and lots < reached_lots:
                    order.node = None
            if lots:
                self._outbox.filled(order, price_ticks, lots, now_ns, maker=True)
            filled += lots
            if not order.leaves_lots:
                del self.orders[node.order_id]
        if fills:
            own.tidy(price_ticks)
        return filled

    def _reducible_lots(self, new: NewOrder) -> int:
        """How many lots of an order would bring the position nearer to zero."""
        return max(-new.side * self._outbox.position_lots[new.instrument], 0)

    def _end_reducing(self, now_ns: int) -> None:
        """Ends the reduce-only orders that have nothing to reduce any more, the oldest first."""
        if not self._reducing:
            return
        for order_id in sorted(self._reducing):
            order = self.orders.get(order_id)
            if order is None:
                self._reducing.discard(order_id)
            elif not self._reducible_lots(order.order):
                self._leave(order)
                self._finish(order, now_ns, "nothing-to-reduce")
                self._reducing.discard(order_id)
