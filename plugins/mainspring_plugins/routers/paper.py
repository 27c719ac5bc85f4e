"""The paper router: a simulated venue fills orders against the lane's market, and no real order is sent."""

from decimal import Decimal

import msgspec

from mainspring.seams import Catalogue, RouterContext, hookimpl
from mainspring.venue.answering import AnsweringVenue
from mainspring.venue.paper import PaperVenue

__all__ = ["PaperOptions", "fees_and_settling", "make_paper_router", "register_routers"]

_PPB_IN_BPS = 100_000
_NS_IN_MS = 1_000_000
_MOST_SETTLE_MS = 600_000


class PaperOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The behaviour of the paper venue.

    Fees are in basis points of the notional; a negative one is a rebate. `settle_ms` is how long to wait for a trade
    that explains why fewer lots are displayed.
    """

    maker_fee_bps: Decimal = Decimal(10)
    taker_fee_bps: Decimal = Decimal(10)
    settle_ms: Decimal = Decimal(100)

    def __post_init__(self) -> None:
        if not self.settle_ms.is_finite() or not 0 <= self.settle_ms <= _MOST_SETTLE_MS:
            raise ValueError(f"settle_ms must be a number of 0 to {_MOST_SETTLE_MS:,}, not {self.settle_ms:.10g}")
        for name in ("maker_fee_bps", "taker_fee_bps"):
            fee: Decimal = getattr(self, name)
            if not fee.is_finite() or abs(fee) > 10_000 or fee * _PPB_IN_BPS % 1:
                raise ValueError(f"{name} must be -10000 to 10000 with at most five decimals, not {fee}")


def make_paper_router(context: RouterContext, *, options: PaperOptions) -> PaperVenue | AnsweringVenue:
    """Returns a paper venue over the lane's books, with the session's queue and latency models."""
    maker_ppb, taker_ppb, settle_ns = fees_and_settling(options)
    venue = PaperVenue(
        context.books,
        context.queues,
        context.latencies,
        first_index=context.first_index,
        maker_fee_ppb=maker_ppb,
        taker_fee_ppb=taker_ppb,
        settle_ns=settle_ns,
        instruments=context.instruments,
    )
    return AnsweringVenue(venue, context) if context.queried else venue


def fees_and_settling(options: PaperOptions) -> tuple[int, int, int]:
    """Returns the fees of makers and takers in parts per billion, and `settle_ms` in nanoseconds."""
    maker, taker = (int(bps * _PPB_IN_BPS) for bps in (options.maker_fee_bps, options.taker_fee_bps))
    return maker, taker, int(options.settle_ms * _NS_IN_MS)


@hookimpl
def register_routers(catalogue: Catalogue) -> None:
    """Offers `paper`."""
    catalogue.add(
        "paper",
        make_paper_router,
        summary="Simulated venue: fills against the market as replayed or received; no real order goes out",
        options=PaperOptions,
        capabilities={
            "simulated": True,
            "watches_market": True,
            "answers_queries": True,
            "terms": "ioc,fok,day,gtd,post-only,reduce-only",
        },
        rank=10,
    )
