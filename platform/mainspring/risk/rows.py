"""Runs an instrument's checks one after the other, by a function that is written for them."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import CodeType
from typing import Any, NamedTuple, Protocol, TypeAlias

from mainspring.model import NewOrder, Refusal, Side
from mainspring.seams import AccountView, Condition, MarketView, RiskCheck, RiskSession, parse_condition, read_lines

__all__ = ["Answers", "Row", "conditions_of", "make_row"]

Row: TypeAlias = Callable[[NewOrder, MarketView, AccountView], Refusal | None]
"""Returns the first refusal of an order; None if every check lets it pass."""


class Answers(Protocol):
    """What becomes of what a check returned or raised, by its place."""

    def refused(self, at: int, answer: object) -> Refusal:
        """Turns the answer of the check `at` that place, which isn't None, into a refusal."""
        ...

    def raised(self, at: int, error: BaseException) -> Refusal:
        """Turns what was raised while the check `at` that place decided into a refusal, or raises."""
        ...

    def not_heard(self, at: int, error: BaseException) -> Refusal:
        """Raises what was raised while the check `at` that place heard of an order."""
        ...


class Conditions(NamedTuple):
    """The conditions of a check: where it passes an order, and where it needn't hear of one. None if it has none."""

    passes: Condition | None
    unmoved: Condition | None
    hears: bool


def conditions_of(check: RiskCheck, at: int, *, bound: bool) -> Conditions:
    """Returns the conditions of the check at that place, and whether it hears of orders.

    A check that asks for a session is called until it is `bound`. Raises `ValueError` for a condition that isn't one.
    """
    usable = bound or not hasattr(check, "bind")

    def parsed(name: str) -> Condition | None:
        text = getattr(check, name, None) if usable else None
        return None if text is None else parse_condition(text, f"self{at}")

    return Conditions(parsed("passes_if"), parsed("unmoved_if"), hasattr(check, "on_order"))


def make_row(
    checks: Sequence[RiskCheck],
    conditions: Sequence[Conditions],
    hear: Mapping[int, Callable[[NewOrder], object]],
    stops: Mapping[int, Refusal],
    answers: Answers,
    session: RiskSession | None,
) -> Row:
    """Makes the function that asks these checks in order, after those that listen have heard of the order.

    `conditions` are those of the checks, `hear` has what to call for those that hear of orders, by place, and `stops`
    says why no new order may go out, by instrument. `session` is what the checks were bound to.

    Each check has a call of its own in the function, which Python adapts to it: a loop over the checks, whose one call
    meets all of them, takes 100 ns longer for each. A condition takes a tenth of a call, and what several of them read
    is read once.
    """
    names: dict[str, Any] = {"session": session, "stops": stops, "BUY": Side.BUY}
    for at, check in enumerate(checks):
        names[f"self{at}"], names[f"check{at}"] = check, check.check
        if at in hear:
            names[f"hear{at}"] = hear[at]
    names.update(refused=answers.refused, raised=answers.raised, not_heard=answers.not_heard)
    exec(_compiled(tuple(conditions)), names)  # noqa: S102  the source is ours, but for expressions that were parsed
    made: Row = names["run"]
    return made


@cache
def _compiled(conditions: tuple[Conditions, ...]) -> CodeType:
    """Returns the code for checks of these conditions, whichever they are."""
    known: set[str] = set()
    lines = ["def run(order, market, account):"]
    lines += _guarded_part("not_heard", _hearing(conditions, known))
    lines += ["    if stops:", "        stop = stops.get(order.instrument)"]
    lines += ["        if stop is not None:", "            return stop"]
    lines += _guarded_part("raised", _asking(conditions, known))
    return compile("\n".join(lines), "<risk checks>", "exec")


def _guarded_part(handler: str, lines: list[str]) -> list[str]:
    if not lines:
        return []
    tried = [f"        {line}" for line in lines]
    return [
        "    at = 0",
        "    try:",
        *tried,
        "    except BaseException as error:",
        f"        return {handler}(at, error)",
    ]


def _hearing(conditions: Sequence[Conditions], known: set[str]) -> list[str]:
    lines = []
    for at, one in enumerate(conditions):
        if one.hears:
            lines += [f"at = {at}", *_unless(one.unmoved, known, [f"hear{at}(order)"])]
    return lines


def _asking(conditions: Sequence[Conditions], known: set[str]) -> list[str]:
    lines = []
    for at, one in enumerate(conditions):
        asked = [f"answer = check{at}(order, market, account)", "if answer is not None:"]
        lines += [f"at = {at}", *_unless(one.passes, known, [*asked, f"    return refused({at}, answer)"])]
    return lines


def _unless(condition: Condition | None, known: set[str], lines: list[str]) -> list[str]:
    if condition is None:
        return lines
    return [
        *read_lines(condition.reads, known),
        f"if not ({condition.source}):",
        *(f"    {line}" for line in lines),
    ]
