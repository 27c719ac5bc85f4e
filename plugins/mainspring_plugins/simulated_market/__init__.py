"""The reference session's market: seeded order flow through a matching engine, written as Binance spot messages."""

from mainspring_plugins.simulated_market.options import (
    GENERATOR_VERSION,
    SimulatedFaults,
    SimulatedOptions,
    recipe_digest,
)
from mainspring_plugins.simulated_market.session import market_messages

__all__ = ["GENERATOR_VERSION", "SimulatedFaults", "SimulatedOptions", "market_messages", "recipe_digest"]
