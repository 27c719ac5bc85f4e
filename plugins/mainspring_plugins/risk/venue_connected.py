"""Refuses orders while the connection to their venue is down."""

from mainspring.model import Instrument, NewOrder, Refusal
from mainspring.seams import AccountView, Catalogue, MarketView, RiskSession, hookimpl
from mainspring_plugins.risk._limit import FlagOptions

__all__ = ["VenueConnected", "register_risk_checks"]

_NAME = "venue_connected"


class VenueConnected:
    """Passes orders while their venue's connection is up. Without `limit` it lets everything pass."""

    passes_if = "not self.applies or session.connected(order.instrument)"

    def __init__(self, instrument: Instrument, *, options: FlagOptions) -> None:
        self._instrument = instrument
        self.applies = options.limit
        self._session: RiskSession | None = None

    def bind(self, session: RiskSession) -> None:
        """See `mainspring.seams.RiskCheck`."""
        self._session = session

    def passes(self) -> bool:
        """Returns whether orders pass now, wherever in the lane this instrument is traded."""
        session = self._session
        if not self.applies or session is None:
            return not self.applies
        own = [place for place, one in enumerate(session.instruments) if one == self._instrument]
        return bool(own) and all(session.connected(place) for place in own)

    def check(self, order: NewOrder, market: MarketView, account: AccountView) -> Refusal | None:
        """Implements `mainspring.seams.RiskCheck`."""
        if not self.applies or (self._session is not None and self._session.connected(order.instrument)):
            return None
        return Refusal(_NAME, "the connection to the venue is down or stale (state 0)")


@hookimpl
def register_risk_checks(catalogue: Catalogue) -> None:
    """Offers `venue_connected`."""
    catalogue.add(
        _NAME,
        VenueConnected,
        summary="Whether orders need a connection to their venue (true or false)",
        options=FlagOptions,
        capabilities={"in_runs": True},
    )
