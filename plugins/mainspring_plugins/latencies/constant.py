"""The latency model `constant`: every message takes as long."""

from decimal import Decimal

import msgspec

from mainspring.seams import Catalogue, LatencyContext, hookimpl
from mainspring.venue.jitter import check_microseconds, nanoseconds

__all__ = ["ConstantLatency", "ConstantOptions", "register_latencies"]


class ConstantOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The latency each way, in microseconds: up to a minute. `feed_us` comes on top of the recorded receive time."""

    request_us: Decimal = Decimal(250)
    response_us: Decimal = Decimal(0)
    feed_us: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        check_microseconds(self, "request_us", "response_us", "feed_us")


class ConstantLatency:
    """The same for every message, each way: `request_delay_ns` to the venue, `response_delay_ns` back."""

    def __init__(self, context: LatencyContext, *, options: ConstantOptions) -> None:
        self.request_delay_ns = nanoseconds(options.request_us)
        self.response_delay_ns = nanoseconds(options.response_us)
        self._feed_ns = nanoseconds(options.feed_us)
        self.delays_feed = self._feed_ns > 0

    def request_ns(self, sent_ns: int) -> int:
        """Returns the way of a request to the venue."""
        return self.request_delay_ns

    def response_ns(self, answered_ns: int) -> int:
        """Returns the way of an answer back to us."""
        return self.response_delay_ns

    def feed_ns(self, event_ns: int) -> int:
        """Returns how much longer market data take than recorded."""
        return self._feed_ns


@hookimpl
def register_latencies(catalogue: Catalogue) -> None:
    """Offers `constant`."""
    catalogue.add(
        "constant",
        ConstantLatency,
        summary="The same for every message, each way",
        options=ConstantOptions,
        rank=10,
        capabilities={"in_runs": True},
    )
