"""The connection between the market and us: when each message is received."""

import random

from mainspring_plugins.simulated_market.calibration import LATENCY_NS, READ_GAP_NS
from mainspring_plugins.simulated_market.inverse_cdf import BITS, MASK, expand

__all__ = ["JitteryLink"]


class JitteryLink:
    """One connection: in order, with varying latency.

    A delayed message holds up those behind it, which share the connection; they then arrive together, as fast as a
    reader takes them. So receive times increase strictly, and come in bursts.
    """

    def __init__(self, seed: str) -> None:
        self._getrandbits = random.Random(seed).getrandbits  # noqa: S311  a simulation, no secret
        self._latency_ns = expand(LATENCY_NS)
        self._gap_ns = expand(READ_GAP_NS, least=1)
        self._received_ns = 0

    def receive(self, sent: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
        """Returns the messages with receive times, given their sending times, in order."""
        getrandbits, latency_ns, gap_ns = self._getrandbits, self._latency_ns, self._gap_ns
        previous_ns = self._received_ns
        received = []
        for sent_ns, raw in sent:
            bits = getrandbits(2 * BITS)
            arrival_ns = sent_ns + latency_ns[bits & MASK]
            previous_ns = max(arrival_ns, previous_ns + gap_ns[bits >> BITS])
            received.append((previous_ns, raw))
        self._received_ns = previous_ns
        return received
