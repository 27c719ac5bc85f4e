"""What a lane does at a person's word about risk: kills, lifts, and limits."""

from collections.abc import Callable, Mapping

from mainspring.lane.events import Kill, LiftCheck, LiftKill, SetLimit
from mainspring.lane.message_loop import MessageLoop
from mainspring.lane.order_manager import OrderManager
from mainspring.lane.reactions import Reactions
from mainspring.lane.strategies import Strategies

__all__ = ["RiskCommands"]


class RiskCommands:
    """Handles the commands about risk of a lane that trades. `begin` sets the lane's time."""

    def __init__(
        self,
        order_manager: OrderManager,
        strategies: Strategies,
        reactions: Reactions,
        message_loop: MessageLoop,
        begin: Callable[[int], None],
    ) -> None:
        self._manager = order_manager
        self._risk = order_manager.risk
        self._strategies = strategies
        self._reactions = reactions
        self._message_loop = message_loop
        self._begin = begin
        self.handlers: Mapping[type, Callable[..., None]] = {
            Kill: self._kill,
            LiftKill: self._lift_kill,
            SetLimit: self._set_limit,
            LiftCheck: self._lift_check,
        }

    def close_killed(self) -> None:
        """Closes what is still held under a kill that flattens, once its last working order has ended."""
        for kill in self._risk.kills.values():
            if kill.flatten and not any(
                self._risk.covers(kill, order.order.instrument, order.order.strategy)
                for order in self._manager.tracker.all_open()
            ):
                self._close(kill)

    def _kill(self, event: Kill) -> None:
        self._begin(event.now_ns)
        self._risk.kill(event)
        # Runs trade without asking whether anything is killed.
        self._message_loop.renew_runs()
        strategy = event.target if event.level == "strategy" else None
        for instrument in self._risk.instruments(event):
            self._manager.cancel_all(instrument, strategy)
        if event.flatten:
            self._close(event)

    def _close(self, kill: Kill) -> None:
        strategy = kill.target if kill.level == "strategy" else None
        for instrument in self._risk.instruments(kill):
            self._strategies.flatten(instrument, strategy)
            if strategy is None:
                self._manager.flatten_unowned(instrument)
        self._risk.closing = True
        try:
            self._reactions.work()
        finally:
            self._risk.closing = False

    def _lift_kill(self, event: LiftKill) -> None:
        self._begin(event.now_ns)
        self._risk.lift_kill(event)
        self._message_loop.renew_runs()

    def _set_limit(self, event: SetLimit) -> None:
        self._begin(event.now_ns)
        self._risk.set_limit(event)
        self._message_loop.renew_runs()

    def _lift_check(self, event: LiftCheck) -> None:
        self._begin(event.now_ns)
        self._risk.lift_check(event)
