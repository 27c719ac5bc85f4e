"""Refuses requests beyond what a venue takes in a time."""

from collections import deque
from collections.abc import Sequence
from typing import Annotated

import msgspec

from mainspring.model import CancelRequest, Instrument, NewOrder, OrderRequest, Refusal
from mainspring.seams import AccountView, Catalogue, MarketView, RiskSession, hookimpl

__all__ = ["MaxMessageRate", "RateOptions", "RateRule", "register_risk_checks"]

_NAME = "max_message_rate"
_NS_IN_MS = 1_000_000

_Count = Annotated[int, msgspec.Meta(ge=0)]
_Window = Annotated[int, msgspec.Meta(ge=1, le=31 * 24 * 3_600_000)]


class RateRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At most `limit` in any `window_ms` milliseconds."""

    limit: _Count
    window_ms: _Window = 1_000


class RateOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At most `limit` in any `window_ms` milliseconds, and what each of the `rules` allows as well.

    `new`, `replace` and `cancel` are what such a request counts, by the venue's rules.
    """

    limit: _Count
    window_ms: _Window = 1_000
    rules: tuple[RateRule, ...] = ()
    new: _Count = 1
    replace: _Count = 1
    cancel: _Count = 1

    def every(self) -> tuple[RateRule, ...]:
        """Returns all rules."""
        return (RateRule(limit=self.limit, window_ms=self.window_ms), *self.rules)

    def loosens(self, before: "RateOptions") -> bool:
        """Returns whether this lets something pass that `before` doesn't, as far as the rules' numbers say."""
        weights = (self.new, self.replace, self.cancel), (before.new, before.replace, before.cancel)
        windows = [rule.window_ms for rule in self.every()], [rule.window_ms for rule in before.every()]
        limits = zip(self.every(), before.every(), strict=False)
        return weights[0] != weights[1] or windows[0] != windows[1] or any(a.limit > b.limit for a, b in limits)


class _Counted:
    """What was sent to one venue within a window, oldest first, and the most that may be."""

    __slots__ = ("limit", "sent", "total", "window_ns")

    def __init__(self, limit: int, window_ns: int) -> None:
        self.limit = limit
        self.window_ns = window_ns
        self.sent: deque[tuple[int, int]] = deque()
        self.total = 0

    def within(self, now_ns: int) -> int:
        """Returns what was sent within the window, and forgets the rest."""
        sent = self.sent
        while sent and now_ns - sent[0][0] >= self.window_ns:
            self.total -= sent.popleft()[1]
        return self.total

    def spare(self, now_ns: int) -> int:
        """Returns what may be sent now, and forgets nothing."""
        old = 0
        for sent_ns, weight in self.sent:
            if now_ns - sent_ns < self.window_ns:
                break
            old += weight
        return self.limit - self.total + old

    def add(self, now_ns: int, weight: int) -> None:
        self.sent.append((now_ns, weight))
        self.total += weight


class MaxMessageRate:
    """Passes a new order or change while it and what was sent to its venue stay within every rule.

    Cancels count, and are never refused: leave room for them. A venue counts all instruments together.
    """

    hears_in_runs = True
    passes_if = "(self.new if changed is None else self.replace) <= self.room.get(session.venue(order.instrument), -1)"

    def __init__(self, instruments: Sequence[Instrument], *, options: RateOptions) -> None:
        self._options = options
        self.rules = tuple((rule.limit, rule.window_ms * _NS_IN_MS) for rule in options.every())
        self._session: RiskSession | None = None
        # By venue: a count for each rule.
        self.venues: dict[int, tuple[_Counted, ...]] = {}
        # By venue: what may be sent at least, by each rule.
        self.room: dict[int, int] = {}
        self.new, self.replace, self.cancel = options.new, options.replace, options.cancel

    def bind(self, session: RiskSession) -> None:
        """See `mainspring.seams.RiskCheck`."""
        self._session = session

    def spare(self) -> int | None:
        """Returns what may be sent now, in a lane of one instrument; None in others."""
        session = self._session
        if session is None or len(session.instruments) != 1:
            return None
        now_ns, limits = session.now_ns, [limit for limit, _ in self.rules]
        counts = self.venues.get(session.venue(0))
        return min(limits if counts is None else [counted.spare(now_ns) for counted in counts])

    def adopt(self, before: "MaxMessageRate") -> None:
        """See `mainspring.seams.RiskCheck`. A longer window starts with what the longest one had kept."""
        longest = max(range(len(before.rules)), key=lambda at: before.rules[at][1])
        for venue, counts in before.venues.items():
            for counted in self._counts(venue):
                counted.sent = deque(counts[longest].sent)
                counted.total = sum(weight for _, weight in counted.sent)
            self._measure_room(venue)

    def check(self, order: NewOrder, market: MarketView, account: AccountView) -> Refusal | None:
        """Implements `mainspring.seams.RiskCheck`."""
        session = self._session
        if session is None:
            return Refusal(_NAME, "nothing says what was sent: 0 requests known")
        weight = self._options.new if session.changed is None else self._options.replace
        for counted in self._counts(session.venue(order.instrument)):
            # What is too old may still be among it: it is never less than what is within the window.
            if counted.total + weight > counted.limit:
                total = counted.within(session.now_ns) + weight
                if total > counted.limit:
                    window_ms = counted.window_ns // _NS_IN_MS
                    return Refusal(_NAME, f"{total} requests in {window_ms} ms are above {counted.limit}")
        return None

    def on_sent(self, request: OrderRequest) -> None:
        """See `mainspring.seams.RiskCheck`."""
        session, options = self._session, self._options
        if session is None:
            return
        weight = (
            options.new
            if isinstance(request, NewOrder)
            else options.cancel
            if isinstance(request, CancelRequest)
            else options.replace
        )
        now_ns = session.now_ns
        venue = session.venue(request.instrument)
        for counted in self._counts(venue):
            counted.within(now_ns)
            counted.add(now_ns, weight)
        self._measure_room(venue)

    def _counts(self, venue: int) -> tuple[_Counted, ...]:
        counts = self.venues.get(venue)
        if counts is None:
            counts = self.venues[venue] = tuple(_Counted(*rule) for rule in self.rules)
            self._measure_room(venue)
        return counts

    def _measure_room(self, venue: int) -> None:
        self.room[venue] = min(counted.limit - counted.total for counted in self.venues[venue])


@hookimpl
def register_risk_checks(catalogue: Catalogue) -> None:
    """Offers `max_message_rate`."""
    catalogue.add(
        _NAME,
        MaxMessageRate,
        summary="Most requests to a venue in a time; cancels count and always pass",
        options=RateOptions,
        capabilities={"across_instruments": True, "in_runs": True},
    )
