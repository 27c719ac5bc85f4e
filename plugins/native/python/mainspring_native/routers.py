"""The native paper router: the rules, models and events of its Python twin, without Python at each market event."""

from typing import TypeAlias

from mainspring.seams import Catalogue, LatencyModel, QueueModel, Router, RouterContext, hookimpl
from mainspring.venue.jitter import JitteredDelay
from mainspring.venue.paper_funding import PaperFunding
from mainspring.venue.recorded_delays import RecordedDelays
from mainspring_native import BUILD, NEEDS
from mainspring_plugins.latencies.constant import ConstantLatency
from mainspring_plugins.latencies.distribution import DistributionLatency
from mainspring_plugins.latencies.recorded import RecordedLatency
from mainspring_plugins.queues.log_probability import LogProbabilityQueue
from mainspring_plugins.queues.log_probability_2 import LogProbability2Queue
from mainspring_plugins.queues.pessimistic import PessimisticQueue
from mainspring_plugins.queues.power_probability import PowerProbabilityQueue
from mainspring_plugins.queues.power_probability_2 import PowerProbability2Queue
from mainspring_plugins.queues.power_probability_3 import PowerProbability3Queue
from mainspring_plugins.queues.proportional import ProportionalQueue
from mainspring_plugins.routers.paper import PaperOptions, fees_and_settling, make_paper_router

__all__ = ["describe_queue", "make_native_paper_router", "register_routers"]

_Delay: TypeAlias = int | tuple[int, list[int], list[int]] | tuple[list[int], list[int]]


def make_native_paper_router(context: RouterContext, *, options: PaperOptions) -> Router:
    """Returns a native paper venue over the lane's books.

    It is the Python one if a book isn't native, or if a queue or latency model isn't one of ours: those are asked in
    Python. So is a venue that will be queried.
    """
    from mainspring_native._native import Book, PaperVenue

    books = [book for book in context.books if isinstance(book, Book)]
    queues = [queue for model in context.queues if (queue := describe_queue(model)) is not None]
    delays = [pair for model in context.latencies if (pair := _delays(model)) is not None]
    if context.queried or not len(books) == len(queues) == len(delays) == len(context.books):
        return make_paper_router(context, options=options)
    maker_ppb, taker_ppb, settle_ns = fees_and_settling(options)
    return PaperVenue(
        books,
        [(*queue, *pair) for queue, pair in zip(queues, delays, strict=True)],
        context.first_index,
        (maker_ppb, taker_ppb),
        settle_ns,
        PaperFunding(dict(enumerate(context.instruments, context.first_index))),
    )


def describe_queue(model: QueueModel) -> tuple[str, float] | None:
    """Describes a queue model to the native venue: its name, and its power or lot size."""
    # A subclass may have rules of its own.
    kind = type(model)
    if kind is ProportionalQueue:
        return "proportional", 0.0
    if kind is PessimisticQueue:
        return "pessimistic", 0.0
    for power, name in (
        (PowerProbabilityQueue, "power-probability"),
        (PowerProbability2Queue, "power-probability-2"),
        (PowerProbability3Queue, "power-probability-3"),
    ):
        if kind is power and isinstance(model, power):
            return name, float(model.n)
    for log, name in ((LogProbabilityQueue, "log-probability"), (LogProbability2Queue, "log-probability-2")):
        if kind is log and isinstance(model, log):
            return name, model.lot_size
    return None


def _delays(model: LatencyModel) -> tuple[_Delay, _Delay] | None:
    """Describes the delays of requests and answers to the native venue."""
    if type(model) is ConstantLatency:
        return model.request_delay_ns, model.response_delay_ns
    if type(model) is DistributionLatency:
        return _jittered(model.request_delay), _jittered(model.response_delay)
    if type(model) is RecordedLatency:
        return _recorded(model.request_delay), _recorded(model.response_delay)
    return None


def _jittered(delay: JitteredDelay) -> _Delay:
    if not delay.quantiles_ns:
        return delay.base_ns
    return delay.base_ns, list(delay.quantiles_ns), list(delay.random.getstate()[1])


def _recorded(delays: RecordedDelays) -> _Delay:
    return list(delays.sent_ns), list(delays.delays_ns)


@hookimpl
def register_routers(catalogue: Catalogue) -> None:
    """Offers `native-paper`."""
    catalogue.add(
        "native-paper",
        make_native_paper_router,
        summary="Rust: paper, to the same events; as paper itself with books or models of others",
        options=PaperOptions,
        capabilities={
            "simulated": True,
            "watches_market": True,
            "in_runs": True,
            "answers_queries": True,
            "terms": "ioc,fok,day,gtd,post-only,reduce-only",
        },
        rank=20,
        needs=NEEDS,
        build=BUILD,
    )
