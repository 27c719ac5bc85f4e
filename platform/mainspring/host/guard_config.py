"""The configuration of what stops a flag's ramp."""

from typing import Annotated

import msgspec

__all__ = ["GuardConfig"]

_AtLeastZero = Annotated[float, msgspec.Meta(ge=0)]


class GuardConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table `[flags.NAME.guards]`: how far a candidate may part from its control before it is taken back.

    `differences` is how many results may differ for the same input, and `p99_ratio` how many times as long the
    candidate's 99th percentile may take; both need a candidate and a control that were given the same `inputs`, at
    least that many. The others compare the instruments that the flag takes with those that it doesn't, once each group
    has `orders` requests: `refused_pct` and `rejected_pct` are percentage points that more of the candidate's requests
    may be refused by checks, or rejected by venues, `slippage_bps` how much more its fills may cost against their
    arrival prices, and `loss` what each of its instruments may lose in its own currency. None is no guard.
    """

    differences: Annotated[int, msgspec.Meta(ge=0)] | None = 0
    p99_ratio: Annotated[float, msgspec.Meta(ge=1)] | None = None
    refused_pct: _AtLeastZero | None = None
    rejected_pct: _AtLeastZero | None = None
    slippage_bps: _AtLeastZero | None = None
    loss: _AtLeastZero | None = None
    inputs: Annotated[int, msgspec.Meta(ge=1)] = 1_000
    orders: Annotated[int, msgspec.Meta(ge=1)] = 20

    @property
    def by_orders(self) -> bool:
        """Whether it compares orders of instruments."""
        return any(one is not None for one in (self.refused_pct, self.rejected_pct, self.slippage_bps, self.loss))
