"""Refuses orders in instruments that are on a list."""

from mainspring.model import Instrument, NewOrder, Refusal
from mainspring.seams import AccountView, Catalogue, MarketView, hookimpl
from mainspring_plugins.risk._names import NamesOptions

__all__ = ["RestrictedInstruments", "RestrictedOptions", "register_risk_checks"]

_NAME = "restricted_instruments"


class RestrictedOptions(NamesOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`limit` lists the instruments in which nothing is traded, by their symbols."""

    def loosens(self, before: NamesOptions) -> bool:
        """Returns whether this lets something pass that `before` doesn't."""
        return not before.limit <= self.limit


class RestrictedInstruments:
    """Passes orders in instruments that aren't on the list. `restricted` says whether this one is."""

    passes_if = "not self.restricted"

    def __init__(self, instrument: Instrument, *, options: RestrictedOptions) -> None:
        self._symbol = instrument.symbol
        self.restricted = instrument.symbol in options.limit

    def check(self, order: NewOrder, market: MarketView, account: AccountView) -> Refusal | None:
        """Implements `mainspring.seams.RiskCheck`."""
        return Refusal(_NAME, f"{self._symbol} is on the list of restricted instruments") if self.restricted else None


@hookimpl
def register_risk_checks(catalogue: Catalogue) -> None:
    """Offers `restricted_instruments`."""
    catalogue.add(
        _NAME,
        RestrictedInstruments,
        summary="Instruments in which nothing is traded, by their symbols",
        options=RestrictedOptions,
        capabilities={"in_runs": True},
    )
