"""A journalled session: what is durable when, what a failing journal leads to, and running it again."""

import msgspec
import pytest

from mainspring.errors import ConfigError, PluginError
from mainspring.host.config import load_config
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.journal import Ending, JournalLog, Positions, read_entries, read_session
from mainspring.model import Rejected, RequestApproved, decode_records
from mainspring.orders import read_order_log
from mainspring.report import SessionReport
from mainspring.session import run_session
from mainspring.session.driver import NOT_DURABLE, Driver
from mainspring.session.journal_replay import replay_session
from mainspring.tuning.lanes import RacedLane, ReadAhead
from mainspring_plugins.journals.sqlite import SqliteJournal, SqliteOptions

SHORT = ("feed.seconds=6", "market.warm_up_s=1", 'strategy.trend={plugin="momentum", size=0.01}')


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.db"


@pytest.fixture(params=["python", "native"])
def decoder(request, registry):
    if request.param not in registry.offers("decoder"):
        pytest.skip("mainspring-native absent")
    return f"decoder.plugin={request.param}"


def planned(registry, path, *overrides):
    return make_session(load_config(None, [*SHORT, f"journal.path={path}", *overrides]), registry)


def opened(path):
    return SqliteJournal(options=SqliteOptions(path=str(path)))


@pytest.mark.parametrize("durability", ["sync", "async"])
def test_the_journal_has_what_the_order_log_has(registry, path, tmp_path, decoder, durability):
    """Both ways, byte for byte, with the session's beginning and its end; the session does what it does without one."""
    session = planned(registry, path, decoder, f"journal.durability={durability}")
    report = run_session(session, registry, order_log=tmp_path / "orders.log")
    journal = opened(path)
    one = read_session(journal, 1)
    log = JournalLog(journal, 1)
    assert b"".join(data for _, data in log.chunks()) == (tmp_path / "orders.log").read_bytes()
    assert list(log) == list(read_order_log(tmp_path / "orders.log"))
    assert one.opening.instruments == ("BTC/USDT",)
    assert one.ending == Ending(sha256=report.order_log_sha256, records=report.order_log_records)
    assert report.journal_sessions == [1]
    without = run_session(make_session(load_config(None, [*SHORT, decoder]), registry), registry)
    assert without.order_log_sha256 == report.order_log_sha256
    assert without.order_log_records > 100


def test_a_request_is_durable_before_it_leaves(registry, path, decoder, monkeypatch):
    """Whenever something is sent, a second reader of the file finds its approval in the last block."""
    seen = []
    send = Driver._do_send

    def looked(self, sent):
        *_, last = last_blocks(path)
        approved = {one.order_id for one in decode_records(last, 0)[0] if type(one) is RequestApproved}
        seen.append(sent.request.request.order_id in approved)
        send(self, sent)

    monkeypatch.setattr(Driver, "_do_send", looked)
    run_session(planned(registry, path, decoder), registry)
    assert len(seen) > 20
    assert all(seen)


def last_blocks(path):
    """The records' bytes of each block so far, without the log's header."""
    journal = opened(path)
    log = JournalLog(journal, 1)
    for place, (_, data) in enumerate(log.chunks()):
        yield data if place else data[log.header.length :]
    journal.close()


def test_positions_name_the_message(registry, path, decoder):
    """A committed block says how many messages the feed had been fed, up to the one that led to it."""
    run_session(planned(registry, path, decoder), registry)
    found = [entry.messages[0] for _, entry in read_entries(opened(path), 1) if type(entry) is Positions]
    assert found == sorted(found)
    assert len(set(found)) > 20


def _first_approved(path):
    return next(one.order_id for one in JournalLog(opened(path), 1) if type(one) is RequestApproved)


def failing(monkeypatch, at):
    """Lets the journal's block number `at` fail, and counts how often it was called after that."""
    append = SqliteJournal.append
    called: list[int] = []

    def fails(self, session, number, block):
        if called or number == at:
            called.append(number)
            raise OSError(28, "No space left on device")
        append(self, session, number, block)

    monkeypatch.setattr(SqliteJournal, "append", fails)
    return called


def test_a_failing_journal_stops_new_risk(registry, path, tmp_path, decoder, monkeypatch):
    """What couldn't be journalled isn't sent, open orders are cancelled, and the journal isn't tried again."""
    called = failing(monkeypatch, 30)
    sent: list[int] = []
    send = Driver._do_send

    def noted(self, one):
        sent.append(one.request.request.order_id)
        send(self, one)

    monkeypatch.setattr(Driver, "_do_send", noted)
    with pytest.raises(PluginError, match=r"the journal 'sqlite' of mainspring raised OSError.*No space left") as error:
        run_session(planned(registry, path, decoder), registry, order_log=tmp_path / "orders.log")
    assert called == [30]
    records = list(read_order_log(tmp_path / "orders.log"))
    unsent = [one.order_id for one in records if type(one) is Rejected and one.reason == NOT_DURABLE]
    assert not set(unsent) & set(sent)
    assert isinstance(error.value.report, SessionReport)
    assert error.value.report.failure is not None
    journalled = list(JournalLog(opened(path), 1))
    assert records[: len(journalled)] == journalled
    # What was open then has ended, and nothing new went out.
    assert not any(type(one) is RequestApproved and one.request != "cancel" for one in records[len(journalled) + 3 :])
    assert read_session(opened(path), 1).ending is None


