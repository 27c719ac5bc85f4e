"""The program's first and last moments: signals become exit codes, and errors become messages.

Nothing heavy is imported here, so that a signal finds someone to take it from the start.
"""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

__all__ = ["Stopped", "main"]

_SIGNAL_BASE: Final = 128
_REFUSED: Final = 2


class Stopped(BaseException):
    """A signal ends the command. `words` say what that means for its work.

    Like `KeyboardInterrupt`, it isn't an `Exception`, so that nothing on its way takes it for an error. `is_signal`
    tells it from what a plugin raised; see `mainspring.plugin_calls.is_interrupt`.
    """

    is_signal = True

    def __init__(self, number: int = signal.SIGINT, words: str = "nothing more was done") -> None:
        super().__init__(number, words)
        self.number = number
        self.words = words

    @classmethod
    def by(cls, cause: BaseException, words: str) -> "Stopped":
        """Says what being stopped by `cause`, a `Stopped` or a `KeyboardInterrupt`, means for the current work."""
        return cls(cause.number if isinstance(cause, Stopped) else signal.SIGINT, words)


def main() -> None:
    """Runs the command line.

    A `MainspringError`, or an output that can't be written, becomes a message on standard error and exit code 2; a
    signal becomes one and 128 plus its number. The exit codes are listed in docs/exit-codes.md.
    """
    with _signals_raise():
        try:
            _run()
        except Stopped as stopped:
            _end(stopped)
        except KeyboardInterrupt:
            _end(Stopped())


def _run() -> None:
    """Looks at the packages that the command line is made of before they are imported."""
    from mainspring.host.own_packages import why_not_ours

    problem = why_not_ours()
    if problem is not None:
        sys.stderr.write(f"error: {problem}\n")
        sys.exit(_REFUSED)
    from mainspring.cli.app import run_app

    run_app()


def _end(stopped: Stopped) -> None:
    # One that knows no more of us than our output may be waiting for it.
    name = signal.Signals(stopped.number).name
    sys.stderr.write(f"stopped by {name}: {stopped.words}\n")
    sys.exit(_SIGNAL_BASE + stopped.number)


@contextmanager
def _signals_raise() -> Iterator[None]:
    """Has SIGTERM and SIGHUP raise `Stopped`, so that what the command has begun is undone. An ignored one stays so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, _frame: FrameType | None) -> None:
        raise Stopped(number)

    before = {}
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            before[number] = signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
