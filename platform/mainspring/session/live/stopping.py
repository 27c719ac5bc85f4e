"""Signals in an event loop."""

from collections.abc import Callable

import trio

from mainspring.session.signals import stop_signals

__all__ = ["until_signal"]


async def until_signal(caught: Callable[[int], None]) -> None:
    """Waits for a signal that asks this process to stop, and calls `caught` with its number."""
    with trio.open_signal_receiver(*stop_signals()) as numbers:
        async for number in numbers:
            caught(number)
            return
