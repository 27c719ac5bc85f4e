"""Account statements as a report's decimal text."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from mainspring.model import AccountStatement, amount_text
from mainspring.report import OtherCurrency, StrategyPosition

__all__ = ["statement_fields", "strategy_positions", "text_or_none"]

_AMOUNTS = (
    *("position", "average_entry", "cash", "realised", "unrealised"),
    *("profit", "fees", "funding", "net", "exposure"),
)
_MORE = ("bought", "sold", "rebates", "average_buy", "average_sell", "mark")


def statement_fields(statement: AccountStatement) -> dict[str, Any]:
    """Returns the fields of `mainspring.report.InstrumentReport` that an account's statement gives."""
    return {
        "profit_currency": statement.currency,
        "mark_source": statement.mark_source,
        "other_currencies": _others(statement),
        **{name: text_or_none(getattr(statement, name)) for name in (*_AMOUNTS, *_MORE)},
    }


def strategy_positions(statements: Mapping[str, AccountStatement]) -> list[StrategyPosition]:
    """Returns the report of each strategy's position in an instrument."""
    return [
        StrategyPosition(
            strategy=name,
            other_currencies=_others(statement),
            **{field: text_or_none(getattr(statement, field)) for field in _AMOUNTS},
        )
        for name, statement in statements.items()
    ]


def text_or_none(amount: Fraction | None) -> Any:
    """Formats an amount; None if it isn't known."""
    return None if amount is None else amount_text(amount)


def _others(statement: AccountStatement) -> list[OtherCurrency]:
    return [
        OtherCurrency(currency=one.currency, fees=amount_text(one.fees), funding=amount_text(one.funding))
        for one in statement.others
    ]
