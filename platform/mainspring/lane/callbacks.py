"""A strategy as the lane calls it: the callbacks that it defines, each wrapped once."""

import inspect
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, Final, NoReturn

from mainspring.errors import ConfigError, GridError
from mainspring.lane.strategy_session import LaneSession
from mainspring.plugin_calls import wrap_error
from mainspring.seams import CALLBACKS, State

if TYPE_CHECKING:
    from mainspring.lane.strategy_market import LaneStrategyMarket

__all__ = ["BoundStrategy", "defined_callbacks"]

_Call = Callable[..., Any]

_PARAMETERS: Final = {
    "on_start": ("session",),
    "on_bbo": ("market",),
    "on_trade": ("market", "trade"),
    "on_correction": ("market", "correction"),
    "on_bar": ("market", "bar"),
    "on_fill": ("fill", "order"),
    "on_order": ("order", "event"),
    "on_stop": (),
    "save": (),
    "load": ("state",),
}
"""What each callback is passed."""


def defined_callbacks(strategy: Any, name: str) -> dict[str, _Call]:
    """Returns the callbacks that a strategy defines, by their names.

    `name` is the strategy's, for errors. Raises `ConfigError`, which names the method, if one starts with "on_" and is
    no callback (a spelling mistake would otherwise go unnoticed), isn't callable, or can't take what it is passed.
    """
    for attribute in dir(strategy):
        if attribute.startswith("on_") and attribute not in _PARAMETERS:
            close = get_close_matches(attribute, CALLBACKS, 1)
            hint = f"did you mean {close[0]}?" if close else f"the callbacks are: {', '.join(CALLBACKS)}."
            raise ConfigError(
                f"strategy {name}: {type(strategy).__name__}.{attribute} is no callback, so it would never be called; "
                f"{hint} Start the names of other methods differently."
            )
    found = {}
    for callback, parameters in _PARAMETERS.items():
        method = getattr(strategy, callback, None)
        if method is None:
            continue
        if not callable(method) or not _takes(method, parameters):
            raise ConfigError(
                f"strategy {name}: {type(strategy).__name__}.{callback} must be a method "
                f"{callback}({', '.join(('self', *parameters))})"
            )
        found[callback] = method
    return found


class BoundStrategy:
    """A strategy with the callbacks that it defines; the others are None.

    Each is wrapped once: its time is recorded by `record`, and what it raises becomes a `PluginError` that names
    `plugin` and `distribution`. `plain_on_bbo` and the like are the callbacks as the strategy defines them. `session`
    is what the strategy sees of the lane, `markets` are its markets in order.
    """

    __slots__ = (
        "_clock",
        "_record",
        "distribution",
        "load",
        "markets",
        "name",
        "on_bar",
        "on_bbo",
        "on_correction",
        "on_fill",
        "on_order",
        "on_start",
        "on_stop",
        "on_trade",
        "plain_on_bbo",
        "plain_on_fill",
        "plain_on_order",
        "plugin",
        "save",
        "session",
        "strategy",
    )

    def __init__(
        self,
        session: LaneSession,
        strategy: Any,
        *,
        plugin: str,
        distribution: str,
        record: Callable[[int], None],
        clock: Callable[[], int] = perf_counter_ns,
    ) -> None:
        """`record` takes the nanoseconds of each call, which `clock` measures.

        Raises `ConfigError` if a callback can't be right: see `defined_callbacks`.
        """
        self.name = session.name
        self.plugin = plugin
        self.distribution = distribution
        self.strategy = strategy
        self.session = session
        self.markets = session.markets
        self._record = record
        self._clock = clock
        defined = defined_callbacks(strategy, self.name)
        self.plain_on_bbo: _Call | None = defined.get("on_bbo")
        self.plain_on_fill: _Call | None = defined.get("on_fill")
        self.plain_on_order: _Call | None = defined.get("on_order")
        found = {name: self.wrap(call) for name, call in defined.items()}
        self.on_bbo: Callable[[LaneStrategyMarket], None] | None = None
        if self.plain_on_bbo is not None:
            self.on_bbo = self._wrap_on_bbo(self.plain_on_bbo)
        self.on_trade: _Call | None = found.get("on_trade")
        self.on_correction: _Call | None = found.get("on_correction")
        self.on_bar: _Call | None = found.get("on_bar")
        self.on_fill: _Call | None = found.get("on_fill")
        self.on_order: _Call | None = found.get("on_order")
        self.on_stop: Callable[[], None] | None = found.get("on_stop")
        self.save: Callable[[], State] | None = found.get("save")
        self.load: Callable[[State], None] | None = found.get("load")
        # A strategy may refuse the session's markets or its own options when it sees them.
        self.on_start: Callable[[LaneSession], None] | None = None
        if "on_start" in found:
            self.on_start = self.wrap(strategy.on_start, passes=(ConfigError, GridError))
        session.bind(self.wrap, self.on_bar)

    def wrap(self, call: _Call, passes: tuple[type[BaseException], ...] = ()) -> _Call:
        """Wraps what the strategy gave us to call. Exceptions of the types in `passes` pass unchanged."""
        record, clock, fail = self._record, self._clock, self.fail

        def run(*arguments: Any) -> Any:
            started = clock()
            try:
                result = call(*arguments)
            except passes:
                raise
            except BaseException as error:  # noqa: BLE001  a stranger's strategy may raise anything
                fail(error)
            record(clock() - started)
            return result

        return run

    def _wrap_on_bbo(self, call: Callable[["LaneStrategyMarket"], Any]) -> Callable[["LaneStrategyMarket"], None]:
        """As `wrap`: a call without `*arguments` costs half, and this one is made at almost every message."""
        record, clock, fail = self._record, self._clock, self.fail

        def run(market: "LaneStrategyMarket") -> None:
            started = clock()
            try:
                call(market)
            except BaseException as error:  # noqa: BLE001  a stranger's strategy may raise anything
                fail(error)
            record(clock() - started)

        return run

    def fail(self, error: BaseException) -> NoReturn:
        """Raises what the strategy raised as an error that names it: see `mainspring.plugin_calls.wrap_error`."""
        wrap_error(f"strategy {self.name}", self.plugin, self.distribution, error)


def _takes(method: _Call, parameters: Sequence[str]) -> bool:
    try:
        inspect.signature(method).bind(*parameters)
    except TypeError:
        return False
    except ValueError:
        # Compiled code may have no signature to check.
        return True
    return True
