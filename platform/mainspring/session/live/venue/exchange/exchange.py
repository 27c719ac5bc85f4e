"""The exchange: takes orders that a dialect has checked, and keeps what became of them."""

import uuid
from decimal import Decimal
from random import Random

import msgspec

from mainspring.model import (
    Accepted,
    Cancelled,
    Expired,
    Fill,
    MarketEvent,
    NewOrder,
    OrderEvent,
    Rejected,
    Replaced,
    Side,
)
from mainspring.session.live.venue.exchange.ledger import Ledger
from mainspring.session.live.venue.exchange.market import ExchangeMarket
from mainspring.session.live.venue.exchange.orders import Execution, OrderUpdate, UpdateKind, VenueOrder

__all__ = ["Exchange"]


class Exchange:
    """One account on a market. Without I/O and clock; ids are drawn from `seed`, so that a session can be repeated.

    `orders` are all orders by id, oldest first, `by_client` their ids by the client's, `executions` all fills. An order
    that replaces another is an order of its own, which has filled nothing. `take_updates` returns what there is to say.
    `cash` is what the account begins with.
    """

    def __init__(self, market: ExchangeMarket, *, seed: int, cash: Decimal) -> None:
        self.market = market
        self.ledger = Ledger(market.instruments, cash)
        self.orders: dict[str, VenueOrder] = {}
        self.by_client: dict[str, str] = {}
        self.executions: list[Execution] = []
        self._ids: dict[int, str] = {}
        self._random = Random(seed)  # noqa: S311  it makes names, and keeps no secret
        self._updates: list[OrderUpdate] = []
        # The order that is leaving because another replaces it, and that other.
        self._replacing: tuple[str, str] | None = None

    def new_id(self) -> str:
        """Returns an id that was never given before."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def advance(self, now_ns: int) -> list[MarketEvent]:
        """Lets the market go on to a time; returns what happened in it."""
        events = self.market.advance(now_ns)
        self._take_reported()
        return events

    def submit(
        self, asked: NewOrder, client_order_id: str, time_in_force: str, now_ns: int, *, replaces: str = ""
    ) -> VenueOrder:
        """Takes an order; its number is given here. Returns it as it is before it meets the market.

        `time_in_force` is the venue's word; `replaces` is the id of the open order that leaves for it.
        """
        asked = msgspec.structs.replace(asked, order_id=len(self.orders) + 1)
        order = VenueOrder(
            id=self.new_id(),
            client_order_id=client_order_id,
            asked=asked,
            time_in_force=time_in_force,
            status="pending_new",
            updated_ns=now_ns,
            replaces=replaces,
        )
        self.orders[order.id] = order
        self._ids[asked.order_id] = order.id
        self.by_client[client_order_id] = order.id
        if replaces:
            self._replacing = (replaces, order.id)
            self.market.cancel(self.orders[replaces].asked, now_ns)
            self._take_reported()
        self._say("pending_new", order, now_ns)
        self.market.enter(asked, now_ns)
        self._take_reported()
        return order

    def cancel(self, order: VenueOrder, now_ns: int, cancel_id: str = "") -> None:
        """Cancels an open order; `cancel_id` is the client's id of the cancel."""
        self.orders[order.id] = msgspec.structs.replace(order, cancel_id=cancel_id)
        self.market.cancel(order.asked, now_ns)
        self._take_reported()

    def amend(self, order: VenueOrder, price_ticks: int, size_lots: int, now_ns: int) -> bool:
        """Changes an open order's price and total size; returns whether it was done."""
        self.market.amend(order.asked, price_ticks, size_lots, now_ns)
        self._take_reported()
        return self.orders[order.id].asked != order.asked

    def numbered(self, number: int) -> VenueOrder | None:
        """Returns the order of a number, which counts them from 1; None if there is none."""
        order_id = self._ids.get(number)
        return None if order_id is None else self.orders[order_id]

    def open_orders(self) -> list[VenueOrder]:
        """Returns the orders that haven't ended, oldest first."""
        return [one for one in self.orders.values() if not one.ended]

    def held_cash(self) -> Decimal:
        """Returns what open buy orders may still cost."""
        held = Decimal(0)
        for order in self.open_orders():
            if order.asked.side is Side.BUY:
                held += self.ledger.value(order.asked.instrument, order.asked.price_ticks, order.leaves_lots)
        return held

    def held_lots(self, instrument: int) -> int:
        """Returns what open sell orders of an instrument may still sell."""
        own = [one for one in self.open_orders() if one.asked.instrument == instrument]
        return sum(one.leaves_lots for one in own if one.asked.side is Side.SELL)

    def take_updates(self) -> list[OrderUpdate]:
        """Returns what there is to say of orders, in order, each once."""
        updates, self._updates = self._updates, []
        return updates

    def _take_reported(self) -> None:
        for event in self.market.take_reported():
            self._apply(self.orders[self._ids[event.order_id]], event)

    def _apply(self, order: VenueOrder, event: OrderEvent) -> None:
        now_ns = event.time_ns
        if isinstance(event, Accepted):
            self._change("new", order, now_ns, status="new")
        elif isinstance(event, Fill):
            self._fill(order, event)
        elif isinstance(event, Expired):
            self._change("expired", order, now_ns, status="expired", expired_ns=now_ns)
        elif isinstance(event, Replaced):
            asked = msgspec.structs.replace(order.asked, price_ticks=event.price_ticks, size_lots=event.size_lots)
            self._change("amended", order, now_ns, asked=asked)
        elif isinstance(event, Rejected) and event.request == "new":
            self._change("rejected", order, now_ns, status="rejected", failed_ns=now_ns)
        elif isinstance(event, Cancelled):
            replaced, by = self._replacing or ("", "")
            if order.id == replaced:
                self._replacing = None
                self._change("replaced", order, now_ns, status="replaced", replaced_ns=now_ns, replaced_by=by)
            else:
                self._change("canceled", order, now_ns, status="canceled", canceled_ns=now_ns)

    def _fill(self, order: VenueOrder, fill: Fill) -> None:
        index, now_ns = fill.instrument, fill.time_ns
        self.ledger.book(index, fill.side, fill.price_ticks, fill.size_lots)
        filled_lots = order.filled_lots + fill.size_lots
        whole = filled_lots == order.asked.size_lots
        order = msgspec.structs.replace(
            order,
            status="filled" if whole else "partially_filled",
            updated_ns=now_ns,
            filled_lots=filled_lots,
            value=order.value + self.ledger.value(index, fill.price_ticks, fill.size_lots),
            filled_ns=now_ns,
        )
        self.orders[order.id] = order
        execution = Execution(
            id=self.new_id(),
            number=len(self.executions) + 1,
            maker=fill.maker,
            order=order,
            time_ns=now_ns,
            price_ticks=fill.price_ticks,
            size_lots=fill.size_lots,
            position_lots=self.ledger.position_lots[index],
        )
        self.executions.append(execution)
        self._say("fill" if whole else "partial_fill", order, now_ns, execution)

    def _change(self, kind: UpdateKind, order: VenueOrder, now_ns: int, **fields: object) -> None:
        changed = msgspec.structs.replace(order, updated_ns=now_ns, **fields)
        self.orders[order.id] = changed
        self._say(kind, changed, now_ns)

    def _say(self, kind: UpdateKind, order: VenueOrder, now_ns: int, execution: Execution | None = None) -> None:
        self._updates.append(OrderUpdate(id=self.new_id(), kind=kind, time_ns=now_ns, order=order, execution=execution))
