"""Prepares the messages for races: the beginning of the session's own, in a file for fresh processes."""

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
from mainspring.tuning.lanes import run_over

__all__ = ["LEAST_MESSAGES", "Workload", "cut_workload", "messages_for"]

LEAST_MESSAGES: Final = 1_024
"""A race of fewer messages isn't conclusive."""

_SEEN = 0.7
_A_SECOND = 100
_FEWEST, _MOST = 4_096, 65_536


class Workload(msgspec.Struct, frozen=True, kw_only=True):
    """`plan` reads `messages` messages from their own file. The race sees those before `seen`."""

    plan: Plan
    messages: int
    seen: int


def messages_for(budget_s: float) -> int:
    """Returns the number of messages for a budget: 100 for each second, between 4,096 and 65,536."""
    return min(max(int(budget_s * _A_SECOND), _FEWEST), _MOST)


def cut_workload(plan: Plan, registry: Registry, folder: Path, count: int) -> tuple[Workload, list[RawMessage]]:
    """Writes the first `count` messages of the session to a file in the folder.

    Raises `ConfigError` if there are too few of them, or if the plan's own lane rejects one and doesn't skip such
    messages: the session would end there. Raises `DataError` if something can't be read.
    """
    opened = open_messages(plan, registry)
    try:
        messages = list(islice(opened, count))
    finally:
        opened.close()
    if len(messages) < LEAST_MESSAGES:
        raise ConfigError(
            f"{opened.name} holds {len(messages):,} messages, and a race needs {LEAST_MESSAGES:,}: tune with a longer "
            "capture of the same kind (--capture FILE)"
        )
    if not plan.source.skip_bad:
        refused = run_over(Driver(wire(plan, registry)), messages)
        if refused:
            at, said = refused[0]
            raise ConfigError(
                f"{opened.name}: message {at + 1:,} is refused ({said}), so that a session would end there; set "
                "feed.skip_bad = true to pass over such messages, or tune with another capture"
            )
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
    return Workload(plan=written, messages=len(messages), seen=int(len(messages) * _SEEN)), messages
