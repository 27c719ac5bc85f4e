"""Slippage models and risk checks side by side: whose answer counts, and what differs."""

from collections.abc import Callable
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest

from mainspring.lane.swaps import Candidate, CheckPairs, Difference, ModelPairs, Part, SwapRefusedError
from mainspring.model import Cause, NewOrder, Refusal, Side, SlippageEstimate
from mainspring.risk import Gate

USUAL, OTHER = Candidate("usual", {}), Candidate("other", {})
ORDER = NewOrder(7, 0, Side.BUY, "limit", 100, 4, 1, strategy="maker")


class Model:
    """Estimates a fixed cost, refuses, or raises."""

    def __init__(self, answer: float | Refusal | Exception) -> None:
        self.answer = answer

    def estimate(self, _order: NewOrder, _market: Any) -> SlippageEstimate | Refusal:
        if isinstance(self.answer, Exception):
            raise self.answer
        if isinstance(self.answer, Refusal):
            return self.answer
        return SlippageEstimate(self.answer, 100.0, (Cause("spread", self.answer),))


class Table:
    """The slot "slippage" of one instrument, whose candidates are those that `made` has."""

    def __init__(self) -> None:
        ticks = count()
        control = Model(1.0)
        self.made: Any = Model(2.0)
        self.found: list[Difference] = []
        self.models: list[Any] = [control]
        self.estimates: list[Any] = [control.estimate]
        self.pairs = ModelPairs(
            self.models,
            self.estimates,
            ["A"],
            [Part(USUAL, "acme", control)],
            lambda candidate, _: Part(candidate, "acme", self.made),
            self.found.append,
            lambda: 5,
            clock=lambda: next(ticks),
        )

    def price(self) -> float:
        estimate = self.estimates[0](ORDER, None)
        assert isinstance(estimate, SlippageEstimate)
        return estimate.price


@pytest.fixture
def table() -> Table:
    return Table()


def test_both_models_estimate_and_the_active_one_counts(table: Table) -> None:
    """How far they differ is known as a distribution; after the end there is one model again, called as before."""
    table.pairs.shadow(0, OTHER)
    assert [table.price() for _ in range(3)] == [1.0] * 3
    table.pairs.swap(0)
    assert table.price() == 2.0
    spread = table.pairs.spread(0)
    assert spread is not None
    assert (spread.count, spread.mean_difference, spread.deviation, spread.largest) == (4, 100.0, 0.0, 100.0)
    table.pairs.swap(0)
    assert table.price() == 1.0
    table.pairs.end(0)
    assert isinstance(table.models[0], Model)
    assert (table.price(), table.pairs.spread(0), table.found) == (1.0, None, [])


def test_orders_are_estimated_by_the_model_that_is_chosen_for_them(table: Table) -> None:
    """One order by the candidate, another by the control."""
    table.pairs.shadow(0, OTHER)
    table.pairs.choose(0, lambda order: order.order_id == 7)
    assert table.price() == 2.0
    table.pairs.choose(0, lambda order: order.order_id == 8)
    assert table.price() == 1.0
    table.pairs.choose(0, None)
    assert table.price() == 1.0


def test_a_refusal_of_one_alone_is_a_difference(table: Table) -> None:
    """With the order; the active model's answer counts."""
    table.made = Model(Refusal("no-volume", "unknown"))
    table.pairs.shadow(0, OTHER)
    assert table.price() == 1.0
    (found,) = table.found
    assert (found.what, found.input["order_id"], found.found["reason"]) == ("one refuses the order", 7, "no-volume")


def test_a_model_that_raises_is_dropped_even_while_it_serves(table: Table) -> None:
    """The order gets the control's estimate, and all that follow do."""
    table.pairs.shadow(0, OTHER)
    table.pairs.swap(0)
    table.made.answer = RuntimeError("broken")
    assert table.price() == 1.0
    assert [one.found for one in table.found] == ["RuntimeError: broken"]
    assert (table.pairs.active(0), table.pairs.standby(0)) == (USUAL, None)
    assert table.price() == 1.0


class Check:
    """Lets orders of so many lots pass, and counts what is sent."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.sent = 0

    def check(self, order: NewOrder, _market: Any, _account: Any) -> Refusal | None:
        return Refusal("too-many") if order.size_lots > self.limit else None

    def on_sent(self, _request: object) -> None:
        self.sent += 1

    def adopt(self, before: "Check") -> None:
        self.sent = before.sent


class Forgetful:
    """Counts, and can't take over what was counted."""

    def check(self, _order: NewOrder, _market: Any, _account: Any) -> Refusal | None:
        return None

    def on_sent(self, _request: object) -> None:
        """Would count."""


@pytest.fixture
def checks() -> Callable[[Any], Any]:
    """Makes a gate with one check in its slot, whose candidate is the one given."""

    def make(candidate: Any) -> Any:
        ticks = count()
        control = Check(8)
        gate = Gate([[("most", control)]])
        found: list[Difference] = []
        pairs = CheckPairs(
            "risk most",
            [0],
            ["A"],
            [Part(USUAL, "acme", control)],
            lambda one, _: Part(one, "acme", candidate),
            found.append,
            lambda: 5,
            gate=gate,
            session=None,  # type: ignore[arg-type]
            clock=lambda: next(ticks),
        )
        market: Any = SimpleNamespace(now_ns=1)
        return SimpleNamespace(
            gate=gate,
            control=control,
            pairs=pairs,
            found=found,
            passes=lambda: not isinstance(gate.approve(ORDER, market, market), Refusal),
        )

    return make


def test_both_checks_hear_and_the_active_one_decides(checks: Callable[[Any], Any]) -> None:
    """The candidate takes over what was counted, and goes on counting; one that refuses alone differs."""
    candidate = Check(2)
    table = checks(candidate)
    table.gate.on_sent(ORDER)
    table.pairs.shadow(0, OTHER)
    table.gate.on_sent(ORDER)
    assert (table.control.sent, candidate.sent) == (2, 2)
    assert table.passes()
    assert [one.what for one in table.found] == ["one refuses the order"]
    table.pairs.swap(0)
    assert not table.passes()
    table.pairs.choose(0, lambda order: order.strategy == "other")
    assert table.passes()
    table.pairs.swap(0)
    assert table.passes()
    table.pairs.end(0)
    assert table.gate.named("most", 0) is table.control


def test_a_check_that_serves_may_be_kept(checks: Callable[[Any], Any]) -> None:
    """The end drops what stands by: the gate has the candidate alone then."""
    candidate = Check(2)
    table = checks(candidate)
    table.pairs.shadow(0, OTHER)
    table.pairs.swap(0)
    table.pairs.end(0)
    assert table.gate.named("most", 0) is candidate
    assert table.pairs.active(0) == OTHER
    assert not table.passes()


def test_a_check_that_forgets_takes_nothing_over(checks: Callable[[Any], Any]) -> None:
    """The gate has the check that it had."""
    table = checks(Forgetful())
    with pytest.raises(SwapRefusedError, match="counts, and can't take over"):
        table.pairs.shadow(0, OTHER)
    assert table.gate.named("most", 0) is table.control
