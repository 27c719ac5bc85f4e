"""Refuses new orders of a day with too many cancels for its fills."""

from decimal import Decimal
from typing import Annotated

import msgspec

from mainspring.model import CancelRequest, Fill, Instrument, NewOrder, OrderEvent, OrderRequest, Refusal
from mainspring.seams import AccountView, Catalogue, MarketView, RiskSession, hookimpl
from mainspring_plugins.risk._limit import reduces
from mainspring_plugins.risk._scopes import refuse_negative

__all__ = ["CancelToFillOptions", "MaxCancelToFill", "register_risk_checks"]

_NAME = "max_cancel_to_fill"
_DAY_NS = 24 * 3_600 * 10**9


class CancelToFillOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At most `limit` cancels for each fill of a UTC day, once there were more than `after` cancels."""

    limit: Decimal
    after: Annotated[int, msgspec.Meta(ge=0)] = 100

    def __post_init__(self) -> None:
        refuse_negative(limit=self.limit)

    def loosens(self, before: "CancelToFillOptions") -> bool:
        """Returns whether this lets something pass that `before` doesn't."""
        return self.limit > before.limit or self.after > before.after


class MaxCancelToFill:
    """Passes new orders while the day's cancels of an instrument are within `limit` times its fills.

    The first `after` cancels don't count against it. Changes pass, and so do orders that reduce the position.
    """

    hears_in_runs = True
    passes_if = (
        "self.day_begins_ns <= now_ns < self.day_ends_ns and (changed is not None or self.cancels <= self.after)"
    )

    def __init__(self, instrument: Instrument, *, options: CancelToFillOptions) -> None:
        self._limit = options.limit
        self._numerator, self._denominator = options.limit.as_integer_ratio()
        self.after = options.after
        self._session: RiskSession | None = None
        # Of the day that is counted.
        self.day_begins_ns = self.day_ends_ns = self.cancels = self.fills = 0

    def bind(self, session: RiskSession) -> None:
        """See `mainspring.seams.RiskCheck`."""
        self._session = session

    def adopt(self, before: "MaxCancelToFill") -> None:
        """See `mainspring.seams.RiskCheck`."""
        self.day_begins_ns, self.day_ends_ns = before.day_begins_ns, before.day_ends_ns
        self.cancels, self.fills = before.cancels, before.fills

    @property
    def within(self) -> bool:
        """Whether the cancels of the day that is counted are within the limit."""
        return self.cancels <= self.after or self.cancels * self._denominator <= self.fills * self._numerator

    def on_sent(self, request: OrderRequest) -> None:
        """See `mainspring.seams.RiskCheck`."""
        if isinstance(request, CancelRequest):
            self._begin_day()
            self.cancels += 1

    def on_event(self, event: OrderEvent) -> None:
        """See `mainspring.seams.RiskCheck`."""
        if isinstance(event, Fill):
            self._begin_day()
            self.fills += 1

    def check(self, order: NewOrder, market: MarketView, account: AccountView) -> Refusal | None:
        """Implements `mainspring.seams.RiskCheck`."""
        session = self._session
        if session is None:
            return Refusal(_NAME, "nothing says what was cancelled: 0 cancels known")
        self._begin_day()
        if session.changed is not None or self.within or reduces(order, account):
            return None
        return Refusal(_NAME, f"{self.cancels} cancels for {self.fills} fills are more than {self._limit} for each")

    def _begin_day(self) -> None:
        assert self._session is not None
        now_ns = self._session.now_ns
        if not self.day_begins_ns <= now_ns < self.day_ends_ns:
            self.day_begins_ns = now_ns // _DAY_NS * _DAY_NS
            self.day_ends_ns = self.day_begins_ns + _DAY_NS
            self.cancels = self.fills = 0


@hookimpl
def register_risk_checks(catalogue: Catalogue) -> None:
    """Offers `max_cancel_to_fill`."""
    catalogue.add(
        _NAME,
        MaxCancelToFill,
        summary="Most cancels for each fill of a day",
        options=CancelToFillOptions,
        capabilities={"in_runs": True},
    )
