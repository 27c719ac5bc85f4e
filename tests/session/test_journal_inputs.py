"""What comes from outside a session: journalled at its place, durable at once, and fed again at that place."""

from pathlib import Path
from typing import get_args

import pytest

from mainspring.errors import DataError
from mainspring.host.config import parse_config
from mainspring.host.session_planning import make_session
from mainspring.journal import Input, JournalLog, LaneState, read_session
from mainspring.lane import CancelAll, Event, Flatten, Messages, Mode, SetMode
from mainspring.model import Fill, decode_records
from mainspring.session.inputs import _NotMessages, decode_event
from mainspring.session.journal_replay import replay_session
from mainspring.session.lane_run import LaneRun
from mainspring.session.replay import Replay
from mainspring.session.source import open_messages
from mainspring_plugins.journals.sqlite import SqliteJournal, SqliteOptions

ONE = """
market.warm_up_s = 1
feed = { plugin = "simulated", seconds = 10 }
instruments = ["BTC/USDT"]
"""
TWO = """
market.warm_up_s = 1
[feeds.first]
plugin = "simulated"
seconds = 10
instruments = ["BTC/USDT"]
[feeds.second]
plugin = "simulated"
seconds = 10
seed = 2
instruments = ["ETH/USDT"]
"""
REST = """
session.chunk = 16
strategy.maker = { plugin = "quote-maker", size = 0.01 }
strategy.trend = { plugin = "momentum", size = 0.01 }
risk = { max_order_size = 1, max_order_notional = 100_000, max_position = 5, collar_bps = 100, max_book_age_ms = 5_000 }
"""
COMMANDS = {
    20: lambda now_ns: SetMode(now_ns, Mode.CANCEL_ONLY, "drill"),
    21: CancelAll,
    30: lambda now_ns: SetMode(now_ns, Mode.RUNNING, "drill over"),
    40: lambda now_ns: Flatten(now_ns + 1_000),
}
"""By the number of the step before which they come."""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.db"


def opened(path):
    return SqliteJournal(options=SqliteOptions(path=str(path)))


def planned(registry, text, *overrides):
    return make_session(parse_config(REST + text, "the test", Path(), overrides), registry)


def in_chunks(plan, registry, open_blocks):
    """The messages, as many a step as the plan says."""
    return open_messages(plan, registry)


def commanded(registry, path, text, commands=COMMANDS):
    """Runs a journalled session that is given commands, and says after each whether the journal had it at once."""
    session = planned(registry, text, f"journal.path={path}")
    durable = []
    with LaneRun(session.lanes[0], registry, {}, in_chunks) as run:
        steps = 0
        while run.step():
            steps += 1
            if steps in commands:
                command = commands[steps](run._replay.lane.now_ns)
                run._replay.feed(command)
                durable.append(any(event == command for _, event in inputs(path)))
        run.finish()
    return durable


def inputs(path):
    """The journalled inputs with their positions."""
    journal = opened(path)
    found = [one for one in JournalLog(journal, 1).entries() if isinstance(one, Input)]
    journal.close()
    return [(one.messages, decode_event(one.event)) for one in found]


def replayed(registry, path, log=JournalLog):
    journal = opened(path)
    one = read_session(journal, 1)
    return replay_session(one, log(journal, 1), lambda _: registry, decode_records)


@pytest.mark.parametrize("text", [ONE, TWO], ids=["one feed", "two feeds"])
def test_commands_are_journalled_where_they_came(registry, path, text):
    """Each is durable once it has been done, and a replay does the same at the same message."""
    assert commanded(registry, path, text) == [True] * 4
    found = inputs(path)
    assert [type(event) for _, event in found] == [SetMode, CancelAll, SetMode, Flatten]
    assert [positions for positions, _ in found] == sorted(positions for positions, _ in found)
    states = [one for one in JournalLog(opened(path), 1).entries() if isinstance(one, LaneState)]
    assert [(one.mode, one.why) for one in states] == [
        ("cancel-only", "drill"),
        ("running", "drill over"),
        ("cancel-only", "the session ended"),
    ]
    outcome = replayed(registry, path)
    assert outcome.difference is None
    assert outcome.records == len(list(JournalLog(opened(path), 1)))


class Forgetful(JournalLog):
    """A journal without the inputs."""

    def entries(self):
        return (one for one in super().entries() if not isinstance(one, Input))


def test_without_its_commands_a_session_differs(registry, path):
    """They are what makes it equal."""
    commanded(registry, path, ONE)
    assert replayed(registry, path, Forgetful).difference is not None


@pytest.mark.parametrize("text", [ONE, TWO], ids=["one feed", "two feeds"])
def test_a_live_session_runs_again_on_its_inputs(registry, path, text, monkeypatch):
    """Executions and timers come from the journal, and no router of the replay is called."""
    with monkeypatch.context() as live:
        live.setattr(Replay, "inputs", frozenset(get_args(Event)) - {Messages})
        commanded(registry, path, text)
    assert any(isinstance(getattr(event, "event", None), Fill) for _, event in inputs(path))
    routers = {type(router) for router in wired_routers(registry, text)}
    for router in routers:
        for name in ("submit", "cancel", "replace", "poll"):
            monkeypatch.setattr(router, name, unwanted)
    outcome = replayed(registry, path)
    assert outcome.difference is None
    assert outcome.records == len(list(JournalLog(opened(path), 1)))


def unwanted(*_):
    raise AssertionError("a router was called")


def wired_routers(registry, text):
    """The routers that a session of that config has."""
    session = planned(registry, text)
    with LaneRun(session.lanes[0], registry, {}) as run:
        return list(run._replay._polled.values())


def test_inputs_that_never_come_are_an_error(registry, path):
    """A journal whose inputs lie behind its messages isn't replayed as if they had been fed."""
    commanded(registry, path, ONE, {9: lambda now_ns: SetMode(now_ns, Mode.RUNNING)})

    class Later(JournalLog):
        def entries(self):
            for one in super().entries():
                yield Input((one.messages[0] + 10**9,), one.event) if isinstance(one, Input) else one

    with pytest.raises(DataError, match="the inputs don't fit this session"):
        replayed(registry, path, Later)


def test_every_event_can_be_read_again():
    """All that a lane can be fed but messages: a new event has to be added to those that are read."""
    assert set(get_args(_NotMessages)) == set(get_args(Event)) - {Messages}
