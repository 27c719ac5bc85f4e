"""Refuses orders in instruments that aren't known to be allowed."""

from mainspring.model import Instrument, NewOrder, Refusal
from mainspring.seams import AccountView, Catalogue, MarketView, hookimpl
from mainspring_plugins.risk._names import NamesOptions

__all__ = ["AllowedInstruments", "AllowedOptions", "register_risk_checks"]

_NAME = "allowed_instruments"


class AllowedOptions(NamesOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`limit` lists the only instruments that may be traded, by their symbols."""

    def loosens(self, before: NamesOptions) -> bool:
        """Returns whether this lets something pass that `before` doesn't."""
        return not self.limit <= before.limit


class AllowedInstruments:
    """Passes orders in instruments that are on the list. `allowed` says whether this one is."""

    passes_if = "self.allowed"

    def __init__(self, instrument: Instrument, *, options: AllowedOptions) -> None:
        self._symbol = instrument.symbol
        self.allowed = instrument.symbol in options.limit

    def check(self, order: NewOrder, market: MarketView, account: AccountView) -> Refusal | None:
        """Implements `mainspring.seams.RiskCheck`."""
        return None if self.allowed else Refusal(_NAME, f"{self._symbol} isn't on the list of allowed instruments")


@hookimpl
def register_risk_checks(catalogue: Catalogue) -> None:
    """Offers `allowed_instruments`."""
    catalogue.add(
        _NAME,
        AllowedInstruments,
        summary="The only instruments that may be traded, by their symbols",
        options=AllowedOptions,
        capabilities={"in_runs": True},
    )
