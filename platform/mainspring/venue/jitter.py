"""Random delays, the same on every machine, and what latency options have in common."""

from decimal import Decimal, localcontext
from functools import cache
from random import Random
from statistics import NormalDist
from typing import Literal, TypeAlias

import msgspec

__all__ = ["Jitter", "JitteredDelay", "check_microseconds", "nanoseconds"]

Jitter: TypeAlias = Literal["uniform", "exponential", "lognormal"]

_MOST_US = 60_000_000
_BITS = 10
_QUANTILES = 1 << _BITS
_NS_IN_US = 1000


def check_microseconds(options: msgspec.Struct, *names: str) -> None:
    """Raises `ValueError` unless each of these options is a number of microseconds from 0 to a minute."""
    for name in names:
        value: Decimal = getattr(options, name)
        if not value.is_finite() or not 0 <= value <= _MOST_US:
            raise ValueError(f"{name} must be a number of 0 to {_MOST_US:,}, not {value:.10g}")


def nanoseconds(microseconds: Decimal) -> int:
    """Returns microseconds as whole nanoseconds, rounded down."""
    return int(microseconds * _NS_IN_US)


class JitteredDelay:
    """Draws delays: a fixed part, and a jitter on top of it that is never negative.

    `base_us` is the fixed part. `jitter_us` sizes the jitter, none if it is 0: the widest for "uniform" (0 to it), the
    mean for "exponential", the median for "lognormal", whose logarithm has the standard deviation `sigma`.

    `base_ns` is the fixed part, `quantiles_ns` are those of the jitter, none if it is 0, and `random` draws.

    A draw picks one of 1,024 quantiles of the jitter by ten random bits. The quantiles are made once, in decimal
    arithmetic, so a seed gives the same nanoseconds on every machine; the longest tail is the quantile 0.9995.
    """

    __slots__ = ("_bits", "base_ns", "quantiles_ns", "random")

    def __init__(
        self, base_us: Decimal, jitter: Jitter, jitter_us: Decimal, sigma: Decimal, *, seed: int | str
    ) -> None:
        self.base_ns = nanoseconds(base_us)
        self.quantiles_ns = _quantiles_ns(jitter, jitter_us, sigma)
        self.random = Random(seed)  # noqa: S311  a simulation needs the same numbers again
        self._bits = self.random.getrandbits

    def draw_ns(self) -> int:
        """The next delay in nanoseconds."""
        if not self.quantiles_ns:
            return self.base_ns
        return self.base_ns + self.quantiles_ns[self._bits(_BITS)]


@cache
def _quantiles_ns(jitter: Jitter, jitter_us: Decimal, sigma: Decimal) -> tuple[int, ...]:
    if not jitter_us:
        return ()
    with localcontext() as context:
        context.prec = 20
        scale_ns = jitter_us * _NS_IN_US
        middles = [Decimal(2 * i + 1) / (2 * _QUANTILES) for i in range(_QUANTILES)]
        if jitter == "uniform":
            return tuple(round(scale_ns * u) for u in middles)
        if jitter == "exponential":
            return tuple(round(-scale_ns * (1 - u).ln()) for u in middles)
        normal = NormalDist()
        # Nine decimals of a normal quantile are the same whatever the machine's logarithm does with the last bit.
        scores = [Decimal(round(normal.inv_cdf(float(u)) * 10**9)) / 10**9 for u in middles]
        return tuple(round(scale_ns * (sigma * score).exp()) for score in scores)
