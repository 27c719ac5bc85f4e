"""The native paper venue against its Python twin: the same events, at the same times, whatever comes."""

from collections import Counter
from decimal import Decimal

import pytest

from mainspring.errors import OrderStateError
from mainspring.model import Approved, NewOrder, Side
from mainspring.seams import LatencyContext, RouterContext
from mainspring.testing import INSTRUMENT
from mainspring_native.books import ladder
from mainspring_native.routers import make_native_paper_router
from mainspring_plugins.latencies.constant import ConstantLatency, ConstantOptions
from mainspring_plugins.queues.proportional import ProportionalQueue
from mainspring_tools.twins.venue import OPTIONS, VenueTwins, compare_venue

_MODELS = 28
_CONTEXT = LatencyContext(INSTRUMENT, 1)


@pytest.mark.parametrize("seed", range(_MODELS))
def test_random_markets_and_requests_give_the_same_events(seed: int) -> None:
    """Every event, due time, place in a queue and idleness is the same, with every queue and latency model."""
    counts = compare_venue(seed, commands=2_000)
    # Otherwise nothing was compared.
    assert counts["Fill"] > 60
    assert counts["Cancelled"] > 10


@pytest.mark.gate
def test_many_random_markets_and_requests_give_the_same_events() -> None:
    """As many commands again with other seeds, and funding among them."""
    counts = sum((compare_venue(seed, commands=3_000) for seed in range(100, 100 + _MODELS)), Counter())
    assert counts["Funding"] > 10


def test_a_second_sending_and_a_foreign_instrument_are_refused() -> None:
    """Both venues refuse them, in the same words."""
    twins = VenueTwins(
        "proportional", lambda: ConstantLatency(_CONTEXT, options=ConstantOptions(request_us=Decimal(0))), first=1
    )
    good = Approved(NewOrder(1, 1, Side.BUY, "limit", 5, 5, 0), 0)
    twins.ask(good, 0)
    for request in (good, Approved(NewOrder(2, 9, Side.BUY, "limit", 5, 5, 0), 0)):
        words = []
        for venue in twins.venues:
            with pytest.raises(OrderStateError) as raised:
                venue.submit(request, 0)
            words.append(str(raised.value))
        assert words[0] == words[1]


def test_models_of_others_are_asked_in_python() -> None:
    """A queue model that isn't ours has its say: the venue is the Python one then."""

    class Mine(ProportionalQueue):
        """A subclass may have rules of its own."""

    context = RouterContext(
        (INSTRUMENT,),
        (ladder(),),
        7,
        queues=(Mine(INSTRUMENT),),
        latencies=(ConstantLatency(_CONTEXT, options=ConstantOptions()),),
    )
    router = make_native_paper_router(context, options=OPTIONS)
    assert type(router).__module__ == "mainspring.venue.paper"
