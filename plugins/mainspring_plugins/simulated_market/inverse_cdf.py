"""Numbers drawn from a distribution that is given by some of its quantiles."""

from functools import cache
from itertools import pairwise
from typing import TypeAlias

__all__ = ["BITS", "MASK", "Quantiles", "expand"]

BITS = 12
"""Each table has 2**BITS entries: `table[getrandbits(32) & MASK]` is a draw, and 20 bits are left for other uses."""

MASK = (1 << BITS) - 1

Quantiles: TypeAlias = tuple[tuple[float, float], ...]
"""Pairs of a probability and the value that lies at it, both rising, from probability 0 to 1."""


@cache
def expand(quantiles: Quantiles, *, scale: float = 1.0, least: int = 0) -> tuple[int, ...]:
    """Returns a table of equally likely whole numbers that are distributed as the quantiles say.

    Values between two quantiles lie on a straight line; entry `i` is the value at probability (i + 1/2) / 2**BITS,
    times `scale`, rounded down, at least `least`. Only additions, multiplications and divisions are used: IEEE 754
    defines their results exactly, but not those of logarithms and powers.
    """
    size = 1 << BITS
    table: list[int] = []
    for (left, value), (right, next_value) in pairwise(quantiles):
        slope = (next_value - value) / (right - left)
        entries = range(len(table), int(right * size + 0.5))
        table += [int((value + slope * ((entry + 0.5) / size - left)) * scale) for entry in entries]
    return tuple(max(least, drawn) for drawn in table) if table[0] < least else tuple(table)
