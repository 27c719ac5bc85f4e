"""Strategies: the cost of their callbacks, for every installed strategy, on best prices that move.

A session of the conformance kit calls them through the lane's own parts, as a lane does, and answers their requests at
once; what that costs is included.
"""

from functools import partial
from random import Random

import msgspec

from mainspring.host.offers import Offer
from mainspring.model import Accepted, ReplaceRequest, Side
from mainspring.testing import FakeSession
from mainspring_perf.candidates import candidates, make
from mainspring_perf.harness import Benchmark, expect
from mainspring_perf.parts import BTC_USDT

__all__ = ["SEAMS", "SUITE", "benchmarks"]

SUITE = "strategy"
SEAMS = ("strategy",)

_MID_TICKS = 6_000_000
_STEP_S = 0.003
_START_NS = 1_723_161_600_000_000_000


class _Move(msgspec.Struct, frozen=True):
    """Where the best prices of a market go next, and the trade that goes with it."""

    market: int
    bid_ticks: int
    ask_ticks: int
    aggressor: int


def benchmarks(tiny: bool) -> list[Benchmark]:
    """Each strategy, called by whatever it defines, as the best prices walk up and down."""
    count = 50 if tiny else 5_000
    return [_benchmark(offer, count) for offer in candidates("strategy")]


def _moves(count: int, markets: int) -> list[_Move]:
    random = Random(1)  # noqa: S311  a benchmark's input, no secret
    moves, mid_ticks = [], _MID_TICKS
    for number in range(count):
        mid_ticks += random.randint(-3, 3)
        side = random.choice((Side.BUY, Side.SELL))
        moves.append(_Move(number % markets, mid_ticks - 1, mid_ticks + 1, side))
    return moves


def _benchmark(offer: Offer, count: int) -> Benchmark:
    markets = int(offer.capabilities.get("instruments", 1))
    moves = _moves(count, markets)
    expected = _pass(offer, markets, moves)
    return Benchmark(
        name=offer.name,
        run=partial(_pass, offer, markets, moves),
        operations=len(moves),
        check=partial(expect, offer.name, expected),
        input=f"{offer.name}: {len(moves)} moves of the best prices, seed 1; {expected} requests",
        offer=offer,
        calls=lambda: (partial(_move, _started(offer, markets)), moves),
    )


def _pass(offer: Offer, markets: int, moves: list[_Move]) -> int:
    """Returns how many requests the strategy makes."""
    session = _started(offer, markets)
    for move in moves:
        _move(session, move)
    return len(session.requests)


def _move(session: FakeSession, move: _Move) -> None:
    seen = len(session.requests)
    session.advance(seconds=_STEP_S)
    session.show(move.market, bid_ticks=move.bid_ticks, ask_ticks=move.ask_ticks)
    session.print_trade(move.market, price_ticks=move.ask_ticks, size_lots=1_000, aggressor=move.aggressor)
    for request in session.requests[seen:]:
        if isinstance(request, ReplaceRequest):
            session.replaced(request)
        else:
            session.answer(Accepted(request.order_id, request.instrument, request.created_ns))


def _started(offer: Offer, markets: int) -> FakeSession:
    instruments = [BTC_USDT] + [
        msgspec.structs.replace(BTC_USDT, symbol=f"BTC{number}/USDT") for number in range(1, markets)
    ]
    session = FakeSession(instruments, now_ns=_START_NS)
    session.start(make(offer))
    return session
