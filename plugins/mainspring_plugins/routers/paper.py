"""The paper router: a simulated venue fills orders against the lane's market, and no real order is sent."""

from decimal import Decimal
from typing import Literal

import msgspec

from mainspring.seams import Catalogue, RouterContext, hookimpl
from mainspring.venue.paper import PaperVenue
from mainspring.venue.paper_latency import PaperLatency

__all__ = ["PaperOptions", "make_paper_router", "register_routers"]

_PPB_IN_BPS = 100_000
_NS_IN_MS = 1_000_000

# A minute's journey, a median drawn within e**-10 to e**10 of itself for most orders, ten minutes' wait.
_MOST = {
    "latency_us": 60_000_000,
    "latency_jitter_us": 60_000_000,
    "latency_jitter_sigma": 10,
    "settle_ms": 600_000,
}


class PaperOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The behaviour of the paper venue.

    `latency_us` is the fixed time that each request takes to reach it. `latency_jitter` adds a random time, sized by
    `latency_jitter_us`: "uniform" from 0 to it, "exponential" with that mean, "lognormal" with that median and
    `latency_jitter_sigma`. Fees are in basis points of the notional; a negative one is a rebate. `queue` says where in
    the queue lots that vanish without a trade stood: "proportional" or "pessimistic" (behind us). `settle_ms` is how
    long to wait for a trade that explains them.
    """

    latency_us: Decimal = Decimal(250)
    latency_jitter: Literal["none", "uniform", "exponential", "lognormal"] = "none"
    latency_jitter_us: Decimal = Decimal(0)
    latency_jitter_sigma: Decimal = Decimal(1)
    maker_fee_bps: Decimal = Decimal(10)
    taker_fee_bps: Decimal = Decimal(10)
    queue: Literal["proportional", "pessimistic"] = "proportional"
    settle_ms: Decimal = Decimal(100)

    def __post_init__(self) -> None:
        for name, most in _MOST.items():
            value: Decimal = getattr(self, name)
            if not value.is_finite() or not 0 <= value <= most:
                raise ValueError(f"{name} must be a number of 0 to {most:,}, not {value:.10g}")
        for name in ("maker_fee_bps", "taker_fee_bps"):
            fee: Decimal = getattr(self, name)
            if not fee.is_finite() or abs(fee) > 10_000 or fee * _PPB_IN_BPS % 1:
                raise ValueError(f"{name} must be -10000 to 10000 with at most five decimals, not {fee}")
        if (self.latency_jitter == "none") != (self.latency_jitter_us == 0):
            raise ValueError("latency_jitter and latency_jitter_us belong together: set both, or neither")


def make_paper_router(context: RouterContext, *, options: PaperOptions) -> PaperVenue:
    """Returns a paper venue over the lane's books. Each instrument draws its own latencies by seed and symbol."""
    latencies = [
        PaperLatency(
            options.latency_us,
            options.latency_jitter,
            options.latency_jitter_us,
            options.latency_jitter_sigma,
            seed=f"{context.seed}:{instrument.symbol}",
        )
        for instrument in context.instruments
    ]
    return PaperVenue(
        context.books,
        latencies,
        maker_fee_ppb=int(options.maker_fee_bps * _PPB_IN_BPS),
        taker_fee_ppb=int(options.taker_fee_bps * _PPB_IN_BPS),
        assumption=options.queue,
        settle_ns=int(options.settle_ms * _NS_IN_MS),
    )


@hookimpl
def register_routers(catalogue: Catalogue) -> None:
    """Offers `paper`."""
    catalogue.add(
        "paper",
        make_paper_router,
        summary="Simulated venue: fills against the market as replayed or received; no real order goes out",
        options=PaperOptions,
        capabilities={"simulated": True, "watches_market": True},
        rank=10,
    )
