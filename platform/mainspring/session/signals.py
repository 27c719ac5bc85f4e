"""The signals that end a session in order."""

import signal
from typing import Final

__all__ = ["SIGNALS", "describe_signal", "signal_name"]

SIGNALS: Final = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM") if hasattr(signal, name))


def signal_name(number: int) -> str:
    """The signal's name, or its number where it has none."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def describe_signal(number: int) -> str:
    """Why a session was stopped, where a signal did it."""
    return f"signal {signal_name(number)}"
