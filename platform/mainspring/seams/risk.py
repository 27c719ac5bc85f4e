"""The risk seam: may this order go out?"""

from typing import Protocol

from mainspring.model import NewOrder, Refusal
from mainspring.seams.catalogue import Catalogue, hookspec
from mainspring.seams.market import AccountView, MarketView

__all__ = ["RiskCheck", "register_risk_checks"]


class RiskCheck(Protocol):
    """One rule about orders. It fails closed: if it can't decide, it refuses."""

    def check(self, order: NewOrder, market: MarketView, account: AccountView) -> Refusal | None:
        """Returns None to let the order pass, or a `Refusal` with the check's name as reason and the figures as detail.

        `order.size_lots` is what the order would add. It must not raise, and must not keep state that depends on
        whether the other checks let the order pass.
        """
        ...


@hookspec
def register_risk_checks(catalogue: Catalogue) -> None:
    """Offers risk checks.

    Called once, when the registry loads. Add each check with `catalogue.add(name, factory, summary=..., options=...)`.
    The name, with underscores, is the check's key in the `[risk]` table: `max_order_notional = 10_000` sets the field
    `limit` of the options; a table there (`[risk.name]`) sets the options by field. The factory is called as
    `factory(instrument, options=...)`, once per instrument, and returns an object that implements
    `mainspring.seams.RiskCheck`. A check that the config doesn't name isn't created.

    Capabilities: `required` (bool, default False): until the config sets a value for this check, every order is
    refused with the reason "limit-not-set". `across_instruments` (bool, default False): the check also depends on
    other instruments; a session of several lanes or feeds, in which it would see only some of them, is then refused.
    `in_runs` (bool, default False): the fused runs of our native decoder know the check themselves.
    """
