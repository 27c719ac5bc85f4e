"""A lane's own process: `python -m mainspring.session.lanes.child`, started by the parent with two pipes.

It reads its order and further commands from standard input, and reports on standard output. What plugins print goes to
standard error. It never outlives its parent: when the pipe ends, it stops.
"""

import os
import sys
import threading
import time

from hwprofile.actions import Scope
from hwprofile.terminal import printable
from mainspring.errors import MainspringError, PluginError
from mainspring.host.applying import apply_to_lane, apply_to_wired_lane
from mainspring.host.registry import Registry
from mainspring.plugin_calls import describe_error, error_trace
from mainspring.session.control import ControlFolder, catch_kill
from mainspring.session.lane_run import LaneRun, abandon
from mainspring.session.lanes.messages import (
    BYE,
    GO,
    STOP,
    Finished,
    Frames,
    Order,
    Progressed,
    Ready,
    Refused,
    Said,
    decode_order,
    decode_path,
    encode_said,
    frame,
)
from mainspring.session.logs import show_logs
from mainspring.session.signals import catch_signals, describe_signal
from mainspring.session.threads import action_reports, lane_name

__all__ = ["main"]

_TELL_EVERY_S = 0.1
_READ_BYTES = 1 << 16
_BROKEN = 1


class _Words:
    """What the parent says, taken in by a thread of its own, which sleeps in its read while the lane runs."""

    def __init__(self, fd: int) -> None:
        self.go = threading.Event()
        self.bye = threading.Event()
        self.stop: str | None = None
        self._fd = fd
        self._frames = Frames()
        self._waiting: list[bytes] = []

    def body(self) -> bytes:
        """The next frame's, before listening. Raises `EOFError` if the parent ends before it is whole."""
        while not self._waiting:
            data = os.read(self._fd, _READ_BYTES)
            if not data:
                raise EOFError("the process that started this lane ended before it sent the order")
            self._waiting += self._frames.feed(data)
        return self._waiting.pop(0)

    def listen(self) -> None:
        """Takes in every word from here on."""
        threading.Thread(target=self._listen, name="words", daemon=True).start()

    def _listen(self) -> None:
        self._take()
        while data := os.read(self._fd, _READ_BYTES):
            self._waiting += self._frames.feed(data)
            self._take()
        self.end("the process that started it has ended")
        self.bye.set()

    def end(self, why: str) -> None:
        """Has the lane stop, and not wait for the word to go."""
        self.stop = self.stop or why
        self.go.set()

    def _take(self) -> None:
        while self._waiting:
            word, _, why = self._waiting.pop(0).decode().partition(" ")
            if word == GO:
                self.go.set()
            elif word == STOP:
                self.end(why)
            elif word == BYE:
                self.bye.set()


class _Mouth:
    """Says things to the parent."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def say(self, said: Said) -> None:
        """Raises `BrokenPipeError` if nobody listens any more."""
        data = memoryview(frame(encode_said(said)))
        while data:
            data = data[os.write(self._fd, data) :]


def main() -> int:
    """Runs the lane that the parent orders, and returns the exit code."""
    words, mouth = _Words(sys.stdin.fileno()), _Mouth(os.dup(sys.stdout.fileno()))
    # From here on, everything printed is for people.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    sys.path[:] = decode_path(words.body())
    order = decode_order(words.body())
    words.listen()
    show_logs()
    try:
        with catch_signals(lambda number: words.end(describe_signal(number))):
            _work(order, words, mouth)
    except BrokenPipeError:
        return _BROKEN
    except MainspringError as error:
        mouth.say(Refused(problem=describe_error(error)))
        sys.stderr.write(printable(error_trace(error)))
        return _BROKEN
    except Exception as error:
        mouth.say(Refused(problem=f"{type(error).__name__}: {error} (the traceback is on standard error)"))
        raise
    return 0


def _work(order: Order, words: _Words, mouth: _Mouth) -> None:
    lane, hardware = order.lane, order.hardware
    whose = lane_name(lane.name)
    with Scope() as scope:
        registry = Registry.load(order.allow)
        apply_to_lane(scope, lane, hardware)
        control = None if lane.control is None else ControlFolder(lane.control.folder)
        with catch_kill(control), LaneRun(lane, registry, order.logs, control=control) as run:
            apply_to_wired_lane(scope, lane, hardware)
            mouth.say(Ready(process=os.getpid(), actions=action_reports(whose, scope.actions)))
            words.go.wait()
            try:
                _run(run, words, mouth)
                result = run.finish()
            except MainspringError as error:
                if run.messages <= 1 and not isinstance(error, PluginError):
                    raise
                sys.stderr.write(printable(error_trace(error)))
                result = abandon(run, error)
    mouth.say(Finished(result=result, undone=action_reports(whose, scope.undone, undone=True)))
    words.bye.wait()


def _run(run: LaneRun, words: _Words, mouth: _Mouth) -> None:
    report_at = 0.0
    while True:
        run.stopped_early = run.stopped_early or words.stop
        if not run.step():
            return
        now = time.perf_counter()
        if now >= report_at:
            mouth.say(Progressed(messages=run.messages, fraction=run.fraction()))
            report_at = now + _TELL_EVERY_S


if __name__ == "__main__":
    sys.exit(main())
