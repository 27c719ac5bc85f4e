"""Makes the risk checks of a lane."""

from collections.abc import Callable, Sequence
from typing import Any

from mainspring.host.plan import Choice
from mainspring.host.registry import Registry
from mainspring.model import Instrument
from mainspring.seams import RiskCheck

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

    def make(self, choice: Choice, instrument: Instrument) -> RiskCheck:
        """Returns the check of a choice for an instrument."""
        if not self._registry.get("risk", choice.plugin).capabilities.get("across_instruments"):
            check: RiskCheck = self._make(choice, instrument)
            return check
        for known, check in self._across:
            if known == choice:
                return check
        check = self._make(choice, self._instruments)
        self._across.append((choice, check))
        return check
