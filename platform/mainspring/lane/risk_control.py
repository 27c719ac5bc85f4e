"""What people change of a lane's risk rules while it runs: limits, and the kill switch."""

import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from mainspring.lane.events import Kill, LiftCheck, LiftKill, SetLimit
from mainspring.lane.risk_history import RiskHistory
from mainspring.lane.risk_session import LaneRiskSession
from mainspring.model import CancelRequest, OrderRequest, Refusal
from mainspring.risk import Gate
from mainspring.seams import RiskCheck

__all__ = ["KILLED", "Outcome", "Remade", "RiskControl"]

KILLED = "kill-switch"
"""A person, or a rule, has stopped trading: in the instrument, of the strategy, or altogether."""


class Outcome(NamedTuple):
    """What became of a command: whether it was done, and what a person should know of it."""

    done: bool
    text: str


class Remade(NamedTuple):
    """A check with other options. `loosens` says whether it may let something pass that the check before doesn't."""

    check: RiskCheck
    loosens: bool


def _refuse_to_remake(check: RiskCheck, _value: str) -> Remade:
    raise ValueError(f"nothing here makes a {type(check).__name__}")


def _no_limits(_check: RiskCheck) -> Any:
    return {}


class RiskControl:
    """The rules of risk of a lane: its gate, what the gate's checks see, the kill switch, and limits that change.

    `labels` are the names of each instrument. `remake` makes a check with another value, given as JSON: it gets the
    check and the value, and raises `ValueError` for one that the check doesn't take. `limits` returns the
    values of a check, for people. `outcome` is what became of the last command.
    """

    def __init__(
        self,
        gate: Gate,
        session: LaneRiskSession,
        labels: Sequence[tuple[str, ...]],
        remake: Callable[[RiskCheck, str], Remade] = _refuse_to_remake,
        limits: Callable[[RiskCheck], Any] = _no_limits,
    ) -> None:
        self.gate = gate
        self.session = session
        gate.bind(session)
        self._labels = labels
        self._remake = remake
        self._limits = limits
        self.kills: dict[tuple[str, str], Kill] = {}
        """What is stopped: each kill by its level and target."""
        self.closing = False
        """Whether the requests at hand close positions at a person's word, which no kill stops."""
        self.outcome = Outcome(True, "")
        self.history = RiskHistory(self)
        """Takes what is known of the sessions before."""
        self._saved: dict[str, Any] = {}

    def kill(self, event: Kill) -> None:
        """Stops new orders and changes. What has been killed stays so."""
        self.kills[event.level, event.target] = event
        known = event.level != "instrument" or self.instruments(event)
        self.outcome = Outcome(True, _describe(event) + ("" if known else ", which isn't one of this lane's"))

    def lift_kill(self, event: LiftKill) -> None:
        """Allows new orders again that this kill has stopped; others stay."""
        lifted = self.kills.pop((event.level, event.target), None)
        what = event.target or "everything"
        self.outcome = Outcome(False, f"{what} wasn't killed") if lifted is None else Outcome(True, f"{what} is lifted")

    def refusal(self, request: OrderRequest) -> Refusal | None:
        """Returns the refusal of a new order or change that a kill stops; None if none does."""
        if not self.kills or self.closing or type(request) is CancelRequest:
            return None
        for kill in self.kills.values():
            if self.covers(kill, request.instrument, request.strategy):
                return Refusal(KILLED, f"{_describe(kill)} by {kill.who or 'nobody named'}: {kill.why}")
        return None

    def covers(self, kill: Kill, instrument: int, strategy: str) -> bool:
        """Returns whether a kill stops a strategy in an instrument."""
        if kill.level == "all":
            return True
        if kill.level == "strategy":
            return strategy == kill.target
        return kill.target in self._labels[instrument]

    def instruments(self, kill: Kill) -> list[int]:
        """Returns the instruments in which a kill stops something."""
        if kill.level != "instrument":
            return list(range(len(self._labels)))
        return [at for at, names in enumerate(self._labels) if kill.target in names]

    def save(self) -> bytes:
        """Returns what checks save, as JSON, if it has changed since the last call; else nothing."""
        if not self.gate.saves:
            return b""
        saved = self.gate.save()
        if saved == self._saved:
            return b""
        self._saved = saved
        # Unlike other encoders it takes whole numbers of any size.
        return json.dumps(saved, separators=(",", ":")).encode()

    def set_limit(self, event: SetLimit, *, before: bool = False) -> None:
        """Changes a check's limit: tighter at once, looser only if it was confirmed. All or nothing.

        What was set `before`, in an earlier session, was confirmed then.

        Raises `PluginError` if the check raises.
        """
        places = [at for at, names in enumerate(self._labels) if event.instrument is None or event.instrument in names]
        found = {id(check): check for at in places if (check := self.gate.named(event.check, at)) is not None}
        if not found:
            where = f" of {event.instrument}" if event.instrument else ""
            self.outcome = Outcome(False, f"no check {event.check!r}{where} runs here: name one that the config sets")
            return
        try:
            remade = [(check, self._remake(check, event.value)) for check in found.values()]
        except ValueError as error:
            self.outcome = Outcome(False, f"{event.check} can't be set to {event.value}: {error}")
            return
        fixed = [new.check for old, new in remade if counts(old) and not hasattr(new.check, "adopt")]
        if fixed:
            self.outcome = Outcome(False, f"{event.check} counts, and can't be changed while the session runs")
            return
        loosens = any(new.loosens for _, new in remade)
        if loosens and not (event.confirmed or before):
            self.outcome = Outcome(False, f"{event.value} is looser than what {event.check} is now: confirm it")
            return
        for old, new in remade:
            self.gate.exchange(old, new.check)
        how = "looser, as confirmed" if loosens else "tighter"
        self.outcome = Outcome(True, f"{event.check} is {event.value} now, {how}")

    def lift_check(self, event: LiftCheck) -> None:
        """Lets a check, or all, pass orders again that it stops until a person allows it.

        Raises `PluginError` if the check raises.
        """
        lifted = self.gate.lift(event.check)
        text = f"lifted: {', '.join(lifted)}" if lifted else f"{event.check or 'no check'} had stopped nothing"
        self.outcome = Outcome(bool(lifted), text)

    def limits(self) -> list[tuple[str, str, Any]]:
        """Returns each check's name, its instrument's (empty for all together), and its values."""
        rows: list[tuple[str, str, Any]] = []
        seen: set[int] = set()
        every = self.gate.named_rows
        for at, row in enumerate(every):
            for name, check in row:
                if id(check) in seen:
                    continue
                seen.add(id(check))
                shared = sum(any(one is check for _, one in other) for other in every) > 1
                rows.append((name, "" if shared else self._labels[at][0], self._limits(check)))
        return rows


def counts(check: RiskCheck) -> bool:
    """Whether a check keeps something that it has heard."""
    return hasattr(check, "on_sent") or hasattr(check, "on_event")


def _describe(kill: Kill) -> str:
    return "everything is killed" if kill.level == "all" else f"the {kill.level} {kill.target} is killed"
