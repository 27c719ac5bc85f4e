"""The latency model `distribution`: a fixed part, and a random one on top of it."""

from decimal import Decimal
from typing import Literal

import msgspec

from mainspring.seams import Catalogue, LatencyContext, hookimpl
from mainspring.venue.jitter import JitteredDelay, check_microseconds

__all__ = ["DistributionLatency", "DistributionOptions", "register_latencies"]

_WAYS = ("request", "response", "feed")
_MOST_SIGMA = 10


class DistributionOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The latency each way, in microseconds.

    `request_us`, `response_us` and `feed_us` are the fixed parts. `request_jitter_us`, `response_jitter_us` and
    `feed_jitter_us` size the random ones: for `jitter` "uniform" they lie from 0 to it, for "exponential" it is their
    mean, for "lognormal" their median, whose logarithm has the standard deviation `sigma`.
    """

    jitter: Literal["uniform", "exponential", "lognormal"] = "lognormal"
    request_us: Decimal = Decimal(250)
    request_jitter_us: Decimal = Decimal(100)
    response_us: Decimal = Decimal(0)
    response_jitter_us: Decimal = Decimal(0)
    feed_us: Decimal = Decimal(0)
    feed_jitter_us: Decimal = Decimal(0)
    sigma: Decimal = Decimal(1)

    def __post_init__(self) -> None:
        check_microseconds(self, *(f"{way}{part}" for way in _WAYS for part in ("_us", "_jitter_us")))
        if not self.sigma.is_finite() or not 0 <= self.sigma <= _MOST_SIGMA:
            raise ValueError(f"sigma must be a number of 0 to {_MOST_SIGMA}, not {self.sigma:.10g}")


class DistributionLatency:
    """Draws each message's latency. Each way has random numbers of its own, by seed and symbol.

    `request_delay` and `response_delay` are those of requests and of answers.
    """

    def __init__(self, context: LatencyContext, *, options: DistributionOptions) -> None:
        request, response, feed = (
            JitteredDelay(
                getattr(options, f"{way}_us"),
                options.jitter,
                getattr(options, f"{way}_jitter_us"),
                options.sigma,
                seed=f"{context.seed}:{context.instrument.symbol}:{way}",
            )
            for way in _WAYS
        )
        self.delays_feed = bool(options.feed_us or options.feed_jitter_us)
        self.request_delay, self.response_delay, self._feed = request, response, feed.draw_ns

    def request_ns(self, sent_ns: int) -> int:
        """Returns the way of a request to the venue."""
        return self.request_delay.draw_ns()

    def response_ns(self, answered_ns: int) -> int:
        """Returns the way of an answer back to us."""
        return self.response_delay.draw_ns()

    def feed_ns(self, event_ns: int) -> int:
        """Returns how much longer market data take than recorded."""
        return self._feed()


@hookimpl
def register_latencies(catalogue: Catalogue) -> None:
    """Offers `distribution`."""
    catalogue.add(
        "distribution",
        DistributionLatency,
        summary="A fixed part and a random one, uniform, exponential or lognormal, each way",
        options=DistributionOptions,
        capabilities={"in_runs": True},
    )
