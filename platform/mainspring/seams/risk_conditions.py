"""Conditions of risk checks: expressions that the gate evaluates in place of a call."""

import ast
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias

from mainspring.model import NewOrder, Side
from mainspring.seams.market import AccountView, MarketView

__all__ = ["CONDITION_READS", "Condition", "make_condition", "parse_condition", "read_lines"]

CONDITION_READS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "buy": "order.side is BUY",
        "limit": "order.kind == 'limit'",
        "price_ticks": "order.price_ticks",
        "size_lots": "order.size_lots",
        "live": "market.live",
        "bid_ticks": "market.bid_ticks",
        "bid_lots": "market.bid_lots",
        "ask_ticks": "market.ask_ticks",
        "ask_lots": "market.ask_lots",
        "age_ns": "market.now_ns - market.bbo_time_ns",
        # Twice the mid; None where there is no market to take it from.
        "mid_half_ticks": "bid_ticks + ask_ticks if live and bid_lots and ask_lots and bid_ticks < ask_ticks else None",
        "far_ticks": "ask_ticks if buy else bid_ticks",
        "far_lots": "ask_lots if buy else bid_lots",
        # The limit, or of a market order the price that it meets if the best level has all of it; else None.
        "trade_ticks": "price_ticks if limit else far_ticks if live and size_lots <= far_lots else None",
        # What it is valued at: a sale at the best bid if that is more than its limit. None as above.
        "worth_ticks": "bid_ticks if limit and not buy and bid_lots and bid_ticks > price_ticks else trade_ticks",
        "position_lots": "account.position_lots",
        "open_buy_lots": "account.open_buy_lots",
        "open_sell_lots": "account.open_sell_lots",
        # The largest position on the order's side, and on the other, that it and the open orders could lead to.
        "after_lots": "(position_lots + open_buy_lots if buy else open_sell_lots - position_lots) + size_lots",
        "other_lots": "open_sell_lots - position_lots if buy else position_lots + open_buy_lots",
        "now_ns": "session.now_ns",
        "changed": "session.changed",
        "clock": "session.clock",
        "estimate": "session.estimate",
        "profit_ppb": "session.net_profit_ppb(order.instrument)",
    }
)
"""What a condition may name besides `self`, `order`, `market`, `account` and `session`, and how it is read.

Each is read at most once an order, for all conditions together, and only if one names it.
"""

_GIVEN: Final = frozenset({"order", "market", "account", "session"})

_Holds: TypeAlias = Callable[[NewOrder, MarketView, AccountView], bool]


class Condition(NamedTuple):
    """A condition as source text, and the names of `CONDITION_READS` in it."""

    source: str
    reads: frozenset[str]


@cache
def parse_condition(text: str, own: str) -> Condition:
    """Returns the condition in which the check is called `own` instead of `self`.

    Raises `ValueError` for what isn't an expression, and for a name that no condition can read.
    """
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError as error:
        raise ValueError(f"the condition {text!r} isn't an expression: {error.msg}") from error
    reads = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Name):
            continue
        if node.id == "self":
            node.id = own
        elif node.id in CONDITION_READS:
            reads.add(node.id)
        elif node.id not in _GIVEN:
            known = ", ".join(("self", *sorted(_GIVEN), *CONDITION_READS))
            raise ValueError(f"the condition {text!r} names {node.id!r}: use {known}")
    return Condition(ast.unparse(tree), frozenset(reads))


def read_lines(reads: Iterable[str], known: set[str]) -> list[str]:
    """Returns the statements that read what isn't among the `known` yet, which is then."""
    lines: list[str] = []
    for name in sorted(reads):
        if name not in known:
            source = CONDITION_READS[name]
            used = {node.id for node in ast.walk(ast.parse(source, mode="eval")) if isinstance(node, ast.Name)}
            lines += read_lines(used & CONDITION_READS.keys(), known)
            lines.append(f"{name} = {source}")
            known.add(name)
    return lines


def make_condition(text: str, check: object, session: object) -> _Holds:
    """Returns a function that says whether a check's condition holds for an order.

    `check` is what the condition calls `self`, and `session` what the check was bound to. Raises `ValueError` as
    `parse_condition` does.
    """
    condition = parse_condition(text, "check")
    lines = [*read_lines(condition.reads, set()), f"return bool({condition.source})"]
    names: dict[str, Any] = {"check": check, "session": session, "BUY": Side.BUY}
    exec("def holds(order, market, account):\n    " + "\n    ".join(lines), names)  # noqa: S102  it was parsed above
    made: _Holds = names["holds"]
    return made
