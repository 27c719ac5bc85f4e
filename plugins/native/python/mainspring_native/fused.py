"""Feed, books and markets in one pass over the bytes."""

import math
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, cast

from mainspring.model import Instrument
from mainspring.seams import CaptureBlocks, FuseContext, RawMessage
from mainspring_native._native import (
    Batch,
    Book,
    Costs,
    Fused,
    LaneClock,
    Market,
    OrderTracker,
    OwnOrders,
    PaperVenue,
    PositionUnits,
    Requests,
    WireDecoder,
    read_through,
)
from mainspring_native._native import CaptureBlocks as NativeBlocks

__all__ = ["NativeFused"]


class NativeFused:
    """Keeps the contract of `mainspring.seams.Fused` over a native decoder and native books.

    `run_frames(decoder, chunk, start, now_ns, callbacks=, timed=)` runs the messages in a chunk of WebSocket frames as
    it was received; `frame_decoder` is a native `FrameDecoder`. It returns the place in the chunk behind the last one
    that was run, and the pings, pongs and closes among them; `changed` then lists the places of changed markets.
    """

    def __init__(
        self, decoder: WireDecoder, instruments: Sequence[Instrument], books: Sequence[Book], context: FuseContext
    ) -> None:
        # As `mainspring.lane.StreamStatistics` has them, whose cells are a second long.
        keep = 0.5 ** (1.0 / context.volatility_half_life_s)
        warm_up_cells = math.ceil(context.warm_up_s)
        options = [(keep, warm_up_cells, volume, context.daily_volatility) for volume in context.daily_volume_lots]
        fused = Fused(decoder, list(instruments), list(books), options, context.top_of_book)
        self._fused = fused
        self.markets = fused.markets
        self.run = fused.run
        self.run_frames = fused.run_frames
        self.changed = fused.changed
        self.marks = fused.marks
        self.take_conflated = fused.take_conflated
        self.take_times = fused.take_times

    @property
    def raised_at(self) -> int:
        """See `mainspring.seams.Fused`."""
        return self._fused.raised_at

    def attach(self, router: object) -> bool:
        """See `mainspring.seams.Fused`: it shows events to a native paper venue."""
        if not isinstance(router, PaperVenue):
            return False
        self._fused.attach(router)
        return True

    def order_tracker(self, instruments: Sequence[Instrument], *, answer_timeout_ns: int) -> OrderTracker:
        """See `mainspring.seams.Fused`: with it, a run tracks orders itself."""
        return OrderTracker(instruments, answer_timeout_ns=answer_timeout_ns)

    def position_units(self, valuation: Any) -> PositionUnits:
        """See `mainspring.seams.Fused`: a run books fills in it."""
        return PositionUnits(valuation)

    def clock(self) -> LaneClock:
        """See `mainspring.seams.Fused`: a run sets it."""
        return LaneClock()

    def requests(self, most_answers: int) -> Requests:
        """See `mainspring.seams.Fused`: a run works them off."""
        return Requests(most_answers)

    def strategy_market(self, base: type) -> type:
        """See `mainspring.seams.Fused`: it reads native objects in place."""
        return _reading(base)

    def own_orders(self, market: Any, client_order_id: Callable[[int], str], *, outbox: Any, clock: Any) -> OwnOrders:
        """See `mainspring.seams.Fused`: a run updates them."""
        return OwnOrders(market, clock, outbox.requests, client_order_id)

    def costs(self, tracker: OrderTracker, markets: Sequence[object], valuations: Sequence[Any]) -> Costs | None:
        """See `mainspring.seams.Fused`: it sees native markets only."""
        inverse = [valuation.sign < 0 for valuation in valuations]
        own = [market for market in markets if isinstance(market, Market)]
        return Costs(tracker, list(zip(own, inverse, strict=True))) if len(own) == len(markets) else None

    def measure(self, costs: Costs) -> None:
        """See `mainspring.seams.Fused`."""
        self._fused.measure(costs)

    @property
    def marked(self) -> bool:
        """See `mainspring.seams.Fused`."""
        return self._fused.marked

    @property
    def last_ns(self) -> int:
        """See `mainspring.seams.Fused`."""
        return self._fused.last_ns

    def batch(self, messages: Sequence[RawMessage] | Batch) -> Batch:
        """See `mainspring.seams.Fused`."""
        return messages if isinstance(messages, Batch) else Batch(messages)

    def open_capture(self, path: Path, block: int) -> CaptureBlocks:
        """See `mainspring.seams.Fused`: the lines are decompressed and split on a thread of their own."""
        # What a block is of a sequence, its length and its items, is all that is asked of it.
        return cast("CaptureBlocks", NativeBlocks(path, block))


@cache
def _reading(base: Any) -> type:
    made = type(base.__name__, (base,), {"__doc__": base.__doc__, "__module__": base.__module__, "__slots__": ()})
    for name, path in base.reads().items():
        read_through(made, name, *path.split("."))
    return made
