"""Queue models: one question about a place in the queue, for every model that is installed."""

from functools import partial
from random import Random
from typing import TYPE_CHECKING

from mainspring.host.offers import Offer
from mainspring_perf.candidates import candidates, make
from mainspring_perf.harness import Benchmark, WrongAnswer, each
from mainspring_perf.parts import BTC_USDT

if TYPE_CHECKING:
    from mainspring.seams import QueueModel

__all__ = ["SEAMS", "SUITE", "benchmarks"]

SUITE = "queue"
SEAMS = ("queue",)


def benchmarks(tiny: bool) -> list[Benchmark]:
    """Where an order is after others were cancelled, by each model."""
    random = Random(5)  # noqa: S311  an input, no secret
    places = []
    for _ in range(50 if tiny else 5_000):
        ahead, behind = random.randrange(1, 10**6), random.randrange(1, 10**6)
        places.append((ahead, behind, random.randint(1, ahead + behind)))
    return [_benchmark(offer, places) for offer in candidates("queue")]


def _benchmark(offer: Offer, places: list[tuple[int, int, int]]) -> Benchmark:
    model: QueueModel = make(offer, BTC_USDT)
    lots_ahead = model.lots_ahead
    return Benchmark(
        name=offer.name,
        **each(lambda place: lots_ahead(*place), places),
        check=partial(_check, offer.name, places),
        input=f"{len(places)} places in queues of up to two million lots",
        offer=offer,
    )


def _check(name: str, places: list[tuple[int, int, int]], answers: object) -> None:
    assert isinstance(answers, list)
    for (ahead, behind, cancelled), left in zip(places, answers, strict=True):
        if not max(ahead - cancelled, 0) <= left <= min(ahead, ahead + behind - cancelled):
            raise WrongAnswer(f"{name}: {ahead} ahead, {behind} behind and {cancelled} cancelled gave {left}")
