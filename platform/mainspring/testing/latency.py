"""Checks a latency model against the contract of `mainspring.seams.LatencyModel`."""

from collections.abc import Callable, Sequence
from random import Random

from mainspring.model import Instrument
from mainspring.seams import LatencyContext, LatencyModel
from mainspring.testing._rules import Rules
from mainspring.testing.market import INSTRUMENT

__all__ = ["FixedLatency", "check_latency"]

_START_NS = 1_700_000_000_000_000_000
_WAYS = ("request_ns", "response_ns", "feed_ns")


class FixedLatency:
    """The simplest latency model, for tests: the same for every message, in nanoseconds, each way apart."""

    def __init__(self, request_ns: int = 0, response_ns: int = 0, feed_ns: int = 0) -> None:
        self._request_ns, self._response_ns, self._feed_ns = request_ns, response_ns, feed_ns

    def request_ns(self, sent_ns: int) -> int:
        """Returns the way to the venue."""
        return self._request_ns

    def response_ns(self, answered_ns: int) -> int:
        """Returns the way back."""
        return self._response_ns

    def feed_ns(self, event_ns: int) -> int:
        """Returns what market data take longer."""
        return self._feed_ns


def check_latency(
    factory: Callable[[LatencyContext], LatencyModel],
    *,
    instrument: Instrument = INSTRUMENT,
    seed: int = 0,
    rounds: int = 500,
) -> None:
    """Asks two models of `factory` about `rounds` seeded times each way, one of them one way after the other.

    Raises `ConformanceError`, which names the broken rule, the call and its answer, and the seed.
    """
    rules = Rules(seed)
    calls = _calls(rules.random, rounds)
    context = LatencyContext(instrument, seed)
    first = _ask(rules, factory(context), calls)
    ordered = sorted(range(rounds), key=lambda number: calls[number][0])
    second = _ask(rules, factory(context), [calls[number] for number in ordered])
    for number, answer in zip(ordered, second, strict=True):
        way, now_ns = calls[number]
        detail = f"{way}({now_ns}) gave {first[number]}, and {answer} where the other ways were asked later"
        rules.hold("each way is independent, and the same for the same seed", answer == first[number], detail)


def _calls(random: Random, rounds: int) -> list[tuple[str, int]]:
    now_ns = _START_NS
    calls = []
    for _ in range(rounds):
        now_ns += random.choice((0, 1, 50_000, 1_000_000, 3_600_000_000_000))
        calls.append((random.choice(_WAYS), now_ns))
    return calls


def _ask(rules: Rules, model: LatencyModel, calls: Sequence[tuple[str, int]]) -> list[int]:
    answers = []
    for way, now_ns in calls:
        answer = rules.never_raises("a model never raises", getattr(model, way), now_ns)
        valid = type(answer) is int and answer >= 0
        rules.hold("a latency is a whole number of nanoseconds, 0 or more", valid, f"{way}({now_ns}) gave {answer!r}")
        answers.append(answer)
    return answers
