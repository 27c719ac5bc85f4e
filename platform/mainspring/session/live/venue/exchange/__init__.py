"""An exchange without I/O: a seeded market, orders that meet it by the paper rules, and an account."""

from mainspring.session.live.venue.exchange.exchange import Exchange
from mainspring.session.live.venue.exchange.ledger import Ledger
from mainspring.session.live.venue.exchange.market import ExchangeMarket
from mainspring.session.live.venue.exchange.orders import Execution, OrderUpdate, VenueOrder

__all__ = ["Exchange", "ExchangeMarket", "Execution", "Ledger", "OrderUpdate", "VenueOrder"]
