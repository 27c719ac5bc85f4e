"""The native order tracker against its Python twin: random commands, the whole state compared after each."""

from collections import Counter
from collections.abc import Iterator

import pytest

from mainspring.model import Accepted, Cancelled, Fill, NewOrder, OrderEvent, Side
from mainspring.orders import OrderState, discrepancy
from mainspring_tools.twins.tracker import TrackerTwins, compare_tracker, figures

# Those of groups of orders aren't the tracker's.
_OF_GROUPS = {discrepancy.BOTH_FILLED, discrepancy.OVER_EXITED, discrepancy.UNPROTECTED}
_CODES = {getattr(discrepancy, name) for name in discrepancy.__all__ if name.isupper()} - _OF_GROUPS


def test_random_commands_give_the_same_state() -> None:
    """Returned orders, states, exposures, open lots, stops, deadlines, fills, discrepancies and errors are the same."""
    seen = sum((compare_tracker(seed, commands=2_000) for seed in range(5)), Counter())
    assert _CODES | (set(OrderState) - {OrderState.CREATED}) <= set(seen), "otherwise they weren't compared"
    refused = {"send", "request cancel", "request replace", "lose contact"}
    assert refused <= set(seen)


@pytest.mark.gate
def test_many_random_commands_give_the_same_state() -> None:
    """In a row, so that ended orders and unfamiliar fills are forgotten, and views keep the last figures."""
    seen = compare_tracker(100, commands=200_000)
    assert set(seen) >= _CODES
    assert seen["forgotten"] > 100, "dropped orders weren't compared"


def _events() -> Iterator[OrderEvent]:
    big = 2**63
    yield Accepted(big, 0, 0)
    yield Fill(1, 0, 0, 1, Side.BUY, 1, big, True, 0)
    yield Cancelled(1, 0, 0, -big - 1, "")


def test_numbers_beyond_64_bits_are_refused_by_name() -> None:
    """The native tracker takes none, changes nothing, and says which number it was."""
    native = TrackerTwins(0).native
    for event, name in zip(_events(), ("Accepted.order_id", "Fill.size_lots", "Cancelled.remaining_lots"), strict=True):
        with pytest.raises(OverflowError, match=rf"{name} of -?\d+ doesn't fit into 64 bits"):
            native.apply(event, 0)
    with pytest.raises(OverflowError, match=r"NewOrder\.instrument of \d+"):
        native.add(NewOrder(1, 2**63, Side.BUY, "limit", 1, 1, 0))
    assert (native.discrepancies, native.fills, dict(native.stops)) == ([], [], {})


def test_a_strangers_event_has_a_clear_error() -> None:
    """What isn't an event of an order is refused, with its type."""
    with pytest.raises(TypeError, match="an order has no event of the type <class 'int'>"):
        TrackerTwins(0).native.apply(5, 0)  # type: ignore[arg-type]


def test_a_view_outlives_its_order_and_its_tracker() -> None:
    """An order that a reader has kept shows its last figures when the tracker has dropped it, or is gone itself."""
    twins = TrackerTwins(0)
    kept = []
    for order_id in range(10_002):
        new = NewOrder(order_id, 0, Side.SELL, "limit", 5, 2, 0)
        twins.do("add", (new,))
        twins.do("send", (order_id, 0))
        twins.do("apply", (Fill(order_id, 0, 0, 1, Side.SELL, 5, 3 if order_id < 2 else 2, True, 0), 0))
        kept.append(twins.recent[-1])
        twins.plain.clear_discrepancy(0)
        twins.native.clear_discrepancy(0)
    assert [twins.native.find(order_id) for order_id in (0, 1)] == [None, None]
    assert twins.native.find(2) is kept[2][1]
    twins.native = twins.plain  # type: ignore[assignment]
    assert all(figures(native) == figures(plain) for plain, native in kept[:3])
    assert kept[0][1].filled_lots == 3
