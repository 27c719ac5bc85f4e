"""Makes the risk checks of a lane."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from mainspring.errors import MainspringError
from mainspring.host.plan import Choice
from mainspring.host.registry import Registry
from mainspring.lane import LaneRiskSession, Remade, RiskControl
from mainspring.model import Instrument
from mainspring.risk import Gate
from mainspring.seams import NEVER_NS, ClockReading, RiskCheck

__all__ = ["CheckMaker"]


class CheckMaker:
    """Makes each check for an instrument, or once for all of the lane's where it depends on them.

    `make` calls a choice's factory with arguments.
    """

    def __init__(self, registry: Registry, instruments: Sequence[Instrument], make: Callable[..., Any]) -> None:
        self._registry = registry
        self._instruments = tuple(instruments)
        self._make = make
        self._across: list[tuple[Choice, RiskCheck]] = []
        # What each check was made of. They live as long as this, so that no other object has their ids.
        self._made: dict[int, tuple[RiskCheck, Choice, Any]] = {}

    def make(self, choice: Choice, instrument: Instrument) -> RiskCheck:
        """Returns the check of a choice for an instrument."""
        if not self._registry.get("risk", choice.plugin).capabilities.get("across_instruments"):
            return self.note(choice, instrument)
        for known, check in self._across:
            if known == choice:
                return check
        check = self.note(choice, self._instruments)
        self._across.append((choice, check))
        return check

    def control(self, gate: Gate, session: LaneRiskSession, labels: Sequence[str]) -> RiskControl:
        """Returns the control of a lane's risk. `labels` name the instruments with their feeds."""
        # Replayed messages come when they say: no other clock is of interest.
        session.clock = ClockReading(0, 0, 0, NEVER_NS)
        names = [(label, one.symbol) for label, one in zip(labels, self._instruments, strict=True)]
        return RiskControl(gate, session, names, self.remake, self.values)

    def remake(self, check: RiskCheck, value: str) -> Remade:
        """Returns a check with another value, as JSON: the limit, or an object with all options.

        Raises `ValueError` if the check doesn't take the value.
        """
        if id(check) not in self._made:
            raise ValueError("a candidate stands by for it: end that first, see docs/flags.md")
        _, choice, argument = self._made[id(check)]
        options = self._registry.get("risk", choice.plugin).options
        if options is None:
            raise ValueError("it has no options")
        try:
            decoded = msgspec.json.decode(value)
            fields = decoded if isinstance(decoded, dict) else {"limit": decoded}
            changed = msgspec.convert(fields, options)
            made = self.note(msgspec.structs.replace(choice, options=changed), argument)
        except (msgspec.MsgspecError, MainspringError) as error:
            raise ValueError(str(error)) from error
        loosens = getattr(changed, "loosens", None)
        return Remade(made, loosens is None or bool(loosens(choice.options)))

    def values(self, check: RiskCheck) -> Any:
        """Returns a check's options, by name, as JSON has them."""
        # Where a candidate stands by, the active one has the limit that counts.
        options = self._made[id(getattr(check, "active", check))][1].options
        return {} if options is None else msgspec.to_builtins(options)

    def note(self, choice: Choice, argument: Any) -> RiskCheck:
        """Makes the check of a choice with its argument, an instrument or all, and remembers what it was made of."""
        check: RiskCheck = self._make(choice, argument)
        self._made[id(check)] = check, choice, argument
        return check
