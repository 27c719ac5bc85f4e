"""A session under its control folder: kills and limits reach it while it runs, and are replayed."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from mainspring.host.config import parse_config
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.journal import Input, JournalLog, read_session
from mainspring.lane import Event, Kill, LiftKill, SetLimit
from mainspring.model import decode_records
from mainspring.orders import RequestApproved, RequestRefused
from mainspring.session import run_session
from mainspring.session.control import ControlFolder, KillRecord, LiftOrder, LiftRecord, LimitOrder
from mainspring.session.inputs import decode_event
from mainspring.session.journal_replay import replay_session
from mainspring.session.lane_run import LaneRun
from mainspring.session.source import open_messages
from mainspring_plugins.journals.sqlite import SqliteJournal, SqliteOptions

TEXT = """
market.warm_up_s = 1
session = { chunk = 16, control = "control" }
feed = { plugin = "simulated", seconds = 10 }
instruments = ["BTC/USDT"]
strategy.maker = { plugin = "quote-maker", size = 0.01 }
strategy.trend = { plugin = "momentum", size = 0.01 }
[risk]
max_order_size = 1
max_order_notional = 100_000
max_position = 5
collar_bps = 100
max_book_age_ms = 5_000
max_message_rate = 100_000
max_drawdown = 100_000
"""


@pytest.fixture(scope="module")
def registry():
    return Registry.load()


@pytest.fixture
def table(tmp_path, registry):
    """A journalled session whose watch looks before every chunk, and what may be done at its steps."""
    path = tmp_path / "journal.db"
    session = make_session(parse_config(TEXT, "the test", tmp_path, [f"journal.path={path}"]), registry)
    folder = ControlFolder(tmp_path / "control")

    def run(**acts):
        with LaneRun(session.lanes[0], registry, {}, in_chunks, control=folder) as lane_run:
            lane_run._control._every_s = 0
            steps = 0
            while lane_run.step():
                steps += 1
                if (act := acts.get(f"at_{steps}")) is not None:
                    act(folder)
            lane_run.finish()
        return path

    return SimpleNamespace(run=run, folder=folder, path=path, session=session)


def in_chunks(plan, registry, open_blocks):
    """The messages, as many a step as the plan says."""
    return open_messages(plan, registry)


def entries(path, number=1):
    journal = SqliteJournal(options=SqliteOptions(path=str(path)))
    found = list(JournalLog(journal, number).entries())
    journal.close()
    return found


def kill(**more):
    return KillRecord(**{"level": "all", "who": "me", "why": "a test", "at": "now", **more})


def replayed(path, registry, number=1):
    journal = SqliteJournal(options=SqliteOptions(path=str(path)))
    log = JournalLog(journal, number)
    return replay_session(read_session(journal, number), log, lambda _: registry, decode_records)


def test_what_people_do_reaches_it_and_is_replayed(table, registry):
    """A kill of one strategy, its lift, a tighter limit and a looser one, in the journal with who and why."""
    table.run(
        at_20=lambda folder: folder.kill(kill(level="strategy", target="maker", flatten=True)),
        at_40=lambda folder: folder.lift(
            LiftRecord(level="strategy", target="maker", who="you", why="over", at="later")
        ),
        at_50=lambda folder: folder.ask(LimitOrder(check="max_order_size", value="0.001", who="me", why="calmer")),
        at_60=lambda folder: folder.ask(LimitOrder(check="max_order_size", value="1", who="me", why="bolder")),
        at_61=lambda folder: folder.ask(
            LimitOrder(check="max_order_size", value="1", confirmed=True, who="me", why="bolder")
        ),
        at_62=lambda folder: folder.ask(LimitOrder(check="max_message_rate", value="1", who="me", why="calmer")),
        at_63=lambda folder: folder.ask(LiftOrder(who="me", why="to be sure")),
    )
    found = entries(table.path)
    events = [decode_event(one.event) for one in found if isinstance(one, Input)]
    said = [(type(event), event.who, event.why) for event in events]
    assert said == [
        (Kill, "me", "a test"),
        (LiftKill, "you", "over"),
        *((SetLimit, "me", why) for why in ("calmer", "bolder", "bolder", "calmer")),
        (type(events[-1]), "me", "to be sure"),
    ]
    refused = {one.reason for one in found if isinstance(one, RequestRefused)}
    assert {"kill-switch", "max_order_size", "max_message_rate"} <= refused
    replies = [table.folder.take_replies(name, 0)[0].done for name in table.folder.pending()]
    assert replies == [True, False, True, True, False]
    outcome = replayed(table.path, registry)
    assert outcome.difference is None
    assert outcome.records > 100


def test_a_kill_outlives_its_session(table, registry):
    """The next one sends nothing from its first moment on, until it is lifted; it runs again just so."""
    table.run(at_20=lambda folder: folder.kill(kill()))
    table.run()
    second = entries(table.path, 2)
    assert {one.reason for one in second if isinstance(one, RequestRefused)} == {"kill-switch"}
    assert not any(isinstance(one, RequestApproved) for one in second)
    assert replayed(table.path, registry, 2).difference is None


def test_several_lanes_each_take_the_kill(tmp_path, registry):
    """Their processes read the folder themselves."""
    text = TEXT.replace('["BTC/USDT"]', '["BTC/USDT", "ETH/USDT"]').replace("max_message_rate = 100_000\n", "")
    text = text.replace("max_drawdown = 100_000\n", "")
    ControlFolder(tmp_path / "control").kill(kill())
    session = make_session(parse_config(text, "the test", tmp_path, ["lanes=2"]), registry)
    report = run_session(session, registry)
    assert set(report.refusals) == {"kill-switch"}
    assert Path(tmp_path / "control" / "lanes").is_dir()


PLAIN = ("decoder.plugin=python", "router.plugin=paper", "book.plugin=bisect-list", "slippage.plugin=square-root")
COMMANDS: dict[int, Callable[[int], Event]] = {
    20: lambda now_ns: Kill(now_ns, "strategy", "maker", flatten=True),
    40: lambda now_ns: LiftKill(now_ns, "strategy", "maker"),
    60: lambda now_ns: SetLimit(now_ns, "max_order_size", "0.001"),
    70: lambda now_ns: SetLimit(now_ns, "max_order_size", "1", confirmed=True),
    100: lambda now_ns: Kill(now_ns, "all", flatten=True),
}
"""By the number of the step before which they come."""


def test_fused_runs_obey_at_once(registry, tmp_path):
    """A lane that trades in fused runs does the same as one in Python: at a kill, its lift, and changed limits."""
    pytest.importorskip("mainspring_native._native", reason="the native module isn't built")
    text = TEXT.replace("max_message_rate = 100_000\n", "").replace("max_drawdown = 100_000\n", "")
    text = text.replace("seconds = 10", "seconds = 20")
    results, in_runs = [], []
    for overrides in ((), PLAIN):
        session = make_session(parse_config(text, "the test", tmp_path, overrides), registry)
        with LaneRun(session.lanes[0], registry, {}, in_chunks) as run:
            steps = 0
            while run.step():
                steps += 1
                if steps in COMMANDS:
                    run._replay.feed(COMMANDS[steps](run._replay.lane.now_ns))
                    assert run._replay.lane.control.outcome.done
                in_runs.append(run._replay.lane.message_loop.trades_in_runs(0))
            results.append(run.finish())
    native, plain = results
    assert any(in_runs)
    assert native.refusals == plain.refusals
    assert {"kill-switch", "max_order_size"} <= native.refusals.keys()
    assert native.log.sha256 == plain.log.sha256
