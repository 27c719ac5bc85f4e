"""Latency models: one message's time on the way, for every model that is installed and needs no file."""

from functools import partial

import msgspec

from mainspring.host.offers import Offer
from mainspring.seams import LatencyContext, LatencyModel, file_options
from mainspring_perf.candidates import candidates, make
from mainspring_perf.harness import Benchmark, WrongAnswer, each
from mainspring_perf.parts import BTC_USDT

__all__ = ["SEAMS", "SUITE", "benchmarks", "unmeasured"]

SUITE = "latency"
SEAMS = ("latency",)

_MS_NS = 1_000_000


def benchmarks(tiny: bool) -> list[Benchmark]:
    """A request's way to the venue, by each model."""
    times = [number * _MS_NS for number in range(50 if tiny else 5_000)]
    without = unmeasured()
    return [_benchmark(offer, times) for offer in candidates("latency") if offer.name not in without]


def unmeasured() -> dict[str, str]:
    """The models that can't be made without a file of the user's, with the reason."""
    return {
        offer.name: "it needs a file of recorded times"
        for offer in candidates("latency")
        if offer.options is not None and _required_files(offer.options)
    }


def _required_files(options: type[msgspec.Struct]) -> set[str]:
    required = {field.name for field in msgspec.structs.fields(options) if field.required}
    return required & set(file_options(options))


def _benchmark(offer: Offer, times: list[int]) -> Benchmark:
    model: LatencyModel = make(offer, LatencyContext(BTC_USDT, 1))
    return Benchmark(
        name=offer.name,
        **each(model.request_ns, times),
        check=partial(_check, offer.name),
        input=f"{len(times)} requests, one a millisecond",
        offer=offer,
    )


def _check(name: str, answers: object) -> None:
    assert isinstance(answers, list)
    if not answers or min(answers) < 0:
        raise WrongAnswer(f"{name}: no latency, or one below 0")
