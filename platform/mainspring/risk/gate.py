"""Approves or refuses requests: a new order or replace passes every risk check of its instrument."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, TypeAlias, get_args

import msgspec

from mainspring.model import (
    AccountStatement,
    Approved,
    CancelRequest,
    NewOrder,
    OrderEvent,
    OrderKind,
    OrderRequest,
    Refusal,
    ReplaceRequest,
    Side,
    TimeInForce,
)
from mainspring.plugin_calls import guarded, guarded_single
from mainspring.risk.check_answers import CHECK_FAILED, CheckAnswers
from mainspring.risk.rows import Row, conditions_of, make_row
from mainspring.seams import AccountView, MarketView, OpenOrder, RiskCheck, RiskSession

__all__ = [
    "CHECK_FAILED",
    "INVALID_ORDER",
    "LIMIT_NOT_SET",
    "NOT_YOURS",
    "ORDER_ENDED",
    "UNKNOWN_ORDER",
    "Gate",
    "changeable",
]

LIMIT_NOT_SET = "limit-not-set"
"""The config sets no limit for a check that requires one."""

INVALID_ORDER = "invalid-order"
"""The order itself is invalid: no size, no price, or contradictory terms."""

UNKNOWN_ORDER = "unknown-order"
"""A cancel or replace names an order that was never sent, or that ended long ago."""

NOT_YOURS = "not-yours"
"""A cancel or replace names an order of another strategy or instrument."""

ORDER_ENDED = "order-ended"
"""A cancel or replace names an order that has ended."""

_KINDS = frozenset(get_args(OrderKind))
_TIMES = frozenset(get_args(TimeInForce))
_ENDING = frozenset({"day", "gtd"})
_IMMEDIATE = frozenset({"ioc", "fok"})

_SETTLED = frozenset({"accepted", "partially-filled"})

_Hear: TypeAlias = Callable[[Any], Any]
_NamedChecks: TypeAlias = Sequence[tuple[str, RiskCheck]]


class Gate:
    """Makes every `Approved` request. Runs the checks of an order's instrument in order; the first refusal wins.

    `checks` holds the named checks of each instrument, by its index. `missing_required` names the required checks that
    the config sets no limit for: unless it is empty, every order is refused.

    The gate fails closed. A check that raises, or that returns anything but None or a `Refusal`, stops the order, and
    an instrument without checks lets no order pass. An exception that isn't an `Exception`, such as `SystemExit`,
    stops the lane; `owners` names each check's distribution for that error.

    `stops` says why no new order may go out, by instrument; the gate reads it at each order. Replaces that add risk are
    refused as well, cancels and smaller sizes are not.

    Checks that define more than `check` are also called as that says: see `RiskCheck`.
    """

    def __init__(
        self,
        checks: Sequence[_NamedChecks],
        missing_required: Sequence[str] = (),
        owners: Mapping[str, str] = MappingProxyType({}),
        stops: Mapping[int, Refusal] = MappingProxyType({}),
    ) -> None:
        self._owners = owners
        self._stops = stops
        self._session: RiskSession | None = None
        self._rows = [list(row) for row in checks]
        self._not_set = _not_set(missing_required)
        self.never = self._not_set is not None
        """Whether it refuses every order, for want of a limit."""
        self._gather()

    @property
    def rows(self) -> tuple[tuple[RiskCheck, ...], ...]:
        """The checks of each instrument."""
        return tuple(tuple(check for _, check in row) for row in self._rows)

    @property
    def named_rows(self) -> tuple[tuple[tuple[str, RiskCheck], ...], ...]:
        """The checks of each instrument with their names."""
        return tuple(tuple(row) for row in self._rows)

    def bind(self, session: RiskSession) -> None:
        """Gives the checks that ask for it what they see of the lane. Called once, before anything else."""
        self._session = session
        for name, check in self._each():
            self._call(name, check, "bind", session)
        self._gather()

    def named(self, name: str, instrument: int) -> RiskCheck | None:
        """Returns the check of that name of an instrument; None if it has none."""
        return next((check for known, check in self._rows[instrument] if known == name), None)

    def exchange(self, before: RiskCheck, after: RiskCheck) -> None:
        """Puts a check in another's place, wherever that stands. It takes over what the other has counted.

        Raises `PluginError` if the check raises at that.
        """
        name = next(name for name, check in self._each() if check is before)
        if self._session is not None:
            self._call(name, after, "bind", self._session)
        self._call(name, after, "adopt", before)
        self.put(before, after)

    def put(self, before: RiskCheck, after: RiskCheck) -> None:
        """Puts a check that takes over nothing in another's place, wherever that stands."""
        self._rows = [[(known, after if check is before else check) for known, check in row] for row in self._rows]
        self._gather()

    def lift(self, name: str = "") -> tuple[str, ...]:
        """Lets checks pass orders again that they stop until a person allows it: one by its name, or all.

        Returns the names of those that had stopped any.
        """
        named = [(known, check) for known, check in self._each() if name in ("", known)]
        return tuple(dict.fromkeys(known for known, check in named if self._call(known, check, "lift")))

    def on_sent(self, request: OrderRequest) -> None:
        """Tells the checks of its instrument that a request goes to the router."""
        for call in self._on_sent[request.instrument]:
            call(request)

    def on_event(self, event: OrderEvent) -> None:
        """Tells the checks of its instrument what a venue reported of an order."""
        if 0 <= event.instrument < len(self._on_event):
            for call in self._on_event[event.instrument]:
                call(event)

    def on_sent_before(self, request: OrderRequest) -> None:
        """Tells checks that count what an earlier session sent, but for those that saved what they need of it."""
        for call in self._on_sent_before[request.instrument]:
            call(request)

    def on_event_before(self, event: OrderEvent) -> None:
        """Tells checks that count what an earlier session's venue reported, as `on_sent_before` does."""
        if 0 <= event.instrument < len(self._on_event_before):
            for call in self._on_event_before[event.instrument]:
                call(event)

    def listeners(self, instrument: int) -> list[tuple[RiskCheck, _Hear | None, _Hear | None]]:
        """Returns the checks of an instrument, each with what it is called with about what is sent and reported."""
        found: list[tuple[RiskCheck, _Hear | None, _Hear | None]] = []
        for name, check in self._rows[instrument]:
            on_sent, on_event = (
                None if call is None else guarded_single(call, "risk check", name, self._owner(name))
                for call in (getattr(check, "on_sent", None), getattr(check, "on_event", None))
            )
            found.append((check, on_sent, on_event))
        return found

    def save(self) -> dict[str, Any]:
        """Returns what checks save, each by its name and the index of its first instrument."""
        return {place: call() for place, call in self._saves.items()}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Gives checks what they saved. One that isn't set any more is passed over."""
        for place, name, check in self._saving():
            if place in saved:
                self._call(name, check, "restore", saved[place])

    def approve(self, order: NewOrder, market: MarketView, account: AccountView) -> Approved[NewOrder] | Refusal:
        """Returns the approved order, stamped with the market's time, or the refusal.

        `account` must not include the order yet.
        """
        refusal = self._refusal(order, market, account)
        return Approved(order, market.now_ns) if refusal is None else refusal

    def approval_of(self, request: OrderRequest, now_ns: int) -> Approved[OrderRequest]:
        """Returns the approval of a request that a fused run has passed, by the twins of these checks."""
        return Approved(request, now_ns)

    def approve_cancel(
        self, request: CancelRequest, order: OpenOrder | None, now_ns: int
    ) -> Approved[CancelRequest] | Refusal:
        """Returns the approved cancel, or the refusal. No limit stops a cancel.

        `order` is the order that the request names, None if none is known: only an order that is unknown, of another
        strategy or instrument, or has ended is refused.
        """
        known = changeable(request, order)
        return known if isinstance(known, Refusal) else Approved(request, now_ns)

    def approve_replace(
        self, request: ReplaceRequest, order: OpenOrder | None, market: MarketView, account: AccountView
    ) -> Approved[ReplaceRequest] | Refusal:
        """Returns the approved replace, stamped with the market's time, or the refusal.

        `order` is as for `approve_cancel`. The checks see what would remain of the changed order as if it were new, and
        an account without what remains of the present one: so a size limit sees the whole size and a position limit the
        added exposure. A smaller size at the same price adds no risk and isn't checked.
        """
        known = changeable(request, order)
        if isinstance(known, Refusal):
            return known
        price_ticks, size_lots = request.price_ticks, request.size_lots
        leaves_lots = known.size_lots - known.filled_lots
        new_leaves_lots = size_lots - known.filled_lots
        if new_leaves_lots <= 0:
            return Refusal(INVALID_ORDER, f"a total of {size_lots} lots, of which {known.filled_lots} are filled")
        # While a change is in flight, the order's price at the venue isn't known.
        if known.state not in _SETTLED or price_ticks != known.price_ticks or new_leaves_lots > leaves_lots:
            without = _AccountWithout(account, known.order, leaves_lots)
            changed = msgspec.structs.replace(known.order, price_ticks=price_ticks, size_lots=new_leaves_lots)
            refusal = self._refusal(changed, market, without)
            if refusal is not None:
                return refusal
        return Approved(request, market.now_ns)

    def _each(self) -> list[tuple[str, RiskCheck]]:
        """Every check once, with its name: one that is made for all instruments stands in each row."""
        return list({id(check): (name, check) for row in self._rows for name, check in row}.values())

    def _call(self, name: str, check: RiskCheck, method: str, *arguments: object) -> Any:
        """Calls one of a check's further methods, if it has it."""
        call = getattr(check, method, None)
        return None if call is None else self._guarded(name, call)(*arguments)

    def _guarded(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        return guarded(call, "risk check", name, self._owner(name))

    def _owner(self, name: str) -> str:
        return self._owners.get(name, "an unknown distribution")

    def _gather(self) -> None:
        """Binds the checks' methods, so that an order looks nothing up."""
        self._checks = [self._make_row(row) for row in self._rows]
        self._on_sent = self._listeners("on_sent")
        self._on_event = self._listeners("on_event")
        self._on_sent_before = self._listeners("on_sent", but_for="save")
        self._on_event_before = self._listeners("on_event", but_for="save")
        self._saves = {place: self._guarded(name, check.save) for place, name, check in self._saving()}
        self.wants_clock = any(getattr(check, "wants_clock", False) for _, check in self._each())
        self.saves = bool(self._saves)
        """Whether a check saves anything."""
        self.listens = any(_listens(check) for _, check in self._each())
        """Whether a check wants to know what was asked for, sent or reported."""
        self.hears_in_runs = all(getattr(check, "hears_in_runs", False) for _, check in self._each() if _listens(check))

    def _saving(self) -> list[tuple[str, str, Any]]:
        """The checks that save: where each stands first, its name, and itself."""
        found: dict[int, tuple[str, str, Any]] = {}
        for at, row in enumerate(self._rows):
            for name, check in row:
                if hasattr(check, "save"):
                    found.setdefault(id(check), (f"{name}:{at}", name, check))
        return list(found.values())

    def _listeners(self, method: str, *, but_for: str = "") -> tuple[tuple[Callable[..., Any], ...], ...]:
        return tuple(
            tuple(
                guarded_single(call, "risk check", name, self._owner(name))
                for name, check in row
                if (call := getattr(check, method, None)) is not None and not hasattr(check, but_for)
            )
            for row in self._rows
        )

    def _refusal(self, order: NewOrder, market: MarketView, account: AccountView) -> Refusal | None:
        if self._not_set is not None:
            return self._not_set
        problem = _problem(order, len(self._checks))
        if problem:
            return Refusal(INVALID_ORDER, problem)
        return self._checks[order.instrument](order, market, account)

    def _make_row(self, row: _NamedChecks) -> Row:
        if not row:
            return partial(_without_checks, self._stops)
        bound = self._session is not None
        checks = [check for _, check in row]
        conditions = [
            self._guarded(name, conditions_of)(check, at, bound=bound) for at, (name, check) in enumerate(row)
        ]
        hear = {
            at: guarded_single(check.on_order, "risk check", name, self._owner(name))  # type: ignore[attr-defined]
            for at, (name, check) in enumerate(row)
            if conditions[at].hears
        }
        owners = [self._owner(name) for name, _ in row]
        answers = CheckAnswers([name for name, _ in row], owners)
        return make_row(checks, conditions, hear, self._stops, answers, self._session)


def _listens(check: RiskCheck) -> bool:
    return any(hasattr(check, name) for name in ("on_order", "on_sent", "on_event"))


def changeable(request: CancelRequest | ReplaceRequest, order: OpenOrder | None) -> OpenOrder | Refusal:
    """Returns the order that a request names, or the refusal if it is unknown, another's, or has ended."""
    if order is None:
        return Refusal(UNKNOWN_ORDER, f"order {request.order_id} was never sent, or ended long ago")
    sent = order.order
    if sent.instrument != request.instrument or sent.strategy != request.strategy:
        return Refusal(
            NOT_YOURS, f"order {request.order_id} isn't one of {request.strategy or 'this strategy'} in this instrument"
        )
    if order.ended:
        return Refusal(ORDER_ENDED, f"order {request.order_id} is {order.state}")
    return order


class _AccountWithout:
    """An account without what remains of one of its orders."""

    __slots__ = ("_account", "open_buy_lots", "open_sell_lots", "position_lots")

    def __init__(self, account: AccountView, order: NewOrder, leaves_lots: int) -> None:
        self.position_lots = account.position_lots
        self._account = account
        self.open_buy_lots = account.open_buy_lots - (leaves_lots if order.side > 0 else 0)
        self.open_sell_lots = account.open_sell_lots - (leaves_lots if order.side < 0 else 0)

    def statement(self) -> AccountStatement:
        """See `mainspring.seams.PositionView.statement`: no order changes it."""
        return self._account.statement()


def _without_checks(
    stops: Mapping[int, Refusal], order: NewOrder, _market: MarketView, _account: AccountView
) -> Refusal:
    return stops.get(order.instrument) or Refusal(
        LIMIT_NOT_SET, "no check is set for this instrument; set its limits in [risk]"
    )


def _not_set(missing: Sequence[str]) -> Refusal | None:
    if not missing:
        return None
    names = ", ".join(missing)
    return Refusal(LIMIT_NOT_SET, f"no limit is set for {names}: set {'each' if len(missing) > 1 else 'it'} in [risk]")


def _problem(order: NewOrder, instruments: int) -> str:
    if type(order.side) is not Side or order.kind not in _KINDS or order.time_in_force not in _TIMES:
        return f"side {order.side!r}, kind {order.kind!r}, time in force {order.time_in_force!r}"
    if type(order.expires_ns) is not int or type(order.reduce_only) is not bool:
        return f"an end at {order.expires_ns!r} ns, reduce-only {order.reduce_only!r}"
    if (order.time_in_force in _ENDING) is not (order.expires_ns > 0):
        return f"{order.time_in_force} and an end at {order.expires_ns} ns, which contradict each other"
    if type(order.size_lots) is not int or type(order.price_ticks) is not int:
        return f"{order.size_lots!r} lots at {order.price_ticks!r} ticks, which must be whole numbers"
    if order.size_lots <= 0:
        return f"a size of {order.size_lots} lots"
    if not 0 <= order.instrument < instruments:
        return f"instrument {order.instrument}, but the session has {instruments}"
    if order.kind == "limit":
        if order.price_ticks <= 0:
            return f"a limit order at {order.price_ticks} ticks"
        if order.post_only and order.time_in_force in _IMMEDIATE:
            return f"post-only and {order.time_in_force}, which contradict each other"
        return ""
    if order.price_ticks or order.post_only or order.time_in_force in _ENDING:
        return "a market order with a price, post-only, or an end of its time"
    return ""
