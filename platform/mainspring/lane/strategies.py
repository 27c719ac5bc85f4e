"""The strategies of a lane: who is called by what, and whether anybody is."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from mainspring.errors import ConfigError, GridError
from mainspring.lane.callbacks import BoundStrategy
from mainspring.lane.events import Mode
from mainspring.lane.market import Market
from mainspring.lane.outbox import Outbox
from mainspring.lane.own_orders import OwnOrders
from mainspring.lane.timers import Timers
from mainspring.model import (
    PRINT_EXTREMES,
    PRINT_LAST,
    PRINT_VOLUME,
    Accepted,
    Bar,
    Fill,
    OrderEvent,
    Replaced,
    Trade,
    TradeCorrection,
)
from mainspring.orders import Order

__all__ = ["Strategies"]

_Call: TypeAlias = tuple[Callable[..., Any], Any]
_PlainCall: TypeAlias = tuple[Callable[..., Any], Callable[[BaseException], Any], Any]
_Plain: TypeAlias = Callable[..., Any] | None


class Strategies:
    """Calls the strategies of a lane, each method that a strategy defines, in the order of the config.

    `mode` is the lane's, `running` whether new orders may go out in it. Nothing is called while `silent`: in the mode
    "halted", or after `abandon`. `requests` takes what they ask for. `bbo_calls` says for each market what to call, and
    with what, when its best prices change; `plain_bbo_calls` has the methods as the strategies define them, each with
    what makes a `PluginError` of an exception.
    """

    def __init__(self, bound: Sequence[BoundStrategy], timers: Timers, outbox: Outbox, markets: int) -> None:
        """`outbox` has what takes their requests; `markets` is how many the lane has."""
        self.bound = tuple(bound)
        self.requests = outbox.requests
        self.timers = timers
        self.silent = False
        self._held = False
        self._mode = Mode.RUNNING
        self.running = True
        self._abandoned = False
        self._by_name = {one.name: one for one in bound}
        self.started = False
        """Whether they were started."""
        places = range(markets)
        self.bbo_calls: list[list[_Call]] = [[] for _ in places]
        self.plain_bbo_calls: list[list[_PlainCall]] = [[] for _ in places]
        self._on_trade: list[list[_Call]] = [[] for _ in places]
        self._on_correction: list[list[_Call]] = [[] for _ in places]
        self._on_bar: list[list[_Call]] = [[] for _ in places]
        self._gather()

    @property
    def mode(self) -> Mode:
        """What the lane may do now."""
        return self._mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        self._mode = mode
        self.running = mode is Mode.RUNNING
        self.silent = self._abandoned or self._held or mode is Mode.HALTED

    @property
    def callbacks(self) -> bool:
        """Whether a strategy wants changes of best prices."""
        return any(self.bbo_calls)

    @property
    def prints_wanted(self) -> bool:
        """Whether a strategy wants trades or bars."""
        called = (self._on_trade, self._on_correction, self._on_bar)
        return any(map(any, called)) or any(one.session.builders for one in self.bound)

    def replace(self, before: BoundStrategy, after: BoundStrategy) -> None:
        """Calls another strategy instead of one, from now on."""
        self.bound = tuple(after if one is before else one for one in self.bound)
        self._by_name[after.name] = after
        self._gather()

    def hold(self) -> None:
        """Calls no strategy before `start`: the session takes over what an earlier one left."""
        self._held = self.silent = True

    def restore(self, orders: Iterable[Order]) -> None:
        """Gives strategies their open orders that a journal brings, so that they find them when they start."""
        for order in orders:
            new = order.order
            one = self._by_name.get(new.strategy)
            if one is None:
                continue
            own, at = one.session.own_orders(new.instrument), (new.order_id, new.instrument, new.created_ns)
            own.add(new)
            if order.acknowledged:
                own.update(Accepted(*at))
            if (order.price_ticks, order.size_lots) != (new.price_ticks, new.size_lots):
                own.update(Replaced(*at, order.price_ticks, order.size_lots))
            if order.filled_lots:
                filled = order.filled_lots
                own.update(Fill(*at, 0, new.side, new.price_ticks or 1, filled, maker=True, fee_ppb=0))

    def start(self) -> None:
        """Calls `on_start` of each.

        Raises `ConfigError` or `GridError`, with a note that names the strategy, if one refuses its options or the
        session's markets.
        """
        self._held = False
        self.started = True
        self.mode = self._mode
        for one in self.bound:
            if one.on_start is None:
                continue
            try:
                one.on_start(one.session)
            except (ConfigError, GridError) as error:
                error.add_note(
                    f"So the strategy {one.name!r} ({one.plugin} of {one.distribution}) can't start: change its "
                    "options in the config, or the instrument."
                )
                raise

    def stop(self) -> None:
        """Calls `on_stop` of each, unless they were abandoned."""
        if not self.silent:
            for one in self.bound:
                if one.on_stop is not None:
                    one.on_stop()
        self.abandon()

    def abandon(self) -> None:
        """Calls no strategy from now on, and takes no new orders."""
        self.silent = self._abandoned = True
        if self.running:
            self.mode = Mode.CANCEL_ONLY

    def set_mode(self, mode: Mode) -> None:
        """Puts the lane into a mode. Timers that were due once while it was halted are due when it isn't any more."""
        self.mode = mode
        if mode is not Mode.HALTED:
            self.timers.resume()

    def flatten(self, market: int | None, strategy: str | None = None) -> None:
        """Requests, for each strategy or one, a market order that closes its own position in a market, or in all."""
        for one in self.bound:
            if strategy not in (None, one.name):
                continue
            for own in one.session.markets:
                if own.position_lots and market in (None, own.index):
                    own.close()

    def on_bbo(self, market: Market) -> None:
        """The best prices of a market changed, or whether they can be trusted."""
        if not self.silent:
            for call, view in self.bbo_calls[market.index]:
                call(view)

    def on_print(self, market: Market, event: Trade | TradeCorrection | Bar) -> None:
        """A trade, a correction of one, or a bar of the feed."""
        if self.silent:
            return
        if isinstance(event, Bar):
            for one in self.bound:
                for builder in one.session.builders.get(market.index, ()):
                    builder.on_bar(event)
            for call, view in self._on_bar[market.index]:
                call(view, event)
            return
        if isinstance(event, TradeCorrection):
            for call, view in self._on_correction[market.index]:
                call(view, event)
            return
        self._on_print_of_trade(market, event)

    def _on_print_of_trade(self, market: Market, event: Trade) -> None:
        for call, view in self._on_trade[market.index]:
            call(view, event)
        for one in self.bound:
            for builder in one.session.builders.get(market.index, ()):
                if event.counts & PRINT_LAST:
                    builder.on_trade(event)
                elif event.counts & (PRINT_VOLUME | PRINT_EXTREMES):
                    builder.on_volume(event)

    def on_event(self, strategy: str, event: OrderEvent) -> None:
        """An order event, to the strategy whose order it is."""
        one = self._by_name.get(strategy)
        if one is None:
            return
        order = one.session.update(event)
        if self.silent or order is None:
            return
        asked = len(self.requests)
        if type(event) is Fill:
            if one.on_fill is not None:
                one.on_fill(event, order)
        elif one.on_order is not None:
            one.on_order(order, event)
        if len(self.requests) > asked:
            self.requests.limit_answers(strategy, asked, one.session.now_ns)

    def receiver(self, strategy: str, instrument: int) -> tuple[OwnOrders, _Plain, _Plain, Callable[..., Any]] | None:
        """Returns what takes the events of a strategy's orders in the instrument of that index; None if nothing does.

        These are its orders there, its `on_fill` and `on_order` as it defines them, None if it doesn't, and what makes
        a `PluginError` of an exception of theirs.
        """
        one = self._by_name.get(strategy)
        if one is None:
            return None
        return one.session.own_orders(instrument), one.plain_on_fill, one.plain_on_order, one.fail

    def on_unknown(self, orders: Iterable[Order]) -> None:
        """Marks orders whose state isn't known any more, for the strategies that read it."""
        for order in orders:
            if (one := self._by_name.get(order.order.strategy)) is not None:
                one.session.mark_unknown(order.order.instrument, order.order.order_id)

    def fire_timers(self) -> Iterator[None]:
        """Fires what is due by the lane's time, and yields after each."""
        while self.timers.fire_next(silent=self.silent):
            yield

    def _gather(self) -> None:
        """Puts together who is called, in the lists that others hold."""
        bound = self.bound
        for place in range(len(self.bbo_calls)):
            self.bbo_calls[place][:] = _calls(bound, "on_bbo", place)
            self.plain_bbo_calls[place][:] = [
                (one.plain_on_bbo, one.fail, view)
                for one in bound
                if one.plain_on_bbo is not None
                for view in one.markets
                if view.index == place
            ]
            self._on_trade[place] = _calls(bound, "on_trade", place)
            self._on_correction[place] = _calls(bound, "on_correction", place)
            self._on_bar[place] = _calls(bound, "on_bar", place)


def _calls(bound: Sequence[BoundStrategy], name: str, index: int) -> list[_Call]:
    """What to call for the market of that index, each with the market as its strategy sees it."""
    return [
        (call, market)
        for one in bound
        if (call := getattr(one, name)) is not None
        for market in one.markets
        if market.index == index
    ]
