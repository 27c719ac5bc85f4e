"""Logarithm, exponential and power that are the same to the bit on every machine.

The C library's functions round as its version and the processor like. These use nothing but the four IEEE operations in
a fixed order, and exact scaling by powers of two. They are right to within a few units in the last place.
"""

from math import frexp, ldexp

__all__ = ["exp", "log", "power"]

_SQRT_HALF = 0.7071067811865476
_LN_2_HIGH = 0.6931471803691238  # the upper bits of ln 2: its products with small integers are exact
_LN_2_LOW = 1.9082149292705877e-10
_UNDERFLOW = -745.0
_OVERFLOW = 709.0
_LOG_TERMS = 12
_EXP_TERMS = 18
_MOST_PRODUCTS = 64


def log(x: float) -> float:
    """The natural logarithm of `x`, which must be above 0 and finite.

    `x` is m * 2**e with m near 1, and ln m = 2 artanh((m - 1) / (m + 1)), summed from its smallest term.
    """
    mantissa, exponent = frexp(x)
    if mantissa < _SQRT_HALF:
        mantissa, exponent = mantissa * 2.0, exponent - 1
    s = (mantissa - 1.0) / (mantissa + 1.0)
    square = s * s
    total = 0.0
    for term in range(_LOG_TERMS, 0, -1):
        total = (total + 1.0 / (2 * term + 1)) * square
    return exponent * _LN_2_HIGH + (2.0 * s + (2.0 * s * total + exponent * _LN_2_LOW))


def exp(x: float) -> float:
    """The exponential of `x`, which must be at most 709. Below -745 it is 0.

    `x` is k ln 2 + r with r within half of ln 2 of 0, and exp r its Taylor series, by Horner's rule.
    """
    if x < _UNDERFLOW:
        return 0.0
    if x > _OVERFLOW:
        raise OverflowError(f"exp({x}) is beyond a float")
    k = int(x / _LN_2_HIGH + (0.5 if x >= 0 else -0.5))
    r = (x - k * _LN_2_HIGH) - k * _LN_2_LOW
    total = 1.0
    for term in range(_EXP_TERMS, 0, -1):
        total = 1.0 + total * r / term
    return ldexp(total, k)


def power(x: float, n: float) -> float:
    """`x` to the power of `n`, for an `x` from 0 to 1 and an `n` above 0. Whole powers up to 64 are products."""
    if x <= 0.0:
        return 0.0
    if n == int(n) and n <= _MOST_PRODUCTS:
        product = x
        for _ in range(int(n) - 1):
            product *= x
        return product
    return exp(n * log(x))
