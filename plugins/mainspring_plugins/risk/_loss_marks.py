"""What losses are measured from, and the profits about which a check of losses has nothing to do."""

from collections.abc import Mapping

__all__ = ["LossMarks"]

# Beyond every profit.
_FAR_PPB = 1 << 254


class LossMarks:
    """The profit that each currency's loss is measured from, in quanta, and the most that may be lost from there.

    Between `least_ppb` and below `beyond_ppb`, from `begins_ns` until before `ends_ns`, no loss stops and nothing is to
    be noted. These are for a lane of one instrument: profits in billionths of value units, of which `ratio` makes
    quanta, as numerator and denominator. `follows_best` says that a better profit is what losses are measured from.
    """

    __slots__ = ("_measured_from", "begins_ns", "beyond_ppb", "ends_ns", "follows_best", "least_ppb", "ratio")

    def __init__(self, *, follows_best: bool, ratio: tuple[int, int] | None) -> None:
        self.follows_best = follows_best
        self.ratio = ratio
        self._measured_from: dict[str, int] = {}
        self.least_ppb = self.beyond_ppb = 0
        self.begins_ns = self.ends_ns = 0

    def get(self, currency: str) -> int | None:
        """Returns what a currency's loss is measured from; None if that isn't known."""
        return self._measured_from.get(currency)

    def put(self, currency: str, measured_from: int) -> None:
        """Measures a currency's loss from that."""
        self._measured_from[currency] = measured_from

    def set_day(self, begins_ns: int, ends_ns: int) -> None:
        """Sets the time for which all this holds."""
        self.begins_ns, self.ends_ns = begins_ns, ends_ns

    def bound(self, currency: str, measured_from: int, limit: int) -> None:
        """Lets a currency's losses up to the limit pass without a look."""
        if self.ratio is not None:
            self.least_ppb = self._least_ppb(measured_from - limit)
            self.beyond_ppb = self._least_ppb(measured_from + 1) if self.follows_best else _FAR_PPB

    def unbound(self, currency: str) -> None:
        """Lets nothing of a currency pass without a look."""
        self.look_again()

    def look_again(self) -> None:
        """Lets nothing pass without a look."""
        self.least_ppb = self.beyond_ppb = 0

    def state(self) -> dict[str, int]:
        """Returns what losses are measured from."""
        return dict(self._measured_from)

    def restore(self, state: Mapping[str, int]) -> None:
        """Takes over what losses are measured from, as `state` has it."""
        self._measured_from = dict(state)
        self.look_again()

    def _least_ppb(self, quanta: int) -> int:
        """The least profit in billionths of value units that is that many quanta, or more."""
        assert self.ratio is not None
        numerator, denominator = self.ratio
        return -(-quanta * denominator // numerator)
