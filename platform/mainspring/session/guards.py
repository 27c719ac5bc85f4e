"""Guards of ramps: whether a candidate does as well as its control since the ramp's last step."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from mainspring.flags import Flag
from mainspring.host.guard_config import GuardConfig
from mainspring.host.plan import FlagPlan
from mainspring.lane import Lane
from mainspring.lane.swaps import PairTimes, SwapControl, SwapSlot
from mainspring.session.ramp import Verdict
from mainspring.telemetry import Histogram

__all__ = ["GuardPost"]

_PASS = Verdict("pass")


class GuardPost:
    """Assesses the candidates of a lane's flags by their guards. `plans` are the flags as the config has them."""

    def __init__(self, lane: Lane, plans: Sequence[FlagPlan]) -> None:
        self._lane = lane
        self._guards: Mapping[str, GuardConfig] = {one.flag.name: one.guards for one in plans}
        self._since: dict[str, tuple[Flag, dict[int, _Counts]]] = {}

    def assess(self, flag: Flag) -> Verdict:
        """Returns what the guards say of a flag's candidate since the flag was last changed.

        One that fails decides; else one that can't say yet, since too little has happened.
        """
        guards, swaps = self._guards[flag.name], self._lane.swaps
        if not flag.slot or swaps is None:
            return _PASS
        slot = swaps.slots.get(flag.slot)
        if slot is None:
            return Verdict("inconclusive", f"nothing can be exchanged in the slot {flag.slot}")
        found = [*_pairs(flag, guards, slot, swaps)]
        if guards.by_orders:
            found += self._orders(flag, guards, slot)
        for kind in ("fail", "inconclusive"):
            if (first := next((one for one in found if one.kind == kind), None)) is not None:
                return first
        return _PASS

    def _orders(self, flag: Flag, guards: GuardConfig, slot: SwapSlot) -> Iterator[Verdict]:
        """Compares the instruments that the flag takes with the others, by what their orders have met since."""
        now = self._counts()
        known = self._since.get(flag.name)
        if known is None or known[0] is not flag:
            known = self._since[flag.name] = flag, now
        assert self._lane.swaps is not None
        labels = list(self._lane.swaps.instruments)
        members = {labels.index(key) for key in slot.keys if flag.takes(key)}
        taken, others = _Counts(), _Counts()
        for at, counts in now.items():
            since = counts.since(known[1][at])
            if at in members:
                taken = taken.plus(since)
            else:
                others = others.plus(since)
            if guards.loss is not None and at in members and since.profit < -guards.loss:
                yield Verdict("fail", f"{labels[at]} lost {-since.profit:.8g}, and {guards.loss:g} is allowed")
        if min(taken.orders, others.orders) < guards.orders:
            yield Verdict(
                "inconclusive",
                f"{taken.orders} requests with the candidate and {others.orders} without, of {guards.orders} each",
            )
            return
        yield from _compared(guards, taken, others)

    def _counts(self) -> "dict[int, _Counts]":
        manager = self._lane.order_manager
        if manager is None:
            return {}
        found = {}
        for at, (tally, account) in enumerate(
            zip(manager.quality.tallies, manager.portfolio.statements(), strict=True)
        ):
            costs = [one for one in tally.costs.values() if one.fills]
            cost = sum((one.arrival_cost_bps() or 0.0) * one.fills for one in costs)
            # A position without a mark has no profit that one could compare.
            profit = float(account.net or 0)
            found[at] = _Counts(tally.orders, tally.accepted, tally.rejected, tally.fills, cost, profit)
        return found


class _Counts(NamedTuple):
    """What orders have met: `cost` is in basis points, summed over fills, `profit` in the instrument's own currency."""

    orders: int = 0
    accepted: int = 0
    rejected: int = 0
    fills: int = 0
    cost: float = 0.0
    profit: float = 0.0

    @property
    def refused(self) -> int:
        """Requests that the lane refused. Those whose answer is on its way count until it comes."""
        return max(self.orders - self.accepted - self.rejected, 0)

    def since(self, before: "_Counts") -> "_Counts":
        return self.plus(before, -1)

    def plus(self, other: "_Counts", sign: int = 1) -> "_Counts":
        return _Counts(
            self.orders + sign * other.orders,
            self.accepted + sign * other.accepted,
            self.rejected + sign * other.rejected,
            self.fills + sign * other.fills,
            self.cost + sign * other.cost,
            self.profit + sign * other.profit,
        )


def _compared(guards: GuardConfig, taken: _Counts, others: _Counts) -> Iterator[Verdict]:
    shares = (
        ("refused", guards.refused_pct, taken.refused, others.refused),
        ("rejected", guards.rejected_pct, taken.rejected, others.rejected),
    )
    for name, most, of_taken, of_others in shares:
        if most is None:
            continue
        here, there = 100 * of_taken / taken.orders, 100 * of_others / others.orders
        if here > there + most:
            yield Verdict(
                "fail", f"{here:.1f}% of the candidate's requests were {name}, and {there:.1f}% of the others"
            )
    if guards.slippage_bps is not None and taken.fills and others.fills:
        here, there = (one.cost / one.fills for one in (taken, others))
        if here > there + guards.slippage_bps:
            yield Verdict("fail", f"the candidate's fills cost {here:.2f} bps, and the others {there:.2f}")
    elif guards.slippage_bps is not None:
        yield Verdict("inconclusive", "no fills to compare the cost of")


def _pairs(flag: Flag, guards: GuardConfig, slot: SwapSlot, swaps: SwapControl) -> Iterator[Verdict]:
    """Compares the candidate and the control where both are given the same input."""
    candidate, control, inputs = Histogram(), Histogram(), 0
    for at, key in enumerate(slot.keys):
        found = swaps.counts[flag.slot, key]
        if guards.differences is not None and found > guards.differences:
            yield Verdict("fail", f"{found} results differ in {key}, and {guards.differences} may")
        times: PairTimes | None = slot.times(at)
        if times is not None:
            inputs += times.count
            times.add_to(control, candidate)
    if guards.p99_ratio is None and guards.differences is None:
        return
    if inputs < guards.inputs:
        yield Verdict("inconclusive", f"both were given {inputs} inputs, of {guards.inputs}")
        return
    if guards.p99_ratio is not None:
        here, there = candidate.percentile(99), control.percentile(99)
        if here > guards.p99_ratio * there:
            yield Verdict(
                "fail",
                f"the candidate's p99 is {here / 1000:.1f} us, {here / max(there, 1):.2f} times the control's; "
                f"{guards.p99_ratio:g} are allowed",
            )
