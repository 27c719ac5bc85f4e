"""Positions and money: what fills have led to, by instrument, strategy and currency."""

from mainspring.portfolio.account import Account, OpenLots, OwnPosition
from mainspring.portfolio.currencies import CurrencyStatement, converted, currency_statements
from mainspring.portfolio.marks import MarkedMarket, Marks
from mainspring.portfolio.options import PortfolioOptions
from mainspring.portfolio.portfolio import Portfolio
from mainspring.portfolio.position import Position
from mainspring.portfolio.position_units import PositionUnits
from mainspring.portfolio.valuation import INVERSE_SCALE, Valuation

__all__ = [
    "INVERSE_SCALE",
    "Account",
    "CurrencyStatement",
    "MarkedMarket",
    "Marks",
    "OpenLots",
    "OwnPosition",
    "Portfolio",
    "PortfolioOptions",
    "Position",
    "PositionUnits",
    "Valuation",
    "converted",
    "currency_statements",
]
