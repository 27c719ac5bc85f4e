"""Refuses new orders of a day with too many cancels for its fills."""

from decimal import Decimal
from typing import Annotated

import msgspec

from mainspring.model import CancelRequest, Fill, Instrument, NewOrder, OrderEvent, OrderRequest, Refusal
from mainspring.seams import AccountView, Catalogue, MarketView, RiskSession, hookimpl
from mainspring_plugins.risk._limit import reduces
from mainspring_plugins.risk._scopes import refuse_negative

__all__ = ["CancelCounts", "CancelToFillOptions", "MaxCancelToFill", "register_risk_checks"]

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


class CancelCounts:
    """The cancels and fills of a UTC day: it is the last one in which anything was counted or asked."""

    __slots__ = ("cancels", "day_begins_ns", "day_ends_ns", "fills")

    def __init__(self) -> None:
        self.day_begins_ns = self.day_ends_ns = self.cancels = self.fills = 0

    def begin_day(self, now_ns: int) -> None:
        """Counts from nothing if that is another day."""
        if not self.day_begins_ns <= now_ns < self.day_ends_ns:
            self.day_begins_ns = now_ns // _DAY_NS * _DAY_NS
            self.day_ends_ns = self.day_begins_ns + _DAY_NS
            self.cancels = self.fills = 0

    def add_cancel(self, now_ns: int) -> None:
        """Counts a cancel."""
        self.begin_day(now_ns)
        self.cancels += 1

    def add_fill(self, now_ns: int) -> None:
        """Counts a fill."""
        self.begin_day(now_ns)
        self.fills += 1

    def state(self) -> tuple[int, int, int, int]:
        """Returns when the day begins and ends, its cancels and its fills."""
        return self.day_begins_ns, self.day_ends_ns, self.cancels, self.fills

    def restore(self, state: tuple[int, int, int, int]) -> None:
        """Takes over what others have counted, as `state` has it."""
        self.day_begins_ns, self.day_ends_ns, self.cancels, self.fills = state


class MaxCancelToFill:
    """Passes new orders while the day's cancels of an instrument are within `limit` times its fills.

    The first `after` cancels don't count against it. Changes pass, and so do orders that reduce the position.
    """

    hears_in_runs = True
    passes_if = (
        "self.counts.day_begins_ns <= now_ns < self.counts.day_ends_ns "
        "and (changed is not None or self.counts.cancels <= self.after)"
    )

    def __init__(self, instrument: Instrument, *, options: CancelToFillOptions) -> None:
        self._limit = options.limit
        self.fills_for, self.cancels_for = options.limit.as_integer_ratio()
        self.after = options.after
        self._session: RiskSession | None = None
        self.counts = CancelCounts()
        """What was cancelled and filled. A fused run puts a twin in its place, with the same methods."""

    def bind(self, session: RiskSession) -> None:
        """See `mainspring.seams.RiskCheck`."""
        self._session = session

    def adopt(self, before: "MaxCancelToFill") -> None:
        """See `mainspring.seams.RiskCheck`."""
        self.counts = before.counts

    @property
    def within(self) -> bool:
        """Whether the cancels of the day that is counted are within the limit."""
        cancels = self.counts.cancels
        return cancels <= self.after or cancels * self.cancels_for <= self.counts.fills * self.fills_for

    def on_sent(self, request: OrderRequest) -> None:
        """See `mainspring.seams.RiskCheck`."""
        if isinstance(request, CancelRequest):
            self.counts.add_cancel(self._now_ns)

    def on_event(self, event: OrderEvent) -> None:
        """See `mainspring.seams.RiskCheck`."""
        if isinstance(event, Fill):
            self.counts.add_fill(self._now_ns)

    def check(self, order: NewOrder, market: MarketView, account: AccountView) -> Refusal | None:
        """Implements `mainspring.seams.RiskCheck`."""
        session = self._session
        if session is None:
            return Refusal(_NAME, "nothing says what was cancelled: 0 cancels known")
        self.counts.begin_day(session.now_ns)
        if session.changed is not None or self.within or reduces(order, account):
            return None
        figures = f"{self.counts.cancels} cancels for {self.counts.fills} fills"
        return Refusal(_NAME, f"{figures} are more than {self._limit} for each")

    @property
    def _now_ns(self) -> int:
        assert self._session is not None
        return self._session.now_ns


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
