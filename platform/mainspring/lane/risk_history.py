"""Counts on from the sessions before: what a lane's risk checks hear of those."""

import json
from typing import TYPE_CHECKING

from mainspring.lane.events import LiftCheck, SetLimit

if TYPE_CHECKING:
    from mainspring.lane.risk_control import RiskControl
    from mainspring.model import OrderEvent, OrderRequest

__all__ = ["RiskHistory"]


class RiskHistory:
    """Has the checks of a new lane count again what was sent and reported before, each at its time.

    So a restart begins no count and no loss again. `counts` says whether any check wants to know.
    """

    def __init__(self, risk: "RiskControl") -> None:
        self._risk = risk

    @property
    def counts(self) -> bool:
        """Whether any check counts."""
        return self._risk.gate.listens

    def sent(self, request: "OrderRequest", now_ns: int) -> None:
        """A request was approved and sent at a time of the lane."""
        self._risk.session.go_to(now_ns)
        self._risk.gate.on_sent_before(request)

    def reported(self, event: "OrderEvent", now_ns: int) -> None:
        """A venue reported an `event`, of which orders and positions know already."""
        self._risk.session.go_to(now_ns)
        self._risk.gate.on_event_before(event)

    def said(self, command: SetLimit | LiftCheck, now_ns: int) -> None:
        """A person changed or lifted a check, and had confirmed it if that was needed."""
        self._risk.session.go_to(now_ns)
        if isinstance(command, LiftCheck):
            self._risk.lift_check(command)
        else:
            self._risk.set_limit(command, before=True)

    def restore(self, states: bytes) -> None:
        """Gives checks what they had saved last, if anything, and the lane's own time again."""
        self._risk.session.go_to(None)
        if states:
            self._risk.gate.restore(json.loads(states))
