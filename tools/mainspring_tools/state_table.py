"""The table of docs/orders.md, drawn from the code: `uv run python -m mainspring_tools.state_table` prints it."""

from mainspring.orders import LIFECYCLE, LifecycleEvent, OrderState
from mainspring.orders.lifecycle import Transition

__all__ = ["state_table"]


def state_table() -> str:
    """Returns, for each event in each state, where it leads."""
    head = f"| | {' | '.join(f'`{state}`' for state in OrderState)} |"
    rule = f"| --- |{' --- |' * len(OrderState)}"
    return "\n".join((head, rule, *map(_row, LifecycleEvent)))


def _row(event: LifecycleEvent) -> str:
    cells = (_cell(LIFECYCLE[event].get(state)) for state in OrderState)
    return f"| **{event.name.lower().replace('_', ' ')}** | {' | '.join(cells)} |"


def _cell(transition: Transition | None) -> str:
    if transition is None:
        return ""
    state, settles, discrepancy = transition
    leads = "*settles*" if settles else "=" if state is None else str(state)
    return f"{leads} ({discrepancy})" if discrepancy else leads


if __name__ == "__main__":
    print(state_table())
