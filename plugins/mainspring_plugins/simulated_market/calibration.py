"""What the simulated market is fitted to: a recorded BTC/USDT spot session on Binance, 8 August 2024.

The distances, and the sizes of deep quotes and of takers, are the recording's own quantiles, then moved until what
comes out has its figures. The other tables stand for what a recording doesn't show (which event caused which, how many
orders make a level), and were chosen for what comes out. Only figures stand here, nothing of the recording;
docs/reference-session.md holds both sessions side by side.

Sizes are in lots of 0.00001, distances in ticks of 0.01 at a price of 61,837.64, times in nanoseconds.
"""

from mainspring_plugins.simulated_market.inverse_cdf import Quantiles

__all__ = [
    "BANDS",
    "CHILDREN",
    "DEEP_LOTS",
    "DELAY_NS",
    "DISTANCE_TICKS",
    "EXPONENTIAL",
    "LATENCY_NS",
    "NEAR_LOTS",
    "OPEN_TICKS",
    "QUIET_CHANGES",
    "QUOTE_LOTS",
    "READ_GAP_NS",
    "TAKER_LOTS",
]

OPEN_TICKS = 6_183_764

EXPONENTIAL: Quantiles = (
    (0.0, 0.0), (0.1, 0.10536), (0.2, 0.22314), (0.3, 0.35667), (0.4, 0.51083), (0.5, 0.69315), (0.6, 0.91629),
    (0.7, 1.20397), (0.8, 1.60944), (0.85, 1.89712), (0.9, 2.30259), (0.95, 2.99573), (0.98, 3.91202),
    (0.99, 4.60517), (0.995, 5.29832), (0.998, 6.21461), (0.999, 6.90776), (0.9997, 8.11173), (1.0, 9.0),
)  # fmt: skip
"""The exponential distribution with mean 1: -ln(1 - p)."""

CHILDREN: Quantiles = ((0.0, 0.0), (0.47, 1.0), (0.78, 2.0), (0.95, 3.0), (0.99, 5.0), (1.0, 8.0))
"""How many events an event excites."""

DELAY_NS: Quantiles = (
    (0.0, 200.0), (0.08, 200_000.0), (0.22, 900_000.0), (0.6, 3_000_000.0), (0.8, 8_000_000.0),
    (0.89, 40_000_000.0), (0.95, 200_000_000.0), (0.99, 1_500_000_000.0), (1.0, 6_000_000_000.0),
)  # fmt: skip
"""How long after its cause an excited event comes."""

DISTANCE_TICKS: Quantiles = (
    (0.0, 10.0), (0.01, 60.0), (0.0984, 160.0), (0.2521, 484.0), (0.3431, 1_040.0), (0.4384, 1_778.0),
    (0.5476, 2_608.0), (0.6317, 4_447.0), (0.7238, 7_014.0), (0.815, 10_082.0), (0.9167, 16_272.0),
    (0.9543, 101_461.0), (0.9906, 617_200.0), (0.998, 2_000_000.0), (1.0, 5_500_000.0),
)  # fmt: skip
"""How far behind the best price of its side a quote is placed."""

BANDS: tuple[tuple[int, int], ...] = ((400, 7), (1_500, 40), (10_000, 400), (8_000_000, 3_200))
"""Distances below which quotes are kept in one pool, and how many orders that pool tends to hold."""

DEEP_LOTS: Quantiles = (
    (0.0, 1.0), (0.01, 9.0), (0.05, 17.0), (0.1, 54.0), (0.25, 1_000.0), (0.5, 5_251.0), (0.75, 30_715.0),
    (0.9, 76_118.0), (0.95, 199_464.0), (0.99, 561_971.0), (1.0, 2_000_000.0),
)  # fmt: skip
"""The size of a quote in the outermost band."""

QUOTE_LOTS: Quantiles = (
    (0.0, 1.0), (0.05, 9.0), (0.1, 10.0), (0.28, 40.0), (0.5, 700.0), (0.75, 5_500.0), (0.9, 14_000.0),
    (0.95, 22_000.0), (0.985, 45_000.0), (1.0, 98_000.0),
)  # fmt: skip
"""The size of a quote behind the best price, in the other bands."""

NEAR_LOTS: Quantiles = (
    (0.0, 1.0), (0.01, 6.0), (0.05, 9.0), (0.1, 9.0), (0.28, 11.0), (0.37, 18.0), (0.47, 45.0), (0.57, 180.0),
    (0.67, 1_100.0), (0.76, 5_000.0), (0.85, 9_000.0), (0.92, 15_000.0), (0.96, 23_000.0), (0.985, 45_000.0),
    (1.0, 98_000.0),
)  # fmt: skip
"""The size of a quote at the best price, or better."""

TAKER_LOTS: Quantiles = (
    (0.0, 6.0), (0.01, 9.0), (0.1, 18.0), (0.25, 35.0), (0.3, 46.0), (0.4, 124.0), (0.5, 351.0), (0.6, 1_000.0),
    (0.7, 1_943.0), (0.75, 2_000.0), (0.8, 3_300.0), (0.9, 8_500.0), (0.95, 18_000.0), (0.99, 115_000.0),
    (0.995, 150_000.0), (0.999, 420_000.0), (1.0, 1_500_000.0),
)  # fmt: skip
"""The size of an order that takes."""

QUIET_CHANGES: Quantiles = ((0.0, 0.0), (0.1, 3.0), (0.5, 7.0), (0.9, 16.0), (0.99, 45.0), (1.0, 75.0))
"""How many quotes away from the best price are placed or cancelled in 100 ms when nothing else happens."""

LATENCY_NS: Quantiles = (
    (0.0, 300_000.0), (0.1, 900_000.0), (0.5, 1_100_000.0), (0.8, 1_400_000.0), (0.9, 2_000_000.0),
    (0.97, 5_000_000.0), (0.99, 14_000_000.0), (1.0, 24_000_000.0),
)  # fmt: skip
"""How long a message is on its way."""

READ_GAP_NS: Quantiles = (
    (0.0, 350.0), (0.05, 450.0), (0.1, 500.0), (0.25, 600.0), (0.5, 1_000.0), (0.75, 1_200.0), (0.9, 1_500.0),
    (0.99, 3_000.0), (1.0, 9_000.0),
)  # fmt: skip
"""The time between two messages that arrive together: what the reader takes for one."""
