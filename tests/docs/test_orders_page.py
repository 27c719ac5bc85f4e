"""docs/orders.md against the code: the table of states, the terms, the discrepancies, and its Python."""

import re
from pathlib import Path
from typing import Any

import pytest

from mainspring.lane import order_terms
from mainspring.orders import TERMS, OrderState, discrepancy, handling_of, unsupported
from mainspring.testing import FakeSession
from mainspring_tools.state_table import state_table

_PAGE = (Path(__file__).parents[2] / "docs" / "orders.md").read_text(encoding="utf-8")


def test_the_state_table_is_that_of_the_code() -> None:
    """Every event in every state, as `python -m mainspring_tools.state_table` prints it."""
    assert state_table() in _PAGE


def test_every_state_is_explained() -> None:
    """In the table before."""
    assert [state for state in OrderState if f"`{state}`" not in _PAGE] == []


@pytest.mark.parametrize("term", TERMS)
def test_each_term_has_its_row(term: str) -> None:
    """What it means, and what becomes of it where the venue can't."""
    handled = handling_of(term, ())
    lacking = f"refused: `{unsupported(term)}`" if handled == "refused" else handled
    assert f"| `{term}` | {TERMS[term]} | {lacking} |" in _PAGE.splitlines()


def test_every_discrepancy_and_refusal_is_explained() -> None:
    """Those of a venue's word, those of the lane, and the codes of refused terms."""
    codes = {getattr(discrepancy, name) for name in discrepancy.__all__ if name.isupper()}
    refusals = {getattr(order_terms, name) for name in order_terms.__all__ if name.isupper()} - {10**9}
    assert [code for code in sorted(codes | refusals) if f"`{code}`" not in _PAGE] == []


class _Asks:
    """Calls a function of a page with the session and a market."""

    def __init__(self, call: Any) -> None:
        self.call = call

    def on_start(self, session: Any) -> None:
        self.session = session

    def on_bbo(self, market: Any) -> None:
        self.call(self.session, market)


def test_its_orders_can_be_asked_for() -> None:
    """The first piece of Python, on a fake session."""
    source = re.findall(r"```python\n(.*?)```", _PAGE, re.DOTALL)[0]
    names: dict[str, object] = {}
    exec(source, names)
    session = FakeSession()
    session.start(_Asks(names["quote"]))
    session.show(bid_ticks=99_999, ask_ticks=100_001)
    assert [order.time_in_force for order in session.new_orders()] == ["gtc", "gtd", "day", "gtc"]
