"""Takes what the orders of sessions have cost, and calibrates their slippage models by that."""

from collections.abc import Callable
from typing import Any

import msgspec

from mainspring.calibration import TakenOrder, calibrate, taken_orders
from mainspring.errors import ConfigError
from mainspring.host.offers import Offer
from mainspring.host.plan import Plan, SessionPlan
from mainspring.host.registry import Registry
from mainspring.report.calibration import Calibration
from mainspring.session.lane_run import LaneRun

__all__ = ["ModelCalibration", "SessionCosts", "run_for_costs"]


class ModelCalibration(msgspec.Struct, frozen=True, kw_only=True):
    """What was fitted for one slippage model at one venue: the venue's, then each instrument's, if there are several.

    `sampled` says of how many fills those that were used are a sample; None if all were used.
    """

    plugin: str
    found: list[Calibration]
    sampled: int | None = None


class _Group:
    def __init__(self, part: Plan, venue: str) -> None:
        self.part = part
        self.venue = venue
        self.orders: dict[str, list[TakenOrder]] = {}
        self.fills = self.seen = 0


class SessionCosts:
    """The orders that took liquidity in the lanes that were added, by venue and model."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._groups: dict[tuple[str, str, bytes], _Group] = {}

    def add(self, run: LaneRun) -> None:
        """Adds the fills of a lane that has run."""
        manager = run.lane.order_manager
        if manager is None:
            return
        fills = manager.quality.fills
        for part, handler in zip(run.plan.parts, run.handlers, strict=True):
            if part.slippage is None:
                continue
            options = msgspec.json.encode(part.slippage.options)
            venue = part.name or part.feed.plugin
            group = self._groups.setdefault((venue, part.slippage.plugin, options), _Group(part, venue))
            for market in handler.own:
                trace = fills[market.index]
                group.orders.setdefault(part.label(market.instrument), []).extend(taken_orders(trace.samples))
                group.fills += len(trace.samples)
                group.seen += trace.seen

    def calibrate(self, prior_sd: float) -> list[ModelCalibration]:
        """Fits each model at each venue. See `mainspring.calibration.calibrate` for `prior_sd`.

        Raises `ConfigError` if there is nothing that could be fitted: no orders, or a model without such an option.
        """
        if not self._groups:
            raise ConfigError("the session sends no orders: give it a strategy, in a table [strategy.NAME]")
        return [self._fit(group, prior_sd) for group in self._groups.values()]

    def _fit(self, group: _Group, prior_sd: float) -> ModelCalibration:
        choice = group.part.slippage
        assert choice is not None
        offer = self._registry.get("slippage", choice.plugin)
        scaled = _scaled(offer)
        if not scaled:
            fits = sorted(name for name, one in self._registry.offers("slippage").items() if _scaled(one))
            raise ConfigError(
                f"the slippage model {choice.plugin!r} has no option that its estimates are proportional to; "
                f"these have: {', '.join(fits)}"
            )
        options: Any = choice.options
        if options is None:
            assert offer.options is not None
            options = offer.options()
        now = {option: float(getattr(options, option)) for option in scaled.values()}
        found = calibrate(group.venue, group.orders, scaled, now, prior_sd=prior_sd)
        sampled = group.seen if group.seen > group.fills else None
        return ModelCalibration(plugin=choice.plugin, found=found, sampled=sampled)


def run_for_costs(
    session: SessionPlan, registry: Registry, progress: Callable[[float | None], None] = lambda _: None
) -> SessionCosts:
    """Runs a session of recorded or generated messages, lane after lane, for what its orders cost.

    `progress` is called with the fraction of the present lane. Raises `ConfigError` for a session that connects, and
    what a run raises.
    """
    if any(part.source.connect is not None for part in session.feeds):
        raise ConfigError(
            "this session connects to a venue; calibrate by what it journalled, with --journal FILE, or by a recorded "
            "session, with --capture FILE"
        )
    costs = SessionCosts(registry)
    for plan in session.lanes:
        # What runs here is no session of the config's journal.
        parts = tuple(msgspec.structs.replace(part, journal=None, journal_waits=False) for part in plan.parts)
        with LaneRun(msgspec.structs.replace(plan, parts=parts), registry, {}) as run:
            while run.step():
                progress(run.fraction())
            run.finish()
            costs.add(run)
    return costs


def _scaled(offer: Offer) -> dict[str, str]:
    pairs = str(offer.capabilities.get("calibrates", "")).split(",")
    return dict(tuple(part.strip() for part in pair.split("=")) for pair in pairs if pair.strip())  # type: ignore[misc]
