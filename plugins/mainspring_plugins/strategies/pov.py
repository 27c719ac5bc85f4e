"""POV: trades a size as a share of the volume that the market trades."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from mainspring.model import PRINT_VOLUME, Fill, OrderEvent, Trade
from mainspring.seams import Catalogue, OrderHandle, Session, State, StrategyMarket, hookimpl
from mainspring_plugins.strategies._execution import Execution, ExecutionOptions, seconds_ns

__all__ = ["Pov", "PovOptions"]


class PovOptions(ExecutionOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of the POV schedule, besides those of `ExecutionOptions`.

    `rate` is the share of the market's volume since the start, above 0 and at most 1. The target grows every `every_s`
    seconds, and by no less than `least` (in base currency or contracts; by default a lot), so that orders don't become
    too many. After `duration_s` seconds the schedule ends, by default with the session.
    """

    rate: Decimal = Decimal("0.1")
    every_s: float = 1.0
    least: Decimal | None = None
    duration_s: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.rate.is_finite() or not 0 < self.rate <= 1:
            raise ValueError(f"rate must be above 0 and at most 1, not {self.rate}")
        seconds_ns("every_s", self.every_s)
        if self.duration_s is not None:
            seconds_ns("duration_s", self.duration_s)


class Pov:
    """Counts what the market trades, and keeps up with its share of it. What is left at the end is cancelled."""

    def __init__(self, *, options: PovOptions) -> None:
        self._options = options
        self._rate = Fraction(options.rate)
        self._volume_lots = 0
        self._started = False
        self._saved: dict[str, Any] = {}

    def load(self, state: State) -> None:
        """Continues an earlier session's schedule: the volume seen, and what was filled."""
        self._saved = dict(state)

    def on_start(self, session: Session) -> None:
        """Sets the timers of the start and of the end."""
        options = self._options
        self._session = session
        self._execution = Execution(session, options)
        market = self._execution.market
        self._least_lots = 1 if options.least is None else market.lots(options.least, field="least")
        self._start_ns = session.now_ns + round(options.start_s * 1e9)
        if self._saved:
            self._start_ns = self._saved["start_ns"]
            self._volume_lots = int(self._saved["volume_lots"])
            self._execution.load(self._saved)
        session.at(self._start_ns, self._begin)
        if options.duration_s is not None:
            session.at(self._start_ns + seconds_ns("duration_s", options.duration_s), self._execution.finish)

    def on_trade(self, market: StrategyMarket, trade: Trade) -> None:
        """Counts the market's volume."""
        if self._started and market is self._execution.market and trade.counts & PRINT_VOLUME:
            self._volume_lots += trade.size_lots

    def on_bbo(self, market: StrategyMarket) -> None:
        """Tries again what hasn't been traded of the present target."""
        if market is self._execution.market:
            self._execution.pursue()

    def on_fill(self, fill: Fill, order: OrderHandle) -> None:
        """Counts a fill."""
        self._execution.on_fill(fill)

    def on_order(self, order: OrderHandle, event: OrderEvent) -> None:
        """Takes what became of an order."""
        self._execution.on_order(event)

    def on_stop(self) -> None:
        """Cancels what is working, and reports what was left."""
        self._execution.finish()
        self._execution.report()

    def save(self) -> State:
        """Returns the start, the volume seen, and what was filled."""
        return {"start_ns": self._start_ns, "volume_lots": self._volume_lots, **self._execution.save()}

    def _begin(self) -> None:
        self._started = True
        self._session.every(seconds=self._options.every_s, call=self._update)

    def _update(self) -> None:
        """Raises the target to the share of the volume, if it has grown by enough."""
        execution = self._execution
        share_lots = min(int(self._rate * self._volume_lots), execution.total_lots)
        if share_lots - execution.target_lots >= self._least_lots or share_lots == execution.total_lots:
            execution.target_lots = share_lots
        execution.pursue()


@hookimpl
def register_strategies(catalogue: Catalogue) -> None:
    catalogue.add("pov", Pov, summary="trades a size as a share of the market's volume", options=PovOptions)
