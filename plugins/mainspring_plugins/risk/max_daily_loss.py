"""Stops orders once too much is lost in a day."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec

from mainspring.model import Instrument
from mainspring.seams import Catalogue, RiskSession, hookimpl
from mainspring_plugins.risk._loss import LossCheck, LossOptions

__all__ = ["DailyLossOptions", "MaxDailyLoss", "register_risk_checks"]

_NAME = "max_daily_loss"
_HOUR_NS = 3_600 * 10**9
_DAY_NS = 24 * _HOUR_NS


class DailyLossOptions(LossOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As `LossOptions`. `day_starts` is the hour, in UTC, at which a day begins."""

    day_starts: Annotated[int, msgspec.Meta(ge=0, le=23)] = 0

    def loosens(self, before: LossOptions) -> bool:
        """Returns whether this lets something pass that `before` doesn't."""
        assert isinstance(before, DailyLossOptions)
        limits = LossOptions(limit=self.limit, currencies=self.currencies)
        return self.day_starts != before.day_starts or limits.loosens(
            LossOptions(limit=before.limit, currencies=before.currencies)
        )


class MaxDailyLoss(LossCheck):
    """Passes orders until the day's loss, realised or not, after fees and funding, is above `limit`.

    Then only orders that reduce a position pass until the next day, unless a person lifts it: the loss is then measured
    from there. A day's loss is measured from the profit at its first order or report of a venue; that of the session's
    first day from nothing.
    """

    follows_best = False

    def __init__(self, instruments: Sequence[Instrument], *, options: DailyLossOptions) -> None:
        super().__init__(_NAME, instruments, options)
        self._starts_ns = options.day_starts * _HOUR_NS
        self.days: dict[str, int] = {}
        if self.unmoved_if is not None:
            self.unmoved_if += " and self.marks.begins_ns <= now_ns < self.marks.ends_ns"

    def adopt(self, before: LossCheck) -> None:
        """See `mainspring.seams.RiskCheck`."""
        super().adopt(before)
        assert isinstance(before, MaxDailyLoss)
        self.days = before.days

    def save(self) -> dict[str, Any]:
        """See `mainspring.seams.RiskCheck`."""
        return {**super().save(), "days": dict(self.days)}

    def restore(self, saved: dict[str, Any]) -> None:
        """See `mainspring.seams.RiskCheck`."""
        super().restore(saved)
        self.days = dict(saved["days"])

    def measure_from(self, currency: str, profit: int, session: RiskSession) -> int:
        """See `LossCheck`: the profit at the day's beginning."""
        day = (session.now_ns - self._starts_ns) // _DAY_NS
        begins_ns = day * _DAY_NS + self._starts_ns
        self.marks.set_day(begins_ns, begins_ns + _DAY_NS)
        known, measured_from = self.days.get(currency), self.marks.get(currency)
        if known != day or measured_from is None:
            self.days[currency] = day
            measured_from = 0 if known is None else profit
            self.marks.put(currency, measured_from)
            self.stopped.pop(currency, None)
        return measured_from


@hookimpl
def register_risk_checks(catalogue: Catalogue) -> None:
    """Offers `max_daily_loss`."""
    catalogue.add(
        _NAME,
        MaxDailyLoss,
        summary="Largest loss of a day, in each profit currency",
        options=DailyLossOptions,
        capabilities={"across_instruments": True, "in_runs": True},
    )
