"""Guards: how a candidate compares with its control, and when nothing can be said."""

from types import SimpleNamespace
from typing import Any

import pytest

from mainspring.flags import Flag
from mainspring.host.guard_config import GuardConfig
from mainspring.host.plan import FlagPlan
from mainspring.lane.swaps import PairTimes
from mainspring.session.guards import GuardPost

# Of these the flag takes the first.
LABELS = ("A", "B")


class Slot:
    """A slot in which a candidate of each key runs next to its control."""

    keys = LABELS

    def __init__(self, control_ns: int, candidate_ns: int, inputs: int) -> None:
        self._times = PairTimes()
        for number in range(inputs):
            self._times.add(control_ns + number % 3, candidate_ns + number % 3)

    def times(self, at: int) -> PairTimes | None:
        return None if at else self._times


class Tally:
    """What the orders of an instrument have met."""

    def __init__(self) -> None:
        self.orders = self.accepted = self.rejected = self.fills = 0
        self.cost_bps = 0.0

    @property
    def costs(self) -> dict[str, Any]:
        return {"taker": SimpleNamespace(fills=self.fills, arrival_cost_bps=lambda: self.cost_bps)}


class Lane:
    """A lane of two instruments, whose figures a test sets."""

    def __init__(self, slot: Slot) -> None:
        self.tallies = [Tally(), Tally()]
        self.nets = [0.0, 0.0]
        self.swaps = SimpleNamespace(slots={"book": slot}, counts={("book", key): 0 for key in LABELS})
        self.swaps.instruments = dict.fromkeys(LABELS)
        self.order_manager = SimpleNamespace(
            quality=SimpleNamespace(tallies=self.tallies),
            portfolio=SimpleNamespace(statements=lambda: [SimpleNamespace(net=one) for one in self.nets]),
        )


FLAG = Flag(name="new", slot="book", plugin="ladder", members=("A",))


def post(lane: Lane, **guards: Any) -> GuardPost:
    return GuardPost(lane, [FlagPlan(flag=FLAG, guards=GuardConfig(**guards))])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("control_ns", "candidate_ns", "inputs", "kind"),
    [
        (1_000, 1_400, 1_000, "pass"),
        (1_000, 2_000, 1_000, "fail"),
        (1_000, 500, 1_000, "pass"),
        (1_000, 2_000, 999, "inconclusive"),
        (1_000, 1_000, 0, "inconclusive"),
    ],
)
def test_a_candidate_that_takes_too_long_fails(control_ns: int, candidate_ns: int, inputs: int, kind: str) -> None:
    """By its 99th percentile against its control's for the same inputs, once there are enough."""
    lane = Lane(Slot(control_ns, candidate_ns, inputs))
    assert post(lane, p99_ratio=1.5).assess(FLAG).kind == kind


def test_a_difference_fails_at_once() -> None:
    """However few inputs there were; those that are allowed don't."""
    lane = Lane(Slot(1, 1, 5))
    lane.swaps.counts["book", "B"] = 1
    verdict = post(lane).assess(FLAG)
    assert (verdict.kind, verdict.why) == ("fail", "1 results differ in B, and 0 may")
    assert post(lane, differences=1).assess(FLAG).kind == "inconclusive"
    assert post(lane, differences=None).assess(FLAG).kind == "pass"


def trade(
    lane: Lane, at: int, *, orders: int, accepted: int, rejected: int = 0, fills: int = 0, cost: float = 0
) -> None:
    tally = lane.tallies[at]
    tally.orders += orders
    tally.accepted += accepted
    tally.rejected += rejected
    tally.fills += fills
    tally.cost_bps = cost


@pytest.mark.parametrize(
    ("guards", "taken", "others", "kind"),
    [
        ({"refused_pct": 5}, {"orders": 100, "accepted": 90}, {"orders": 100, "accepted": 96}, "fail"),
        ({"refused_pct": 5}, {"orders": 100, "accepted": 92}, {"orders": 100, "accepted": 96}, "pass"),
        ({"refused_pct": 5}, {"orders": 19, "accepted": 0}, {"orders": 100, "accepted": 96}, "inconclusive"),
        (
            {"rejected_pct": 5},
            {"orders": 100, "accepted": 90, "rejected": 10},
            {"orders": 100, "accepted": 100},
            "fail",
        ),
        (
            {"slippage_bps": 0.5},
            {"orders": 50, "accepted": 50, "fills": 9, "cost": 2.0},
            {"orders": 50, "accepted": 50, "fills": 9, "cost": 1.0},
            "fail",
        ),
        (
            {"slippage_bps": 0.5},
            {"orders": 50, "accepted": 50, "fills": 9, "cost": 1.25},
            {"orders": 50, "accepted": 50, "fills": 9, "cost": 1.0},
            "pass",
        ),
        ({"slippage_bps": 0.5}, {"orders": 50, "accepted": 50}, {"orders": 50, "accepted": 50}, "inconclusive"),
    ],
)
def test_orders_of_the_share_are_compared_with_the_others(
    guards: dict[str, Any], taken: dict[str, Any], others: dict[str, Any], kind: str
) -> None:
    """What they have met since the flag was last changed; what was before doesn't count."""
    lane = Lane(Slot(1, 1, 0))
    for tally in lane.tallies:
        tally.orders, tally.accepted = 500, 7
    guarded = post(lane, differences=None, **guards)
    assert guarded.assess(FLAG).kind == "inconclusive"
    trade(lane, 0, **taken)
    trade(lane, 1, **others)
    assert guarded.assess(FLAG).kind == kind


def test_a_loss_fails_without_a_comparison() -> None:
    """Of an instrument that the flag takes, since its last change; another's is nobody's fault."""
    lane = Lane(Slot(1, 1, 0))
    lane.nets = [-50.0, 0.0]
    guarded = post(lane, differences=None, loss=10)
    guarded.assess(FLAG)
    lane.nets = [-55.0, -99.0]
    assert guarded.assess(FLAG).kind == "inconclusive"
    lane.nets = [-61.0, 0.0]
    assert guarded.assess(FLAG).why == "A lost 11, and 10 is allowed"


def test_a_flag_that_strategies_read_has_no_guards() -> None:
    """There is nothing to compare."""
    lane = Lane(Slot(1, 1, 0))
    flag = Flag(name="new", unit="strategy")
    assert GuardPost(lane, [FlagPlan(flag=flag)]).assess(flag).kind == "pass"  # type: ignore[arg-type]
