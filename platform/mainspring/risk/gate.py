"""Runs every risk check of an instrument; an order passes all of them or is refused."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias, get_args

import msgspec

from mainspring.model import ApprovedOrder, NewOrder, OrderKind, Refusal, Side, TimeInForce
from mainspring.plugin_calls import describe_exception, wrap_error
from mainspring.seams import AccountView, MarketView, OpenOrder, RiskCheck

__all__ = ["CHECK_FAILED", "INVALID_ORDER", "LIMIT_NOT_SET", "Gate"]

LIMIT_NOT_SET = "limit-not-set"
"""The config sets no limit for a check that requires one."""

CHECK_FAILED = "check-failed"
"""A check raised, or returned neither None nor a `Refusal`."""

INVALID_ORDER = "invalid-order"
"""The order itself is invalid: no size, no price, or contradictory terms."""

_KINDS = frozenset(get_args(OrderKind))
_TIMES = frozenset(get_args(TimeInForce))

_NamedChecks: TypeAlias = Sequence[tuple[str, RiskCheck]]


class Gate:
    """Runs the checks of an order's instrument in order; the first refusal wins.

    `checks` holds the named checks of each instrument, by its index. `missing_required` names the required checks that
    the config sets no limit for: unless it is empty, every order is refused.

    The gate fails closed. A check that raises, or that returns anything but None or a `Refusal`, stops the order, and
    an instrument without checks lets no order pass. An exception that isn't an `Exception`, such as `SystemExit`,
    stops the lane; `owners` names each check's distribution for that error.
    """

    def __init__(
        self,
        checks: Sequence[_NamedChecks],
        missing_required: Sequence[str] = (),
        owners: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._owners = owners
        self._checks = tuple(tuple((name, check.check) for name, check in row) for row in checks)
        self._not_set = _not_set(missing_required)

    def approve(self, order: NewOrder, market: MarketView, account: AccountView) -> ApprovedOrder | Refusal:
        """Returns the approved order, stamped with the market's time, or the refusal.

        `account` must not include the order yet.
        """
        refusal = self._refusal(order, market, account)
        return ApprovedOrder(order, market.now_ns) if refusal is None else refusal

    def approve_replace(
        self, order: OpenOrder, price_ticks: int, size_lots: int, market: MarketView, account: AccountView
    ) -> ApprovedOrder | Refusal:
        """Returns the order with its new price and total size, approved, or the refusal.

        The checks see what would remain of the changed order as if it were new, and an account without what remains of
        the present one: so a size limit sees the whole size and a position limit the added exposure. A smaller size at
        the same price adds no risk and isn't checked.
        """
        changed = msgspec.structs.replace(order.order, price_ticks=price_ticks, size_lots=size_lots)
        leaves_lots = order.size_lots - order.filled_lots
        new_leaves_lots = size_lots - order.filled_lots
        if new_leaves_lots <= 0:
            return Refusal(INVALID_ORDER, f"a total of {size_lots} lots, of which {order.filled_lots} are filled")
        # While a change is in flight, the order's price at the venue isn't known.
        if order.state != "open" or price_ticks != order.price_ticks or new_leaves_lots > leaves_lots:
            without = _AccountWithout(account, changed, leaves_lots)
            refusal = self._refusal(msgspec.structs.replace(changed, size_lots=new_leaves_lots), market, without)
            if refusal is not None:
                return refusal
        return ApprovedOrder(changed, market.now_ns)

    def _refusal(self, order: NewOrder, market: MarketView, account: AccountView) -> Refusal | None:
        if self._not_set is not None:
            return self._not_set
        problem = _problem(order, len(self._checks))
        if problem:
            return Refusal(INVALID_ORDER, problem)
        row = self._checks[order.instrument]
        if not row:
            return Refusal(LIMIT_NOT_SET, "no check is set for this instrument; set its limits in [risk]")
        for name, check in row:
            try:
                # A plugin may break its contract, so its answer is checked.
                refusal: object = check(order, market, account)
            except Exception as error:  # noqa: BLE001  whatever a plugin raises must stop the order, not the session
                return Refusal(CHECK_FAILED, f"{name} raised {describe_exception(error)}")
            except BaseException as error:  # noqa: BLE001  nor may it end the process in silence
                wrap_error("risk check", name, self._owners.get(name, "an unknown distribution"), error)
            if refusal is None:
                continue
            if isinstance(refusal, Refusal):
                return refusal
            return Refusal(CHECK_FAILED, f"{name} returned {refusal!r}, which is neither None nor a Refusal")
        return None


class _AccountWithout:
    """An account without what remains of one of its orders."""

    __slots__ = ("open_buy_lots", "open_sell_lots", "position_lots")

    def __init__(self, account: AccountView, order: NewOrder, leaves_lots: int) -> None:
        self.position_lots = account.position_lots
        self.open_buy_lots = account.open_buy_lots - (leaves_lots if order.side > 0 else 0)
        self.open_sell_lots = account.open_sell_lots - (leaves_lots if order.side < 0 else 0)


def _not_set(missing: Sequence[str]) -> Refusal | None:
    if not missing:
        return None
    names = ", ".join(missing)
    return Refusal(LIMIT_NOT_SET, f"no limit is set for {names}: set {'each' if len(missing) > 1 else 'it'} in [risk]")


def _problem(order: NewOrder, instruments: int) -> str:
    if type(order.side) is not Side or order.kind not in _KINDS or order.time_in_force not in _TIMES:
        return f"side {order.side!r}, kind {order.kind!r}, time in force {order.time_in_force!r}"
    if type(order.size_lots) is not int or type(order.price_ticks) is not int:
        return f"{order.size_lots!r} lots at {order.price_ticks!r} ticks, which must be whole numbers"
    if order.size_lots <= 0:
        return f"a size of {order.size_lots} lots"
    if not 0 <= order.instrument < instruments:
        return f"instrument {order.instrument}, but the session has {instruments}"
    if order.kind == "limit":
        if order.price_ticks <= 0:
            return f"a limit order at {order.price_ticks} ticks"
        if order.post_only and order.time_in_force != "gtc":
            return f"post-only and {order.time_in_force}, which contradict each other"
        return ""
    if order.price_ticks or order.post_only:
        return "a market order with a price or post-only"
    return ""
