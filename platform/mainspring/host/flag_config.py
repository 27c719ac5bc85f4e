"""The configuration's tables for flags."""

from datetime import datetime
from typing import Annotated, Any

import msgspec

from mainspring.flags import Unit
from mainspring.host.guard_config import GuardConfig

__all__ = ["FlagConfig"]


class FlagConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table `[flags.NAME]`.

    `slot` is what the flag exchanges, and `candidate` with `options` what it puts there for `share` percent of the keys
    of `unit`; without a candidate it is the plugin that runs, with these options instead of its own. `control` is the
    plugin for the others, by default what the slot would have without the flag. A flag without a slot is read by
    strategies, and is `value` for its share and `otherwise` for the others. `salt` makes flags take the same keys if it
    is the same; by default each flag takes others. With `shadow` the candidate runs next to the control, too, where it
    isn't active. The flag applies from `start` up to `end`, with their offset from UTC. `guards` stop its ramps.
    """

    owner: Annotated[str, msgspec.Meta(min_length=1)]
    reason: Annotated[str, msgspec.Meta(min_length=1)]
    slot: str = ""
    candidate: str = ""
    control: str = ""
    options: dict[str, Any] = {}
    value: Any = True
    otherwise: Any = False
    share: Annotated[float, msgspec.Meta(ge=0, le=100)] = 0.0
    unit: Unit | None = None
    salt: str = ""
    start: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    end: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    shadow: bool = False
    guards: GuardConfig = GuardConfig()

    def __post_init__(self) -> None:
        if self.guards.by_orders and self.unit not in (None, "instrument"):
            raise ValueError('refused_pct, rejected_pct, slippage_bps and loss need unit = "instrument"')
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise ValueError("end must be after start")
        if self.slot and (self.value is not True or self.otherwise is not False):
            raise ValueError("value and otherwise are for flags that strategies read, without a slot")
        if not self.slot and (self.candidate or self.control or self.options or self.shadow):
            raise ValueError("candidate, control, options and shadow are for flags with a slot")
