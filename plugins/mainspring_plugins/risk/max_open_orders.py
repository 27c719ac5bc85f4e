"""Refuses new orders beyond a number of open ones."""

from collections.abc import Sequence
from typing import Annotated

import msgspec

from mainspring.model import Instrument, NewOrder, Refusal
from mainspring.seams import AccountView, Catalogue, MarketView, RiskSession, hookimpl
from mainspring_plugins.risk._scopes import any_looser

__all__ = ["MaxOpenOrders", "OpenOrdersOptions", "register_risk_checks"]

_NAME = "max_open_orders"

_Count = Annotated[int, msgspec.Meta(ge=0)]


class OpenOrdersOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many orders may be open: `limit` in an instrument, `strategy` by one strategy, `account` together."""

    limit: _Count
    strategy: _Count | None = None
    account: _Count | None = None

    def loosens(self, before: "OpenOrdersOptions") -> bool:
        """Returns whether this lets something pass that `before` doesn't."""
        return any_looser(self, before)


class MaxOpenOrders:
    """Passes a new order while it and those that may still be filled stay within the limits. Changes pass."""

    def __init__(self, instruments: Sequence[Instrument], *, options: OpenOrdersOptions) -> None:
        self._options = options
        self._places = range(len(instruments))
        alone = len(instruments) == 1 and options.strategy is None
        account = options.limit if options.account is None else options.account
        self.limit_of_one = min(options.limit, account) if alone else None
        """How many orders may be open in a lane of one instrument; None in others, or if strategies have limits."""
        self.limits = options.limit, options.strategy, options.account
        """How many orders may be open in an instrument, of a strategy, and together; None is any number."""
        own = "changed is not None or session.count_open(order.instrument) < self.limit"
        self.limit = options.limit if self.limit_of_one is None else self.limit_of_one
        self.passes_if = own if options.strategy is None and (alone or options.account is None) else None
        self._session: RiskSession | None = None

    def bind(self, session: RiskSession) -> None:
        """See `mainspring.seams.RiskCheck`."""
        self._session = session

    def check(self, order: NewOrder, market: MarketView, account: AccountView) -> Refusal | None:
        """Implements `mainspring.seams.RiskCheck`."""
        session, options = self._session, self._options
        if session is None:
            return Refusal(_NAME, "nothing says which orders are open: 0 known")
        if session.changed is not None:
            return None
        count = session.count_open(order.instrument)
        if count >= options.limit:
            return Refusal(_NAME, f"{count} orders are open in the instrument, and {options.limit} may be")
        if options.strategy is not None:
            count = sum(session.count_open(place, order.strategy) for place in self._places)
            if count >= options.strategy:
                return Refusal(_NAME, f"{count} orders of the strategy are open, and {options.strategy} may be")
        if options.account is not None:
            count = sum(session.count_open(place) for place in self._places)
            if count >= options.account:
                return Refusal(_NAME, f"{count} orders are open together, and {options.account} may be")
        return None


@hookimpl
def register_risk_checks(catalogue: Catalogue) -> None:
    """Offers `max_open_orders`."""
    catalogue.add(
        _NAME,
        MaxOpenOrders,
        summary="Most open orders in an instrument, of a strategy, together",
        options=OpenOrdersOptions,
        capabilities={"across_instruments": True, "in_runs": True},
    )
