"""How long an order takes to reach the paper venue."""

from decimal import Decimal, localcontext
from functools import cache
from random import Random
from statistics import NormalDist
from typing import Literal, TypeAlias

__all__ = ["JITTERS", "Jitter", "PaperLatency"]

Jitter: TypeAlias = Literal["none", "uniform", "exponential", "lognormal"]

JITTERS: tuple[Jitter, ...] = ("none", "uniform", "exponential", "lognormal")

_BITS = 10
_QUANTILES = 1 << _BITS
_NS_IN_US = 1000


class PaperLatency:
    """Draws latencies: a fixed part, and a jitter on top of it that is never negative.

    `jitter_us` is what the kind of jitter makes of it: the widest for "uniform" (0 to it), the mean for "exponential",
    the median for "lognormal", whose logarithm has the standard deviation `sigma`.

    A draw picks one of 1,024 quantiles of the jitter by ten random bits. The quantiles are made once, in decimal
    arithmetic, so a seed gives the same nanoseconds on every machine; the longest tail is the quantile 0.9995.
    """

    __slots__ = ("_base_ns", "_bits", "_jitter_ns")

    def __init__(
        self, latency_us: Decimal, jitter: Jitter, jitter_us: Decimal, sigma: Decimal, *, seed: int | str
    ) -> None:
        self._base_ns = int(latency_us * _NS_IN_US)
        self._bits = Random(seed).getrandbits  # noqa: S311  a simulation needs the same numbers again
        self._jitter_ns = _quantiles_ns(jitter, jitter_us, sigma)

    def draw_ns(self) -> int:
        """The next latency."""
        if not self._jitter_ns:
            return self._base_ns
        return self._base_ns + self._jitter_ns[self._bits(_BITS)]


@cache
def _quantiles_ns(jitter: Jitter, jitter_us: Decimal, sigma: Decimal) -> tuple[int, ...]:
    if jitter == "none":
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
