"""What a live session adds to a message's path: its receipt, from a tick to an order's bytes, durability, and HTTP.

Everything is on loopback, without TLS but for HTTP. What receives is timed with what sends to it, in one thread.
trio-websocket and picows are measured where they are installed.
"""

from importlib.util import find_spec

from mainspring_perf.harness import Benchmark

__all__ = ["ROUNDS", "SEAMS", "SUITE", "benchmarks"]

SUITE = "live"
SEAMS = ("receiver",)
# Its passes are long, and most of its time is starting processes: fewer rounds say as much.
ROUNDS = {"normal": 5}


def benchmarks(tiny: bool) -> list[Benchmark]:
    """Receipt, tick to trade, feed to route, the durable wait, and HTTP; none without the extra `live`."""
    if find_spec("wsproto") is None:
        return []
    from mainspring_perf._live_parts import live_benchmarks

    return live_benchmarks(tiny)
