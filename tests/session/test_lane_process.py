"""A lane's process by itself, its parent played by the test: what it says, and when it ends."""

import subprocess
import sys
from pathlib import Path

import msgpack
import pytest

from mainspring.host.applying import RARE_THRESHOLDS
from mainspring.host.config import parse_config
from mainspring.host.plan import HardwarePlan
from mainspring.host.session_planning import make_session
from mainspring.session.lanes import Finished, Progressed, Ready, Refused
from mainspring.session.lanes.messages import Frames, Order, decode_said, encode_order, encode_path, frame

CONFIG = """
mode = "replay"
instruments = ["BTC/USDT"]
feed = { plugin = "simulated", seconds = 10 }
"""


class Parent:
    """Starts a lane, and says and hears what its parent would."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "mainspring.session.lanes.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._frames = Frames()
        self._heard = []

    def order(self, order, path=None):
        """Says where modules are, and what the lane is to do."""
        self.say(encode_path(path or sys.path))
        self.say(encode_order(order))

    def say(self, body):
        self.process.stdin.write(frame(body if isinstance(body, bytes) else body.encode()))
        self.process.stdin.flush()

    def hear(self):
        """The next thing that the lane says; None where it says nothing more."""
        while not self._heard:
            data = self.process.stdout.read1(1 << 16)
            if not data:
                return None
            self._heard += self._frames.feed(data)
        return decode_said(self._heard.pop(0))

    def hear_all(self):
        return list(iter(self.hear, None))


@pytest.fixture
def parent():
    one = Parent()
    yield one
    one.process.kill()
    one.process.wait()
    for pipe in (one.process.stdin, one.process.stdout, one.process.stderr):
        pipe.close()


def order_for(registry, text=CONFIG, **changes):
    session = make_session(parse_config(text, "s.toml", Path()), registry)
    fields = {"lane": session.lanes[0], "hardware": HardwarePlan(), "allow": session.allow}
    return Order(**{**fields, "logs": {}, **changes})


def test_a_lane_runs_when_told_and_ends_when_told(registry, parent):
    """It says that it is ready, runs at the word, tells of its progress, reports, and waits for the last word."""
    parent.order(order_for(registry))
    assert isinstance(parent.hear(), Ready)
    parent.say("go")
    said = parent.hear()
    while isinstance(said, Progressed):
        assert said.messages > 0
        said = parent.hear()
    assert isinstance(said, Finished)
    assert said.result.messages > 500
    assert said.result.stopped_early is None
    assert said.result.parts[0].instruments[0].book.live
    assert parent.process.poll() is None
    parent.say("bye")
    assert parent.process.wait() == 0
    assert parent.hear() is None


def test_a_lane_process_has_its_collector_and_chunk_as_the_plan_wants(registry, parent):
    """What is set for the session holds in a lane's process that isn't pinned, and is undone before it ends."""
    parent.order(order_for(registry, f'session.chunk = 100\nhardware.gc = "rare"\n{CONFIG}'))
    ready = parent.hear()
    assert [(action.name, action.outcome) for action in ready.actions] == [("gc", "applied")]
    assert str(RARE_THRESHOLDS) in ready.actions[0].holds
    parent.say("go")
    finished = parent.hear()
    while isinstance(finished, Progressed):
        finished = parent.hear()
    assert [(action.name, action.outcome, action.undone) for action in finished.undone] == [("gc", "applied", True)]
    assert finished.result.pace[0].messages == 100
    parent.say("bye")
    assert parent.process.wait() == 0


def test_a_lane_that_is_stopped_before_it_runs_reports_nothing_done(registry, parent):
    """The word to stop stands in for the word to go; no message is run."""
    parent.order(order_for(registry))
    parent.say("stop signal SIGINT")
    ready, finished = parent.hear(), parent.hear()
    assert isinstance(ready, Ready)
    assert (finished.result.messages, finished.result.stopped_early) == (0, "signal SIGINT")
    parent.say("bye")
    assert parent.process.wait() == 0


def test_a_lane_whose_parent_is_gone_ends_by_itself(registry, parent):
    """At the end of its input it runs no further, and waits for no word."""
    parent.order(order_for(registry))
    parent.process.stdin.close()
    ready, finished = parent.hear_all()
    assert isinstance(ready, Ready)
    assert (finished.result.messages, finished.result.stopped_early) == (0, "the process that started it has ended")
    assert parent.process.wait() == 0


def test_a_lane_that_nobody_hears_ends(registry, parent):
    """With nobody at the other end of its output it gives up at the first word."""
    parent.process.stdout.close()
    parent.order(order_for(registry))
    assert parent.process.wait() == 1


def test_an_error_is_said_before_the_lane_ends(registry, parent):
    """What can't be made is told in the words of the error."""
    parent.order(order_for(registry, allow=("mainspring-native",)))
    (refused,) = parent.hear_all()
    assert isinstance(refused, Refused)
    assert "no codec plugin is named 'orjson'" in refused.problem
    assert parent.process.wait() == 1


def test_what_is_printed_in_a_lane_spoils_no_message(registry, parent, tmp_path):
    """What is printed while plugins load goes to standard error, not between the messages."""
    real = Path(msgpack.__file__)
    (tmp_path / "msgpack").mkdir()
    (tmp_path / "msgpack" / "__init__.py").write_text(
        f"print('noise')\n__path__ = [{str(real.parent)!r}]\n" + real.read_text(encoding="utf-8")
    )
    parent.order(order_for(registry), [str(tmp_path), *sys.path])
    parent.say("stop now")
    ready, finished = parent.hear(), parent.hear()
    assert isinstance(ready, Ready)
    assert isinstance(finished, Finished)
    parent.say("bye")
    assert parent.process.wait() == 0
    assert b"noise" in parent.process.stderr.read()
