"""What a lane's orders cost, measured by fused runs and read for the report."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from mainspring.lane.arrival import ArrivalPrice
from mainspring.lane.tally import CostTally, FillRecord, InstrumentTally
from mainspring.lane.timing import LaneStages
from mainspring.lane.trace import Trace
from mainspring.model import Cause, NewOrder, SlippageEstimate
from mainspring.portfolio import Valuation

__all__ = ["FusedQuality"]

_FILL_MARKS = _ORDER_MARKS = 2_000


class FusedQuality:
    """Keeps the contract of `ExecutionQuality` over the costs of a `mainspring.seams.Fused`, and gives equal figures.

    What is read is made at each reading, and doesn't change afterwards.
    """

    def __init__(self, costs: Any, valuations: Sequence[Valuation], stages: LaneStages) -> None:
        """`costs` are those of `mainspring.seams.Fused.costs`; `valuations` are those of the instruments."""
        self.markouts = costs
        self.on_request = costs.on_request
        self.on_refusal = costs.on_refusal
        self.on_sent = costs.on_sent
        self.on_replace_sent = costs.on_replace_sent
        self.on_event = costs.on_event
        self.fold = costs.fold
        self._costs = costs
        self._valuations = valuations
        stages.add_source(costs.take_times)

    @property
    def refusals(self) -> Counter[str]:
        """How many requests were refused, by reason."""
        ours, rejections = self._costs.refusals()
        return Counter(ours) + Counter({f"venue: {reason}": count for reason, count in rejections.items()})

    @property
    def tallies(self) -> list[InstrumentTally]:
        """The counts of each instrument."""
        return [
            InstrumentTally.restored(valuation, counts, CostTally.restored(*maker), CostTally.restored(*taker))
            for valuation, (counts, maker, taker) in zip(self._valuations, self._costs.tallies(), strict=True)
        ]

    @property
    def fills(self) -> list[Trace[FillRecord]]:
        """A sample of the fills of each instrument."""
        return [Trace(_FILL_MARKS, map(_fill_record, samples), seen) for seen, samples in self._costs.fills()]

    @property
    def orders(self) -> list[Trace[tuple[int, NewOrder, bool]]]:
        """A sample of the orders that were sent in each instrument: when, what then stood, whether it replaced that."""
        return [Trace(_ORDER_MARKS, samples, seen) for seen, samples in self._costs.orders()]


def _fill_record(figures: tuple[Any, ...]) -> FillRecord:
    number, fill, strategy, (estimate, mid_half_ticks, submitted_ns), before, after, later_mids = figures
    price, reference_price, causes, fill_probability = estimate
    expected = SlippageEstimate(price, reference_price, tuple(Cause(*one) for one in causes), fill_probability)
    record = FillRecord(number, fill, strategy, ArrivalPrice(expected, mid_half_ticks, submitted_ns), before, after)
    record.later_mids = later_mids
    return record
