"""Alpaca's API in front of an exchange: REST, updates of orders, and market data."""

from mainspring.session.live.venue.alpaca.application import AlpacaVenue
from mainspring.session.live.venue.alpaca.building import alpaca_instruments, build_alpaca
from mainspring.session.live.venue.alpaca.faults import ExchangeFault

__all__ = ["AlpacaVenue", "ExchangeFault", "alpaca_instruments", "build_alpaca"]
