"""Describes what a journal has besides the records of an order log: inputs and lane states."""

from typing import Any

import msgspec

from mainspring.journal import Input, LaneState
from mainspring.model import LogRecord
from mainspring.report.figures import utc_text
from mainspring.session.inputs import decode_event

__all__ = ["as_builtins", "describe_entry"]


def describe_entry(entry: Input | LaneState) -> str:
    """Returns the entry's time, type, and what it was, on a line."""
    if isinstance(entry, LaneState):
        return f"{utc_text(entry.time_ns)}  {'lane-state':<12} {entry.mode}{entry.why and f': {entry.why}'}"
    fields = msgspec.to_builtins(decode_event(entry.event))
    time_ns, name = fields.pop("now_ns"), fields.pop("type")
    said = " ".join(f"{key}={value}" for key, value in fields.items() if value not in (None, ""))
    return f"{utc_text(time_ns)}  {'input':<12} {name} {said}".rstrip()


def as_builtins(entry: LogRecord | Input | LaneState) -> Any:
    """Returns the entry as values that JSON has, with its `type`."""
    if isinstance(entry, LaneState):
        return {"type": "lane-state", "time_ns": entry.time_ns, "mode": entry.mode, "why": entry.why}
    if isinstance(entry, Input):
        event = msgspec.to_builtins(decode_event(entry.event))
        return {"type": "input", "messages": entry.messages, "event": event}
    return msgspec.to_builtins(entry)
