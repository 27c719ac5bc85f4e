"""The signals that end a session in order, and what they are called."""

import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

__all__ = ["catch_signals", "describe_signal", "signal_exit_code", "signal_name", "stop_signals"]

_NAMES: Final = ("SIGINT", "SIGTERM", "SIGHUP")
_WORDS: Final = re.compile(r"\bsignal (SIG[A-Z]+)\b")


def stop_signals() -> tuple[int, ...]:
    """The signals that ask this process to stop: SIGINT, SIGTERM and SIGHUP, if the system has them.

    A signal that the process was started to ignore, as `nohup` does with SIGHUP, is left out.
    """
    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    return tuple(number for number in numbers if signal.getsignal(number) != signal.SIG_IGN)


@contextmanager
def catch_signals(caught: Callable[[int], None]) -> Iterator[None]:
    """Calls `caught` with the number of each stop signal, instead of the signal's usual effect.

    Only a process's main thread can handle signals: in any other, nothing is caught, and the caller ends the session
    by other means.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, _frame: FrameType | None) -> None:
        caught(number)

    before = {number: signal.signal(number, handle) for number in stop_signals()}
    try:
        yield
    finally:
        for number, handler in before.items():
            # None is a handler that wasn't set from Python, and can't be put back from there.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def signal_name(number: int) -> str:
    """Returns the signal's name, or its number if it has none."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def describe_signal(number: int) -> str:
    """Says that a signal stopped the session."""
    return f"signal {signal_name(number)}"


def signal_exit_code(stopped_early: str) -> int | None:
    """The exit code of a session that stopped for this reason: 128 and the signal's number, as shells have it.

    None if no signal stopped it.
    """
    named = _WORDS.search(stopped_early)
    number = getattr(signal, named[1], None) if named else None
    return None if number is None else 128 + int(number)
