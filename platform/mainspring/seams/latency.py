"""The latency seam: how long requests, answers and market data are on their way."""

from typing import Protocol

import msgspec

from mainspring.model import Instrument
from mainspring.seams.catalogue import Catalogue, hookspec

__all__ = ["LatencyContext", "LatencyModel", "register_latencies"]


class LatencyContext(msgspec.Struct, frozen=True):
    """What wiring passes to a latency model's factory: the instrument whose connection it is, and the session's seed.

    A model that draws random numbers seeds its generator with both, so that what happens to one instrument doesn't
    depend on which others are traded.
    """

    instrument: Instrument
    seed: int


class LatencyModel(Protocol):
    """Says how long one instrument's messages are on their way, each way apart.

    Each method returns nanoseconds, 0 or more, for a message that leaves at the given time (nanoseconds since the Unix
    epoch). The times of one method never go backwards, and each message is asked about once. The answers are the same
    for the same context, options and calls, on every machine. A message never overtakes the one before it: the
    caller sees to that, so answers may vary freely.

    A model that has an attribute `delays_feed` that is False isn't asked about market data.
    """

    def request_ns(self, sent_ns: int) -> int:
        """Returns how long a request sent at `sent_ns` takes to reach the venue's matching."""
        ...

    def response_ns(self, answered_ns: int) -> int:
        """Returns how long the venue's word on an order at `answered_ns`, a fill say, takes to reach us."""
        ...

    def feed_ns(self, event_ns: int) -> int:
        """Returns how long a message received at `event_ns` takes to reach the lane, on top of that.

        Asked of one instrument of each connection, for all that comes over it.
        """
        ...


@hookspec
def register_latencies(catalogue: Catalogue) -> None:
    """Offers latency models.

    Called once, when the registry loads. Add each model with `catalogue.add(name, factory, summary=..., options=...)`;
    the factory is called as `factory(context)` with a `LatencyContext`, with `options=` if the offer declares them,
    once per instrument of a session, and returns an object that implements `mainspring.seams.LatencyModel`. Simulated
    venues get them in `RouterContext.latencies`. `mainspring.testing.check_latency` checks that it does.

    An option of the type `mainspring.seams.FileOption` is a file's name: a relative one is resolved as in the whole
    config.

    Capabilities: `in_runs` (bool, default False): the fused runs of our native decoder know the model themselves.
    """
