"""Alpaca's API in front of an exchange: REST, updates of orders, and market data."""

from mainspring.session.live.venue.alpaca.application import AlpacaVenue
from mainspring.session.live.venue.alpaca.building import alpaca_instruments, build_alpaca

__all__ = ["AlpacaVenue", "alpaca_instruments", "build_alpaca"]
