"""Further risk checks of a generated session, what people do about them, and a journal of what they save."""

from collections.abc import Iterator
from random import Random
from typing import Any

from mainspring.journal import CheckStates
from mainspring.lane import Event, LiftCheck, SetLimit
from mainspring_tools.twins.chaos import HABITS

__all__ = ["StatesJournal", "commands", "draw_checks", "draw_habit"]

# By the habit of a strategy that it stops: the check with a limit that is soon reached.
_STRICT = {
    "repeat": ("duplicate_order_ms", "2_000"),
    "take": ("max_repeated_executions", "{ limit = 1, window_ms = 50 }"),
    "cancel": ("max_cancel_to_fill", "{ limit = 0.5, after = 2 }"),
    "cross": ("self_trade", '"refuse"'),
}


def draw_habit(random: Random) -> str:
    """Draws a habit of the strategy that one check stops; none in a third of the sessions."""
    return random.choice(HABITS) if random.random() < 2 / 3 else ""


def draw_checks(random: Random, habit: str = "") -> dict[str, str]:
    """Draws checks and their limits, as a config has them: some that orders often don't pass, others that all pass.

    With a `habit`, the check that stops it is the one whose limit is near.
    """
    far = 1_000 if habit else random.choice((1, 1, 1_000))
    rate_ms, fills_ms = random.choice((50, 300, 1_000)), random.choice((50, 1_000))
    limits = {
        "max_message_rate": f"{{ limit = {far * random.choice((3, 8))}, window_ms = {rate_ms} }}",
        "max_daily_loss": f"{far * random.choice((0.01, 0.3, 1))}",
        "max_drawdown": f"{far * random.choice((0.01, 0.2, 1))}",
        "max_repeated_executions": f"{{ limit = {far * random.choice((1, 4))}, window_ms = {fills_ms} }}",
        "duplicate_order_ms": f"{random.choice((0, 40, 2_000, 20_000)) / far}",
        "max_cancel_to_fill": f"{{ limit = {far * random.choice((0.5, 3))}, after = {random.choice((0, 5))} }}",
        "self_trade": f'"{random.choice(("refuse", "cancel-incoming", "cancel-resting"))}"',
        "restricted_instruments": '["SOL/USDT"]',
        "allowed_instruments": '["BTC/USDT", "ETH/USDT"]',
        "trading_hours": '"00:00-00:00"',
        "max_slippage_bps": f"{far * random.choice((0.05, 5))}",
        "reduce_only": "false",
        "max_open_orders": f"{far * random.choice((3, 12))}",
        "max_gross_exposure": f"{far * random.choice((1_500, 20_000))}",
        "max_net_exposure": f"{far * random.choice((1_500, 20_000))}",
        "buying_power": f"{far * random.choice((1_500, 20_000))}",
        "venue_connected": "true",
    }
    chance = random.choice((0.2, 0.5, 1))
    drawn = {name: limit for name, limit in limits.items() if random.random() < chance}
    if habit:
        name, limit = _STRICT[habit]
        drawn[name] = limit
    return drawn


def commands(random: Random, checks: dict[str, str], now_ns: int) -> Iterator[Event]:
    """Yields what people do, now and then: they lift checks, and change limits."""
    draw = random.random()
    if draw < 0.1:
        yield LiftCheck(now_ns, random.choice(("", "max_drawdown", "max_daily_loss", "max_repeated_executions")))
    elif draw < 0.15 and checks:
        other = {name: limit for name, limit in draw_checks(random).items() if name in checks}
        for name in sorted(other)[:2]:
            yield SetLimit(now_ns, name, _json(other[name]), confirmed=True)


def _json(limit: str) -> str:
    """A table of a config in JSON."""
    return (
        limit.replace(" = ", ": ")
        .replace("limit", '"limit"')
        .replace("window_ms", '"window_ms"')
        .replace("after", '"after"')
    )


class StatesJournal:
    """Stands in for a lane's journal: `kept` gets what checks save, among the records of the order log."""

    waits = False
    failed = None

    def __init__(self, kept: list[Any]) -> None:
        self._kept = kept

    def stage(self, entry: object) -> None:
        """Keeps what checks save."""
        if isinstance(entry, CheckStates):
            self._kept.append(entry)

    def commit(self, _positions: object) -> int:
        """Never waits."""
        return 0
