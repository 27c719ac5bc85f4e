"""What the checks of losses share: limits by currency, and a stop that a loss sets."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from mainspring.model import Instrument, NewOrder, OrderEvent, Refusal
from mainspring.seams import AccountView, MarketView, RiskSession
from mainspring_plugins.risk._limit import reduces
from mainspring_plugins.risk._loss_marks import LossMarks
from mainspring_plugins.risk._money import Money
from mainspring_plugins.risk._scopes import any_looser, refuse_negative

__all__ = ["LossCheck", "LossOptions"]


class LossOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The largest loss: `limit` in each profit currency, unless `currencies` has another for it."""

    limit: Decimal
    currencies: dict[str, Decimal] = {}

    def __post_init__(self) -> None:
        refuse_negative(limit=self.limit, currencies=dict(self.currencies))

    def loosens(self, before: "LossOptions") -> bool:
        """Returns whether this lets something pass that `before` doesn't."""
        named = {**self.currencies, **before.currencies}
        return any_looser(self, before) or any(
            self.currencies.get(name, self.limit) > before.currencies.get(name, before.limit) for name in named
        )


class LossCheck(ABC):
    """Looks at the profit in each currency at every order and every word of a venue.

    Once a loss is above the limit, orders of that currency are stopped, even if the loss shrinks again, unless they
    reduce a position. A subclass says what the loss is measured from, and whether that `follows_best`, the best profit.
    """

    follows_best: bool

    hears_in_runs = True
    passes_if = "not (self.stopped or self.unknown)"

    def __init__(self, name: str, instruments: Sequence[Instrument], options: LossOptions) -> None:
        self._name = name
        self._money = Money(instruments)
        self._limits = {
            currency: self._money.quanta(currency, options.currencies.get(currency, options.limit))
            for currency in self._money.quantum
        }
        self._session: RiskSession | None = None
        self.stopped: dict[str, str] = {}
        # The currencies whose profit isn't known.
        self.unknown: set[str] = set(self._limits)
        alone = len(instruments) == 1
        ratio = self._money.profit_shares(self._money.currency[0])[0][1:] if alone else None
        self.marks = LossMarks(follows_best=self.follows_best, ratio=ratio)
        """What losses are measured from. A fused run puts a twin in its place, with the same methods."""
        # In a lane of one instrument: the profits that change nothing, if there are any.
        self.unmoved_if: str | None = None
        if alone:
            self.unmoved_if = "profit_ppb is not None and self.marks.least_ppb <= profit_ppb < self.marks.beyond_ppb"

    def bind(self, session: RiskSession) -> None:
        """See `mainspring.seams.RiskCheck`."""
        self._session = session

    def adopt(self, before: "LossCheck") -> None:
        """See `mainspring.seams.RiskCheck`. What has stopped stays stopped."""
        self.marks, self.stopped, self.unknown = before.marks, before.stopped, before.unknown
        self.marks.look_again()

    def save(self) -> dict[str, Any]:
        """See `mainspring.seams.RiskCheck`."""
        return {"measured_from": self.marks.state(), "stopped": dict(self.stopped)}

    def restore(self, saved: dict[str, Any]) -> None:
        """See `mainspring.seams.RiskCheck`. What has stopped stays stopped."""
        self.stopped = dict(saved["stopped"])
        self.marks.restore(saved["measured_from"])

    def lift(self) -> bool:
        """See `mainspring.seams.RiskCheck`. The loss is measured from now on."""
        had_stopped = bool(self.stopped)
        for currency in self.stopped:
            profit = None if self._session is None else self._money.total_profit(self._session, currency)
            if profit is not None:
                self.marks.put(currency, profit)
        self.stopped = {}
        self.marks.look_again()
        return had_stopped

    def shares(self, instrument: int) -> tuple[str, tuple[tuple[int, int, int], ...]]:
        """Returns the currency whose loss an instrument's orders depend on, and of each instrument that counts its
        index and what a profit in billionths of value units is multiplied and divided by, to be in quanta.
        """
        currency = self._money.currency[instrument]
        return currency, self._money.profit_shares(currency)

    def on_order(self, order: NewOrder | OrderEvent) -> None:
        """See `mainspring.seams.RiskCheck`. Compares the loss with the limit, if it is known."""
        currency, session, marks = self._money.currency[order.instrument], self._session, self.marks
        profit = None if session is None else self._money.total_profit(session, currency)
        marks.unbound(currency)
        if session is None or profit is None:
            self.unknown.add(currency)
            return
        self.unknown.discard(currency)
        limit, measured_from = self._limits[currency], self.measure_from(currency, profit, session)
        loss = measured_from - profit
        if loss > limit and currency not in self.stopped:
            text = self._money.text
            self.stopped[currency] = f"a loss of {text(currency, loss)} is above {text(currency, limit)}"
        if currency not in self.stopped:
            marks.bound(currency, measured_from, limit)

    on_event = on_order

    def check(self, order: NewOrder, market: MarketView, account: AccountView) -> Refusal | None:
        """Implements `mainspring.seams.RiskCheck`."""
        currency = self._money.currency[order.instrument]
        stopped = self.stopped.get(currency)
        # It was looked at just now, by `on_order`.
        if stopped is None and currency not in self.unknown:
            return None
        if reduces(order, account):
            return None
        return Refusal(self._name, stopped or "something is held that has no mark, so 0 losses are known")

    @abstractmethod
    def measure_from(self, currency: str, profit: int, session: RiskSession) -> int:
        """Returns the profit that the loss is measured from, now that it is `profit`."""