def test_an_asynchronous_journal_fails_as_loudly(registry, path, monkeypatch):
    """The failure reaches the lane with the next commit, or at the end."""
    called = failing(monkeypatch, 2)
    with pytest.raises(PluginError, match=r"No space left"):
        run_session(planned(registry, path, "journal.durability=async"), registry)
    assert called == [2]


def test_a_journal_that_cannot_be_opened_stops_the_session(registry, tmp_path):
    """Nothing runs without the journal that the config asks for."""
    with pytest.raises(Exception, match="no folder"):
        run_session(planned(registry, tmp_path / "absent" / "journal.db"), registry)


def replayed(registry, path, **options):
    journal = opened(path)
    session = read_session(journal, journal.sessions()[-1])
    log = JournalLog(journal, session.number)
    return replay_session(session, log, lambda _: registry, decode_records, **options)


def test_a_session_runs_again(registry, path, decoder):
    """All of its records are equal."""
    report = run_session(planned(registry, path, decoder), registry)
    assert replayed(registry, path) == (report.order_log_records, None, None)


def test_a_session_that_was_cut_short_runs_again(registry, path, monkeypatch):
    """Up to where its journal ends."""
    failing(monkeypatch, 40)
    with pytest.raises(PluginError):
        run_session(planned(registry, path), registry)
    monkeypatch.undo()
    found = replayed(registry, path)
    assert found.difference is None
    assert found.records == len(list(JournalLog(opened(path), 1)))


def test_a_difference_is_found(registry, path):
    """A session that would do something else now names the first record of it."""
    run_session(planned(registry, path, "strategy.maker.edge_ticks=2"), registry)
    journal = opened(path)
    session = read_session(journal, 1)
    config = session.opening.config
    assert config is not None
    changed = msgspec.structs.replace(config, overrides=(*config.overrides, "strategy.maker.edge_ticks=3"))
    opening = msgspec.structs.replace(session.opening, config=changed)
    found = replay_session(
        session._replace(opening=opening), JournalLog(journal, 1), lambda _: registry, decode_records
    )
    assert found.difference is not None
    assert found.difference.journalled != found.difference.replayed


def test_until_an_order(registry, path):
    """It ends where the order is requested, and calls the debugger before that event in a second run."""
    run_session(planned(registry, path), registry)
    order_id = _first_approved(path)
    stopped = []
    found = replayed(registry, path, until=order_id, stop=lambda: stopped.append(True))
    assert found.event > 1
    assert stopped == [True]
    assert replayed(registry, path, until=10**6).event is None


def test_a_changed_capture_is_refused(registry, path, tmp_path):
    """What a session read must be there as it was."""
    capture = tmp_path / "session.capture"
    plan = make_session(load_config(None, SHORT), registry).first
    messages = registry.get("feed", "simulated").factory.source(plan.instruments, plan.feed.options)
    capture.write_bytes(b"".join(b"%d %s\n" % message for message in messages))
    feed = f'feed={{plugin="binance-spot", capture="{capture}"}}'
    session = make_session(load_config(None, [feed, "market.warm_up_s=1", f"journal.path={path}"]), registry)
    run_session(session, registry)
    assert replayed(registry, path).difference is None
    capture.write_bytes(capture.read_bytes() + b"\n")
    with pytest.raises(ConfigError, match="bytes when session 1 ran, and has"):
        replayed(registry, path)
    capture.unlink()
    with pytest.raises(ConfigError, match="is gone"):
        replayed(registry, path)


def test_lanes_have_sessions_of_their_own(path):
    """Each lane's process writes its own session to the one journal."""
    registry = Registry.load()
    session = make_session(
        load_config(None, [*SHORT, 'instruments=["BTC/USDT", "ETH/USDT"]', "lanes=2", f"journal.path={path}"]),
        registry,
    )
    report = run_session(session, registry)
    journal = opened(path)
    openings = [read_session(journal, number).opening for number in journal.sessions()]
    assert sorted(one.lane for one in openings) == ["1", "2"]
    assert sorted(report.journal_sessions) == [1, 2]
    for number in (1, 2):
        one = read_session(journal, number)
        assert replay_session(one, JournalLog(journal, number), Registry.load, decode_records).difference is None


def test_a_race_is_not_journalled(registry, path):
    """What `mainspring tune` runs isn't one of the user's sessions."""
    raced = RacedLane(planned(registry, path).first, registry, ReadAhead())
    raced.run_to(500)
    assert raced.messages >= 500
    assert not path.exists()
