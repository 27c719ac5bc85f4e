"""The paper router's offer: its options, what they make, and that the seam's contract is kept."""

from decimal import Decimal

import msgspec
import pytest

from mainspring.model import Accepted, Approved, BookSnapshot, Fill, Instrument, NewOrder, Side
from mainspring.seams import RouterContext
from mainspring.testing import BackOfQueue, FixedLatency, check_router
from mainspring_plugins.books.sorted_dict import SortedDictBook
from mainspring_plugins.routers import paper

SPOT = Instrument(symbol="A/B", venue_symbol="AB", tick_size=Decimal("0.01"), lot_size=Decimal("0.001"))


def make(seed=7, **options):
    book = SortedDictBook()
    context = RouterContext((SPOT,), (book,), seed, (BackOfQueue(),), (FixedLatency(100_000),))
    return book, paper.make_paper_router(context, options=msgspec.convert(options, paper.PaperOptions))


def test_it_is_the_default_and_says_what_it_is():
    """Simulated, and it wants to see the market."""
    offers = {}

    class Catalogue:
        def add(self, name, factory, **offer):
            offers[name] = offer

    paper.register_routers(Catalogue())
    assert offers["paper"]["rank"]
    assert offers["paper"]["capabilities"] == {
        "simulated": True,
        "watches_market": True,
        "answers_queries": True,
        "terms": "ioc,fok,day,gtd,post-only,reduce-only",
    }


def test_options_reach_the_venue():
    """Fees in basis points."""
    book, router = make(maker_fee_bps=-0.5, taker_fee_bps="2.5")
    book.apply_snapshot([(99, 5)], [(101, 5)])
    router.on_market(BookSnapshot(0, 0, 0, 1, [], []))
    router.submit(Approved(NewOrder(1, 0, Side.BUY, "limit", 101, 2, 0), 0), 0)
    assert router.due_ns == 100_000
    assert router.poll(100_000) == [
        Accepted(1, 0, 100_000),
        Fill(1, 0, 100_000, 1, Side.BUY, 101, 2, False, 250_000),
    ]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"settle_ms": "nan"}, "settle_ms"),
        ({"maker_fee_bps": 20_000}, "maker_fee_bps"),
        ({"taker_fee_bps": "0.000001"}, "five decimals"),
        ({"latency_us": 5}, "latency_us"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, problem):
    """The error names the key."""
    with pytest.raises(msgspec.ValidationError, match=problem):
        make(**options)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("options", [{}, {"settle_ms": 0}], ids=["default", "no settling"])
def test_it_keeps_the_contract_of_the_seam(options, seed):
    """The conformance kit finds nothing, whatever the options."""
    converted = msgspec.convert(options, paper.PaperOptions)
    check_router(
        lambda context: paper.make_paper_router(context, options=converted),
        instruments=(SPOT, SPOT),
        answers_queries=True,
        seed=seed,
        rounds=300,
    )
