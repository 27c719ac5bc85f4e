"""What an order was expected to cost, and the mid price at which it was sent."""

from mainspring.model import SlippageEstimate

__all__ = ["ArrivalPrice"]


class ArrivalPrice:
    """What an order was expected to cost, and the mid price then, kept while the order lives."""

    __slots__ = ("estimate", "mid_half_ticks", "submitted_ns")

    def __init__(self, estimate: SlippageEstimate, mid_half_ticks: int, submitted_ns: int) -> None:
        self.estimate = estimate
        self.mid_half_ticks = mid_half_ticks
        self.submitted_ns = submitted_ns
