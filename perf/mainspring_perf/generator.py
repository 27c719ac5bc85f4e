"""The reference session: how fast the simulated market makes its messages."""

import hashlib

from mainspring.seams import RawMessage
from mainspring_perf.harness import Benchmark, WrongAnswer
from mainspring_perf.parts import BTC_USDT
from mainspring_plugins.simulated_market import SimulatedOptions, market_messages

__all__ = ["SUITE", "benchmarks"]

SUITE = "generator"

_DIGESTS = {
    500: "db2de6b5ac0971927c2ef0995ac223a206d478d20de18079affe2a67bf851ccb",
    20_000: "ccc39a26c25a41898aa1fcdf7f31d82b57e300cba6afec73bd5f05f89e63a7a4",
}


def benchmarks(tiny: bool) -> list[Benchmark]:
    """The first messages of the reference session, the market's start included."""
    messages = 500 if tiny else 20_000

    def run() -> list[RawMessage]:
        return list(market_messages((BTC_USDT,), SimulatedOptions(messages=messages)))

    def check(answer: object) -> None:
        assert isinstance(answer, list)
        sha = hashlib.sha256()
        for received_ns, raw in answer:
            sha.update(b"%d %b\n" % (received_ns, raw))
        if sha.hexdigest() != _DIGESTS[messages]:
            raise WrongAnswer(f"the first {messages} messages have the digest {sha.hexdigest()}")

    return [
        Benchmark(
            name="generator-spot",
            run=run,
            operations=messages,
            check=check,
            input=f"the first {messages:,} messages of the reference session: one instrument, seed 1",
        )
    ]
