"""The flags of a lane as they stand, and what each gives a key."""

from collections.abc import Iterable
from typing import Any

from mainspring.errors import ConfigError
from mainspring.flags import Flag
from mainspring.lane.clock import LaneClock

__all__ = ["FlagBoard"]


class FlagBoard:
    """Answers what a flag gives a key, by the lane's time. `flags` are those of the config, or as they were set since.

    A lane without flags has none, and nothing asks it.
    """

    def __init__(self, flags: Iterable[Flag], clock: LaneClock) -> None:
        self.flags = {flag.name: flag for flag in flags}
        self._clock = clock

    def is_past(self, time_ns: int) -> bool:
        """Returns whether the lane has reached a time."""
        return time_ns <= self._clock.now_ns

    def takes(self, flag: Flag, key: str) -> bool:
        """Returns whether a flag takes a key now."""
        return flag.applies_at(self._clock.now_ns) and flag.takes(key)

    def value(self, name: str, strategy: str, market: str | None) -> Any:
        """Returns what a flag gives a strategy, or a market of it. Raises `ConfigError` for an unknown flag."""
        flag = self.flags.get(name)
        if flag is None or flag.slot:
            known = ", ".join(one.name for one in self.flags.values() if not one.slot) or "none"
            raise ConfigError(
                f"strategy {strategy}: there is no flag {name!r} to read: add [flags.{name}] without a slot to the "
                f"config; there are: {known}"
            )
        if flag.unit == "instrument" and market is None:
            raise ConfigError(f"strategy {strategy}: the flag {name!r} is one of instruments: name the market, too")
        key = strategy if flag.unit == "strategy" or market is None else market
        return flag.value if self.takes(flag, key) else flag.otherwise
