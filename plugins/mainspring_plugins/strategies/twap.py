"""TWAP: trades a size in equal slices over a time."""

from typing import Any

from mainspring.model import Fill, OrderEvent
from mainspring.seams import Catalogue, OrderHandle, Session, State, StrategyMarket, hookimpl
from mainspring_plugins.strategies._execution import Execution, ExecutionOptions, seconds_ns

__all__ = ["Twap", "TwapOptions"]

_MOST_SLICES = 1_000_000


class TwapOptions(ExecutionOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of the TWAP schedule, besides those of `ExecutionOptions`.

    `slices` equal slices are spread evenly over `duration_s` seconds; the first is due at the start.
    """

    duration_s: float = 3_600.0
    slices: int = 60

    def __post_init__(self) -> None:
        super().__post_init__()
        seconds_ns("duration_s", self.duration_s)
        if not 1 <= self.slices <= _MOST_SLICES:
            raise ValueError(f"slices must be from 1 to {_MOST_SLICES:,}, not {self.slices}")


class Twap:
    """Trades a slice at each of its instants. What a slice left is added to the next; the end cancels the rest."""

    def __init__(self, *, options: TwapOptions) -> None:
        self._options = options
        self._duration_ns = seconds_ns("duration_s", options.duration_s)
        self._slices = options.slices
        self._slice = 0
        self._saved: dict[str, Any] = {}

    def load(self, state: State) -> None:
        """Continues an earlier session's schedule: its start, and what was filled."""
        self._saved = dict(state)

    def on_start(self, session: Session) -> None:
        """Sets the timers of the first slice and of the end."""
        self._session = session
        self._execution = Execution(session, self._options)
        self._start_ns = session.now_ns + round(self._options.start_s * 1e9)
        if self._saved:
            self._start_ns = self._saved["start_ns"]
            self._execution.load(self._saved)
        session.at(self._start_ns, self._on_slice)
        session.at(self._start_ns + self._duration_ns, self._execution.finish)

    def on_bbo(self, market: StrategyMarket) -> None:
        """Tries again what the present slice hasn't traded."""
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
        """Returns the start and what was filled."""
        return {"start_ns": self._start_ns, **self._execution.save()}

    def _on_slice(self) -> None:
        """Raises the target to what is due by now, and sets the timer of the next slice."""
        execution, slices = self._execution, self._slices
        elapsed_ns = self._session.now_ns - self._start_ns
        if elapsed_ns >= self._duration_ns:
            return
        self._slice = min(max(elapsed_ns * slices // self._duration_ns + 1, self._slice + 1), slices)
        execution.target_lots = execution.total_lots * self._slice // slices
        if self._slice < slices:
            # Rounded up: the slice's instant has then come, and not nearly.
            self._session.at(self._start_ns - (-self._slice * self._duration_ns // slices), self._on_slice)
        execution.pursue()


@hookimpl
def register_strategies(catalogue: Catalogue) -> None:
    catalogue.add("twap", Twap, summary="trades a size in equal slices over a time", options=TwapOptions)
