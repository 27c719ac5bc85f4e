"""The risk seam: may this order go out?"""

from typing import Protocol

from mainspring.model import NewOrder, Refusal
from mainspring.seams.catalogue import Catalogue, hookspec
from mainspring.seams.market import AccountView, MarketView

__all__ = ["RiskCheck", "register_risk_checks"]


class RiskCheck(Protocol):
    """One rule about orders. It fails closed: where it can't tell, it refuses."""

    def check(self, order: NewOrder, market: MarketView, account: AccountView) -> Refusal | None:
        """None lets the order pass; a `Refusal` stops it: the check's name is its reason, the figures are its detail.

        `order.size_lots` is what the order would add. It must not raise, and must not keep state that depends on
        whether the other checks let the order pass.
        """
        ...


@hookspec
def register_risk_checks(catalogue: Catalogue) -> None:
    """Offers risk checks.

    Called once, when the registry loads. Add each check by `catalogue.add(name, factory, summary=..., options=...)`.
    The name, with underscores, is the check's key in the `[risk]` table: `max_order_notional = 10_000` hands the value
    to the field `limit` of the options; a table there (`[risk.name]`) fills the options by field. The factory is
    called as `factory(instrument, options=...)`, once for each instrument, and returns an object that keeps the
    contract of `mainspring.seams.RiskCheck`. A check that the config doesn't name isn't made.

    Capabilities: `required` (bool, default False): while the config sets no value for this check, every order is
    refused with the reason "limit-not-set". `across_instruments` (bool, default False): it judges an order by what was
    done in other instruments, too; a session of several lanes or feeds, in which it would see a part of them, is
    refused then.
    """
