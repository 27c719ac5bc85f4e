"""Prepares the messages for races: the beginning of the session's own, in a file for fresh processes."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from mainspring.data.capture import CaptureWriter
from mainspring.errors import ConfigError
from mainspring.host.plan import Plan, SourcePlan
from mainspring.host.registry import Registry
from mainspring.host.wiring import wire
from mainspring.seams import RawMessage
from mainspring.session.driver import Driver
from mainspring.session.source import open_messages
from mainspring.tuning.candidates import CHUNKS
from mainspring.tuning.lanes import run_over

__all__ = ["LEAST_MESSAGES", "Workload", "cut_workload", "messages_for"]

LEAST_MESSAGES: Final = 1_024
"""A race of fewer messages isn't conclusive."""

_SEEN = 0.7
# So that lanes of every chunk size stand at the beginning of a race when they have run what comes before it.
_PIECE = max(CHUNKS)
_A_SECOND = 100
_FEWEST, _MOST = 4_096, 65_536


class Workload(msgspec.Struct, frozen=True, kw_only=True):
    """`plan` reads `messages` messages from their own file. The race sees those from `begin` on and before `seen`.

    At `begin` an order of the session's strategies was accepted: what comes before is run and not timed. It is 0 if the
    session doesn't trade, or none was accepted in time.
    """

    plan: Plan
    messages: int
    seen: int
    begin: int = 0


def messages_for(budget_s: float) -> int:
    """Returns the number of messages for a budget: 100 for each second, between 4,096 and 65,536."""
    return min(max(int(budget_s * _A_SECOND), _FEWEST), _MOST)


def cut_workload(plan: Plan, registry: Registry, folder: Path, count: int) -> tuple[Workload, list[RawMessage]]:
    """Writes the session's beginning to a file in the folder: `count` messages from its first accepted order on.

    Raises `ConfigError` if there are too few of them, or if the plan's own lane rejects one and doesn't skip such
    messages: the session would end there. Raises `DataError` if something can't be read.
    """
    opened = open_messages(plan, registry)
    try:
        # One iterator: what it has read ahead isn't lost.
        stream = iter(opened)
        messages = list(islice(stream, count))
        if len(messages) < LEAST_MESSAGES:
            raise ConfigError(
                f"{opened.name} holds {len(messages):,} messages, and a race needs {LEAST_MESSAGES:,}: tune with a "
                "longer capture of the same kind (--capture FILE)"
            )
        lane = _Rehearsal(plan, registry, opened.name)
        lane.run(messages)
        begin = lane.accepted
        rest = list(islice(stream, begin))
        lane.run(rest)
        messages += rest
    finally:
        opened.close()
    if len(messages) - begin < LEAST_MESSAGES:
        begin = 0
    path = folder / "workload.capture"
    with CaptureWriter(path) as capture:
        for receive_time_ns, raw in messages:
            capture.write(receive_time_ns, raw)
    source = SourcePlan(
        name=plan.source.name,
        captures=(path,),
        skip_bad=True,
        encoding=plan.source.encoding,
        instruments=plan.source.instruments,
    )
    written = msgspec.structs.replace(plan, source=source)
    seen = begin + int((len(messages) - begin) * _SEEN)
    return Workload(plan=written, messages=len(messages), seen=seen, begin=begin), messages


class _Rehearsal:
    """The plan's own lane, which says whether a session would end, and where its first order is accepted."""

    def __init__(self, plan: Plan, registry: Registry, name: str) -> None:
        self._driver = Driver(wire(plan, registry))
        self._skip_bad = plan.source.skip_bad
        self._name = name
        self._done = 0
        self.accepted = 0
        """How many messages there were when an order had been accepted, in whole pieces; 0 if none has."""

    def run(self, messages: Sequence[RawMessage]) -> None:
        """Runs messages. Raises `ConfigError` for one at which the session would end."""
        for start in range(0, len(messages), _PIECE):
            piece = messages[start : start + _PIECE]
            refused = run_over(self._driver, piece)
            if refused and not self._skip_bad:
                at, said = refused[0]
                raise ConfigError(
                    f"{self._name}: message {self._done + at + 1:,} is refused ({said}), so that a session would end "
                    "there; set feed.skip_bad = true to pass over such messages, or tune with another capture"
                )
            self._done += len(piece)
            orders = self._driver.lane.order_manager
            if not self.accepted and orders is not None and any(one.accepted for one in orders.quality.tallies):
                self.accepted = -(-self._done // _PIECE) * _PIECE
