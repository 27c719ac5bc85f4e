"""The plan for a person: each slot, who fills it, from where, and which rule chose it."""

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mainspring.host.plan import Choice, Plan
from mainspring.model import Instrument

__all__ = ["explain_json", "explain_text"]


def explain_json(plan: Plan) -> dict[str, Any]:
    """The plan as plain values."""
    return {
        "config": plan.origin,
        "mode": plan.mode,
        "seed": plan.seed,
        "source": {
            "name": plan.source.name,
            "captures": [str(path) for path in plan.source.captures],
        },
        "instruments": [_instrument(instrument) for instrument in plan.instruments],
        "slots": [
            {
                "slot": choice.slot,
                "plugin": choice.plugin,
                "distribution": choice.distribution,
                "version": choice.version,
                "rule": choice.rule,
                "because": choice.because,
            }
            for choice in plan.choices()
        ],
        "missing_limits": list(plan.missing_limits),
    }


def explain_text(plan: Plan, console: Console) -> None:
    """Prints the plan as tables."""
    console.print(f"[bold]{escape(plan.origin)}[/]: mode {plan.mode}, seed {plan.seed}, source {escape(_source(plan))}")
    console.print()
    slots = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("slot", "filled by", "from", "rule", "because"):
        slots.add_column(column, overflow="fold")
    for choice in plan.choices():
        slots.add_row(*(escape(text) for text in _row(choice)))
    console.print(slots)
    console.print()
    grids = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("instrument", "venue symbol", "tick", "lot", "contract", "grid from"):
        grids.add_column(column, overflow="fold")
    for one in plan.instruments:
        values = _instrument(one)
        grids.add_row(*(escape(str(value)) for value in values.values()))
    console.print(grids)
    if plan.missing_limits and plan.router is not None:
        console.print()
        console.print(
            f"[bold red]No order will go out:[/] \\[risk] sets no limit for {', '.join(plan.missing_limits)}.",
            markup=True,
            highlight=False,
        )


def _source(plan: Plan) -> str:
    return ", ".join(map(str, plan.source.captures)) or plan.source.name


def _row(choice: Choice) -> tuple[str, ...]:
    return (choice.slot, choice.plugin, f"{choice.distribution} {choice.version}", choice.rule, choice.because)


def _instrument(one: Instrument) -> dict[str, Any]:
    contract = one.contract if one.contract == "spot" else f"{one.contract} x {one.contract_size}"
    return {
        "symbol": one.symbol,
        "venue_symbol": one.venue_symbol,
        "tick_size": f"{one.tick_size:f}",
        "lot_size": f"{one.lot_size:f}",
        "contract": contract,
        "grid_from": one.origin,
    }
