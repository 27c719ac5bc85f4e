"""Refuses requests beyond what a venue takes in a time."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

import msgspec

from mainspring.model import CancelRequest, Instrument, NewOrder, OrderRequest, Refusal
from mainspring.seams import AccountView, Catalogue, MarketView, RiskSession, hookimpl

__all__ = ["MaxMessageRate", "RateCounts", "RateOptions", "RateRule", "register_risk_checks"]

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

    def add(self, now_ns: int, weight: int) -> None:
        self.sent.append((now_ns, weight))
        self.total += weight


class RateCounts:
    """What was sent, by venue, and what may be: at most a limit in each window in nanoseconds, by the `rules`."""

    def __init__(self, rules: Sequence[tuple[int, int]]) -> None:
        self.rules = tuple(rules)
        self._venues: dict[int, tuple[_Counted, ...]] = {}
        # By venue: what may be sent at least, by each rule.
        self._room: dict[int, int] = {}
        self._all = min(limit for limit, _ in self.rules)

    def room(self, venue: int) -> int:
        """Returns what a venue takes at least, without a look at what is too old to count."""
        return self._room.get(venue, self._all)

    def above(self, venue: int, now_ns: int, weight: int) -> tuple[int, int, int] | None:
        """Returns the first rule that a request of that weight would break; None if it breaks none.

        It is what would be sent within the window, the window in nanoseconds, and the limit.
        """
        counts = self._counts(venue)
        for counted in counts:
            # What is too old may still be among it: it is never less than what is within the window.
            if counted.total + weight > counted.limit:
                total = counted.within(now_ns) + weight
                self._measure_room(venue, counts)
                if total > counted.limit:
                    return total, counted.window_ns, counted.limit
        return None

    def add(self, venue: int, now_ns: int, weight: int) -> None:
        """Counts a request of that weight."""
        counts = self._counts(venue)
        for counted in counts:
            counted.within(now_ns)
            counted.add(now_ns, weight)
        self._measure_room(venue, counts)

    def state(self) -> dict[int, list[tuple[int, int]]]:
        """Returns the times and weights that the longest window has kept, by venue, oldest first."""
        longest = max(range(len(self.rules)), key=lambda at: self.rules[at][1])
        return {venue: list(counts[longest].sent) for venue, counts in self._venues.items()}

    def restore(self, state: Mapping[int, Sequence[tuple[int, int]]]) -> None:
        """Takes over what others have counted, as `state` has it. Nothing was counted here."""
        for venue, sent in state.items():
            counts = self._counts(venue)
            for counted in counts:
                counted.sent = deque(sent)
                counted.total = sum(weight for _, weight in sent)
            self._measure_room(venue, counts)

    def _measure_room(self, venue: int, counts: Iterable[_Counted]) -> None:
        self._room[venue] = min(counted.limit - counted.total for counted in counts)

    def _counts(self, venue: int) -> tuple[_Counted, ...]:
        counts = self._venues.get(venue)
        if counts is None:
            counts = self._venues[venue] = tuple(_Counted(*rule) for rule in self.rules)
        return counts


class MaxMessageRate:
    """Passes a new order or change while it and what was sent to its venue stay within every rule.

    Cancels count, and are never refused: leave room for them. A venue counts all instruments together.
    """

    hears_in_runs = True
    passes_if = "(self.new if changed is None else self.replace) <= self.counts.room(session.venue(order.instrument))"

    def __init__(self, instruments: Sequence[Instrument], *, options: RateOptions) -> None:
        self._session: RiskSession | None = None
        self.counts = RateCounts([(rule.limit, rule.window_ms * _NS_IN_MS) for rule in options.every()])
        """What was sent. A fused run puts a twin in its place, with the same methods."""
        self.new, self.replace, self.cancel = options.new, options.replace, options.cancel

    def bind(self, session: RiskSession) -> None:
        """See `mainspring.seams.RiskCheck`."""
        self._session = session

    def adopt(self, before: "MaxMessageRate") -> None:
        """See `mainspring.seams.RiskCheck`. A longer window starts with what the longest one had kept."""
        self.counts.restore(before.counts.state())

    def venue(self, instrument: int) -> int:
        """Returns the number of the venue to which an instrument's requests count."""
        assert self._session is not None
        return self._session.venue(instrument)

    def check(self, order: NewOrder, market: MarketView, account: AccountView) -> Refusal | None:
        """Implements `mainspring.seams.RiskCheck`."""
        session = self._session
        if session is None:
            return Refusal(_NAME, "nothing says what was sent: 0 requests known")
        weight = self.new if session.changed is None else self.replace
        broken = self.counts.above(session.venue(order.instrument), session.now_ns, weight)
        if broken is None:
            return None
        total, window_ns, limit = broken
        return Refusal(_NAME, f"{total} requests in {window_ns // _NS_IN_MS} ms are above {limit}")

    def on_sent(self, request: OrderRequest) -> None:
        """See `mainspring.seams.RiskCheck`."""
        session = self._session
        if session is None:
            return
        weight = (
            self.new
            if isinstance(request, NewOrder)
            else self.cancel
            if isinstance(request, CancelRequest)
            else self.replace
        )
        self.counts.add(session.venue(request.instrument), session.now_ns, weight)


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
