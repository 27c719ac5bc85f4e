"""What a fused run does after a message that changed best prices: it calls strategies."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from mainspring.lane.clock import LaneClock
from mainspring.lane.events import Send
from mainspring.lane.reactions import Reactions
from mainspring.model import OrderRequest
from mainspring.seams import Router

if TYPE_CHECKING:
    from mainspring.lane.market import Market
    from mainspring.lane.order_manager import OrderManager

__all__ = ["Reaction", "RunTrading"]


class Reaction:
    """Implements `mainspring.seams.Reaction` for the markets `own` of a feed.

    If a strategy asks for something, the run ends, and `changed` gets the markets that come next. `until_ns` is when
    the run ends in any case; `end_ns` is that without what the lane itself has to do.
    """

    __slots__ = ("_reactions", "calls", "changed", "end_ns", "own", "requests", "time", "trading", "until_ns")

    def __init__(self, own: Sequence["Market"], changed: "list[Market]", reactions: Reactions, time: LaneClock) -> None:
        self.own = own
        self.changed = changed
        self.time = time
        self.requests = reactions.requests
        self.until_ns = self.end_ns = 0
        self.trading: RunTrading | None = None
        self._reactions = reactions
        self.calls: Sequence[Sequence[tuple[Callable[[Any], Any], Callable[[BaseException], Any], Any]]] = [
            reactions.plain_calls[market.index] for market in own
        ]

    def __call__(self, now_ns: int, places: Sequence[int]) -> int:
        """See `mainspring.seams.Reaction`."""
        if now_ns > self.time.now_ns:
            self.time.now_ns = now_ns
        for done, place in enumerate(places, 1):
            if self._reactions.call(self.own[place]):
                self.leave(places[done:])
                return 0
        # Without a request, only a timer can have come nearer.
        return min(self.time.timer_ns, self.until_ns)

    def leave(self, places: Sequence[int]) -> None:
        """See `mainspring.seams.Reaction`."""
        self.changed.extend(self.own[place] for place in places)


class RunTrading:
    """Implements `mainspring.seams.RunTrading`: what a run of a feed needs so as to trade.

    `router` is the feed's, and `index` its number; without one a run ends where strategies ask for something.
    `order_manager` takes what it reports, and puts approved requests into `sends`. `journalled` says whether what
    checks save is journalled.
    """

    __slots__ = (
        "index",
        "order_manager",
        "paused",
        "router",
        "saves",
        "sends",
        "strategies",
        "time",
        "unsaved",
        "work",
    )

    def __init__(
        self,
        router: Router | None,
        index: int,
        *,
        reactions: Reactions,
        order_manager: "OrderManager",
        sends: list[Send],
        time: LaneClock,
        journalled: bool,
    ) -> None:
        self.router = router
        self.index = index
        self.order_manager = order_manager
        self.sends = sends
        self.work = reactions.work
        self.time = time
        self.saves = journalled and router is not None and order_manager.gate.saves
        self.unsaved = self.paused = False
        self.strategies = reactions.strategies

    def send_approved(self, request: OrderRequest) -> None:
        """See `mainspring.seams.RunTrading`."""
        manager = self.order_manager
        manager.audit.requested(request)
        approved = manager.gate.approval_of(request, self.time.now_ns)
        manager.outgoing.send(Send(manager.router_of[request.instrument], approved))
