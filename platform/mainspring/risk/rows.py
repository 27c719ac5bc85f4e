"""Runs an instrument's checks one after the other, by a function that is written for them."""

from collections.abc import Callable, Sequence
from functools import cache
from types import CodeType
from typing import Any, TypeAlias

from mainspring.model import NewOrder, Refusal
from mainspring.seams import AccountView, MarketView, RiskCheck

__all__ = ["Row", "make_row"]

Row: TypeAlias = Callable[[NewOrder, MarketView, AccountView], Refusal | None]
"""Returns the first refusal of an order; None if every check lets it pass."""

_HEAD = """
def run(order, market, account):
    at = 0
    try:
"""
_CHECK = """
        answer = check{at}(order, market, account)
        if answer is not None:
            return refused({at}, answer)
        at = {next}
"""
_TAIL = """
    except BaseException as error:
        return raised(at, error)
"""


def make_row(
    checks: Sequence[RiskCheck],
    refused: Callable[[int, object], Refusal],
    raised: Callable[[int, BaseException], Refusal],
) -> Row:
    """Makes the function that asks these checks in order.

    `refused` turns an answer that isn't None into a refusal, and `raised` what was raised; both get the check's place.
    Each check has a call of its own in the function, which Python adapts to it: a loop over the checks, whose one call
    meets all of them, takes 100 ns longer for each.
    """
    names: dict[str, Any] = {f"check{at}": check.check for at, check in enumerate(checks)}
    names.update(refused=refused, raised=raised)
    exec(_compiled(len(checks)), names)  # noqa: S102  the source is ours, and has nothing of others
    made: Row = names["run"]
    return made


@cache
def _compiled(count: int) -> CodeType:
    """Returns the code that asks `count` checks, whichever they are."""
    source = _HEAD + "".join(_CHECK.format(at=at, next=at + 1) for at in range(count)) + _TAIL
    return compile(source, "<risk checks>", "exec")
