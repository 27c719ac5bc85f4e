"""Binance's API in front of an exchange, spot or USD-M: signed requests, market streams, the account's events."""

from mainspring.session.live.venue.binance.application import BinanceVenue
from mainspring.session.live.venue.binance.building import MARKETS, Market, binance_instruments, build_binance

__all__ = ["MARKETS", "BinanceVenue", "Market", "binance_instruments", "build_binance"]
