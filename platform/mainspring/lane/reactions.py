"""What follows from changed markets and order events: strategies are called, and their requests worked off."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mainspring.lane.contingent_orders import ContingentOrders
from mainspring.lane.feed_handler import FeedHandler
from mainspring.lane.market import Market
from mainspring.lane.markouts import Markouts
from mainspring.lane.order_manager import OrderManager
from mainspring.lane.strategies import Strategies

if TYPE_CHECKING:
    from mainspring.lane.events import Answer
    from mainspring.orders.contingent import Group

__all__ = ["Reactions"]


class Reactions:
    """Calls strategies, and works off what each asks for before the next thing happens.

    `answers` are the news about their orders that strategies still have to get, `timers` those of the strategies.
    `markouts` are those of their fills, `requests` what they have asked for and isn't worked off yet.
    """

    def __init__(
        self,
        strategies: Strategies,
        order_manager: OrderManager | None,
        feeds: Sequence[FeedHandler],
        contingent: ContingentOrders | None,
    ) -> None:
        """`contingent` has the groups of orders that depend on each other."""
        self.answers: list[Answer] = [] if order_manager is None else order_manager.answers
        self.markouts = Markouts((), ()) if order_manager is None else order_manager.quality.markouts
        self.strategies = strategies
        self._calls = strategies.bbo_calls
        self.plain_calls = strategies.plain_bbo_calls
        self.requests = strategies.requests
        self.order_manager = order_manager
        self._feeds = feeds
        self.groups: Mapping[int, Group] = {} if contingent is None else contingent.groups
        """The groups of orders that depend on each other."""
        self._contingent = contingent

    def on_changed(self, changed: list[Market]) -> bool:
        """Samples the mids of markets whose best prices changed, calls strategies about them, and clears the list.

        Returns whether they asked for anything.
        """
        if len(changed) == 1:
            market = changed.pop()
            market.sample_mid(market.now_ns)
            if not self.strategies.silent:
                for call, view in self._calls[market.index]:
                    call(view)
            if not self.requests:
                return False
            self.work()
            return True
        asked = False
        markets = changed[:]
        changed.clear()
        for market in markets:
            market.sample_mid(market.now_ns)
        for market in markets:
            if self.call(market):
                asked = True
                self.work()
        return asked

    def call(self, market: Market) -> bool:
        """Calls strategies about a market whose best prices changed; returns whether they have asked for anything."""
        if not self.strategies.silent:
            for call, view in self._calls[market.index]:
                call(view)
        return bool(self.requests)

    @property
    def silent(self) -> bool:
        """Whether no strategy is called."""
        return self.strategies.silent

    def on_prints(self, feed: FeedHandler) -> None:
        """Calls strategies about the trades and bars of a message."""
        prints, feed.prints = feed.prints, []
        for market, event in prints:
            self.strategies.on_print(market, event)
            self.work()

    def answer(self) -> None:
        """Tells strategies what became of their orders. What they ask for then is worked off at once."""
        answers = self.answers[:]
        self.answers.clear()
        for answer in answers:
            self.strategies.on_event(answer.strategy, answer.event)
            if self.requests:
                self.work()

    def follow_up(self) -> None:
        """Lets groups of orders do what is due, now that strategies' own requests have been worked off."""
        manager, contingent = self.order_manager, self._contingent
        if manager is not None and contingent is not None:
            contingent.follow_up()
            if manager.tracker.discrepancies:
                manager.note_discrepancies()
            self.work()

    def work(self) -> None:
        """Works off what strategies have asked for."""
        manager = self.order_manager
        if manager is not None and self.requests:
            # A simulated venue that was idle has to know the market that the requests will meet.
            for feed in self._feeds:
                feed.catch_up()
            manager.work(self.strategies.mode)
