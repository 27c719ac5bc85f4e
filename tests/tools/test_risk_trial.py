"""Every built-in risk check against an oracle that shares no code with it, and broken checks, which it notices."""

import importlib
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from mainspring.model import Refusal
from mainspring_tools.twins import risk
from mainspring_tools.twins.risk import compare_risk
from mainspring_tools.twins.risk_limits import make_checks
from mainspring_tools.twins.risk_oracle_rules import RULES


def test_random_orders_are_decided_on_as_the_oracle_does() -> None:
    """No order escapes and none is refused that should pass, on orders tracked in Python and in Rust."""
    counts = sum((compare_risk(seed, commands=150) for seed in range(12)), Counter())
    assert counts["orders and changes"] > 1_000
    assert min(counts[kind] for kind in ("passed", "cancels")) > 100


@pytest.mark.gate
def test_many_random_orders_are_decided_on_as_the_oracle_does() -> None:
    """Each check refuses some."""
    counts = sum((compare_risk(seed) for seed in range(100, 160)), Counter())
    assert min(counts[f"refused by {name}"] for name in RULES) > 10


def test_every_check_is_tried() -> None:
    """A check that is added has a rule in the oracle."""
    from mainspring.host.registry import Registry

    ours = {offer.name for offer in Registry.load().offers("risk").values() if offer.distribution == "mainspring"}
    assert set(RULES) == ours


def _refuses_everything(self: Any, order: Any, market: Any, account: Any) -> Refusal:
    return Refusal("broken")


@pytest.mark.parametrize("answer", [lambda *_: None, _refuses_everything], ids=["escape", "false refusal"])
@pytest.mark.parametrize(
    "name", ["max_position.MaxPosition", "max_gross_exposure.MaxGrossExposure", "max_drawdown.MaxDrawdown"]
)
def test_a_broken_check_is_noticed(name: str, answer: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """One that lets everything pass, and one that lets nothing pass; the seed is named."""
    module, kind = name.split(".")
    check = getattr(importlib.import_module(f"mainspring_plugins.risk.{module}"), kind)
    monkeypatch.setattr(check, "check", answer)
    with pytest.raises(AssertionError, match=rf"seed \d+, .*{module} says"):
        compare_all(range(20))


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_condition_that_passes_too_much_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the gate doesn't ask a check that would refuse."""
    make = make_checks

    def broken(one: str, limit: dict[str, Any], count: int) -> list[Any]:
        checks = make(one, limit, count)
        for check in checks if one == name else ():
            check.passes_if = "True"
        return checks

    monkeypatch.setattr(risk, "make_checks", broken)
    with pytest.raises(AssertionError, match=r"seed \d+: the gate says"):
        compare_all(range(80))


@pytest.mark.parametrize("name", ["max_daily_loss", "max_drawdown"])
def test_a_condition_that_hears_of_too_little_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the gate doesn't tell a check of an order that moves it."""
    make = make_checks

    def broken(one: str, limit: dict[str, Any], count: int) -> list[Any]:
        checks = make(one, limit, count)
        for check in checks if one == name else ():
            check.unmoved_if = "True"
        return checks

    monkeypatch.setattr(risk, "make_checks", broken)
    with pytest.raises(AssertionError, match=r"seed \d+"):
        compare_all(range(60))


def compare_all(seeds: range) -> None:
    for seed in seeds:
        compare_risk(seed, commands=100)
