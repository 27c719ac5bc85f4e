"""PostgreSQL that goes away in the middle of commits, or is damaged: nothing is lost, repeated or misread."""

import random
import socket
import threading
from pathlib import Path

import pytest

from mainspring.errors import JournalError, PluginError
from mainspring.host.config import load_config
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.journal import Ending, JournalLog, LogBytes, Opening, Positions, SyncWriter, read_entries, read_session
from mainspring.session import run_session

from .places import Place
from .postgres_server import PORT, Server

_OPENING = Opening(opened_at="", version="0", lane="1", mode="paper", config=None, instruments=())


@pytest.fixture
def own_server():
    """A server that this test may stop."""
    made = Server()
    yield made
    made.remove()


def written(place, session):
    """The orders of a session, in order."""
    journal = place.open()
    data = b"".join(entry.data for _, entry in read_entries(journal, session) if type(entry) is LogBytes)
    journal.close()
    return [int.from_bytes(data[at : at + 8], "little") for at in range(0, len(data), 8)]


class Writer(threading.Thread):
    """Commits order after order until the journal fails, and lets go of `acknowledged` once it has `after` of them."""

    def __init__(self, place, after):
        super().__init__()
        self.writer = SyncWriter(place.open(), _OPENING)
        self.acknowledged = 0
        self.error = None
        self.reached = threading.Event()
        self._after = after

    def run(self):
        try:
            while True:
                self._commit()
                self.acknowledged += 1
                if self.acknowledged == self._after:
                    self.reached.set()
        except JournalError as error:
            self.error = error

    def _commit(self):
        self.writer.write(self.acknowledged.to_bytes(8, "little"))
        self.writer.commit(Positions(self.acknowledged, ()))


def run_until(place, after, then):
    """Lets a writer commit, does what is to happen meanwhile, and checks what was acknowledged against the journal."""
    writer = Writer(place, after)
    writer.start()
    assert writer.reached.wait(60)
    then()
    writer.join(60)
    assert isinstance(writer.error, JournalError)
    # The connection isn't made again, so nothing is repeated.
    with pytest.raises(JournalError, match="closed"):
        writer._commit()
    writer.writer.close()
    found = written(place, writer.writer.session)
    # What was asked for last may be durable, or not.
    assert found in ([*range(writer.acknowledged)], [*range(writer.acknowledged + 1)])
    return writer.acknowledged


def test_a_cut_connection_loses_nothing(postgres, server):
    """The server ends the connection at seeded moments: each acknowledged order is there, once."""
    draw = random.Random(5)

    def cut():
        with server.connect() as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'mainspring'"
            )

    assert sum(run_until(postgres, draw.randrange(1, 60), cut) for _ in range(10)) >= 10


def test_a_restarted_server_loses_nothing(own_server):
    """The server crashes and starts again at seeded moments; the journal that failed isn't written any more."""
    draw = random.Random(6)
    place = Place("postgres", {"host": str(own_server.folder), "user": "mainspring", "database": "postgres"})

    def restart():
        own_server.stop("immediate")
        own_server.start()

    for _ in range(2):
        run_until(place, draw.randrange(1, 60), restart)
    journal = place.open()
    assert journal.sessions() == [1, 2]
    journal.close()


class Relay(threading.Thread):
    """Stands between a journal and the server, and loses the server's answers once `deaf` is set."""

    def __init__(self, folder, target):
        super().__init__()
        self.deaf = threading.Event()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / f".s.PGSQL.{PORT}"))
        self._listener.listen()
        self._target = str(target / f".s.PGSQL.{PORT}")
        self.start()

    def run(self):
        with self._listener:
            client, _ = self._listener.accept()
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(self._target)
            self._client = client
            asking = threading.Thread(target=self._pass, args=(client, server))
            asking.start()
            while (data := server.recv(65_536)) and not self.deaf.is_set():
                client.sendall(data)
            client.shutdown(socket.SHUT_RDWR)
            asking.join()

    def cut(self):
        """Ends the client's connection, whatever the server does."""
        self.deaf.set()
        self._client.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _pass(client, server):
        while data := client.recv(65_536):
            server.sendall(data)
        server.shutdown(socket.SHUT_RDWR)


def test_a_lost_answer_is_a_failure(postgres, tmp_path):
    """A commit that the server did and nobody was told of: it counts as failed, and reading finds it, once."""
    relay = Relay(tmp_path, Path(postgres.options["host"]))
    writer = SyncWriter(Place("postgres", {**postgres.options, "host": str(tmp_path)}).open(), _OPENING)
    for order in range(3):
        writer.write(order.to_bytes(8, "little"))
        writer.commit(Positions(order, ()))
    relay.deaf.set()
    writer.write((3).to_bytes(8, "little"))
    with pytest.raises(JournalError):
        writer.commit(Positions(3, ()))
    writer.close()
    relay.join()
    assert written(postgres, writer.session) == [0, 1, 2, 3]


@pytest.mark.parametrize("commits", [True, False])
def test_a_commit_that_outlives_its_connection_is_waited_for(postgres, server, tmp_path, commits):
    """The connection is cut while the server commits: who reads next learns what became of it, and counts it once."""
    relay = Relay(tmp_path, Path(postgres.options["host"]))
    writer = SyncWriter(Place("postgres", {**postgres.options, "host": str(tmp_path)}).open(), _OPENING)
    for order in range(2):
        writer.write(order.to_bytes(8, "little"))
        writer.commit(Positions(order, ()))
    with server.connect(postgres.options["schema"]) as gate:
        # An insert waits for the lock that is held here, within its transaction.
        gate.execute(
            "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NEW; END $$"
        )
        gate.execute("CREATE TRIGGER wait BEFORE INSERT ON block FOR EACH ROW EXECUTE FUNCTION wait()")
        gate.execute("SELECT pg_advisory_lock(42)")
        failed = threading.Event()

        def commit():
            writer.write((2).to_bytes(8, "little"))
            with pytest.raises(JournalError):
                writer.commit(Positions(2, ()))
            failed.set()

        committing = threading.Thread(target=commit)
        committing.start()
        waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'advisory' AND application_name = 'mainspring'"
        while not (found := gate.execute(waiting).fetchall()):
            pass
        relay.cut()
        assert failed.wait(60)
        last, read = [], threading.Event()

        def look():
            journal = postgres.open()
            last.append(journal.last_block(writer.session))
            journal.close()
            read.set()

        looking = threading.Thread(target=look)
        looking.start()
        blocked = "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%FOR SHARE' AND wait_event_type = 'Lock'"
        while not gate.execute(blocked).fetchall():
            assert not read.is_set(), "it was read while nobody knew"
        if not commits:
            gate.execute("SELECT pg_cancel_backend(%s)", found[0])
        gate.execute("SELECT pg_advisory_unlock(42)")
        assert read.wait(60)
    for thread in (committing, looking, relay):
        thread.join(60)
    orders = [0, 1, 2] if commits else [0, 1]
    assert last[0][0] == 1 + len(orders), "the opening is the first block"
    assert written(postgres, writer.session) == orders


def test_a_session_whose_server_goes_away_takes_no_new_risk(postgres, server, monkeypatch):
    """It ends as with any journal that fails; what was durable by then can be read."""
    registry = Registry.load()
    options = [f'journal.{key}="{value}"' for key, value in postgres.options.items() if key != "port"]
    short = ("feed.seconds=6", "market.warm_up_s=1", 'strategy.trend={plugin="momentum", size=0.01}')
    session = make_session(load_config(None, [*short, "journal.plugin=postgres", *options]), registry)
    whole = run_session(session, registry)
    journal = postgres.open()
    assert read_session(journal, 1).ending == Ending(sha256=whole.order_log_sha256, records=whole.order_log_records)
    append = type(journal).append

    def cut(self, session, number, block):
        if number == 30:
            with server.connect() as other:
                other.execute("SELECT pg_terminate_backend(%s)", (self._connection.info.backend_pid,))
        append(self, session, number, block)

    monkeypatch.setattr(type(journal), "append", cut)
    with pytest.raises(PluginError, match=r"the journal 'postgres' of mainspring raised JournalError.*takes no new"):
        run_session(session, registry)
    cut_short = read_session(journal, 2)
    assert (cut_short.blocks, cut_short.ending) == (29, None)
    records = list(JournalLog(journal, 1))
    shorter = list(JournalLog(journal, 2))
    assert records[: len(shorter)] == shorter
    journal.close()


@pytest.fixture
def sample(postgres):
    """A journal of a session of some blocks, and what is read of it."""
    writer = SyncWriter(postgres.open(), _OPENING)
    for number in range(4):
        writer.write(bytes([number]) * 20)
        writer.commit(Positions(number, (number,)))
    writer.finish(Ending(sha256="", records=0))
    writer.close()
    return postgres, entries(postgres)


def entries(place):
    """The entries of the first session; None if it is refused."""
    journal = place.open()
    try:
        return [entry for _, entry in read_entries(journal, 1)]
    except JournalError:
        return None
    finally:
        journal.close()


def test_every_changed_row_is_refused(sample, server):
    """Each bit of each block, each cut of it, an absent and an exchanged row: none is misread."""
    place, right = sample
    journal = place.open()
    with server.connect(place.options["schema"]) as other:
        # It reads through the connection that alone sees the change.
        kept, journal._connection = journal._connection, other

        def change(statement, *parameters):
            with other.transaction(force_rollback=True):
                other.execute(statement, parameters)
                try:
                    return [entry for _, entry in read_entries(journal, 1)]
                except JournalError:
                    return None

        assert change("SELECT 1") == right
        for number, length in other.execute("SELECT number, length(body) FROM block ORDER BY number").fetchall():
            flip = "UPDATE block SET body = set_bit(body, %s, 1 - get_bit(body, %s)) WHERE number = %s"
            cut = "UPDATE block SET body = substr(body, 1, %s) WHERE number = %s"
            for bit in range(8 * length):
                assert change(flip, bit, bit, number) is None
            for end in range(length):
                assert change(cut, end, number) is None
            assert change("DELETE FROM block WHERE number = %s", number) is None
            assert change("UPDATE block SET number = number + 90 WHERE number = %s", number) is None
    kept.close()


def test_a_damaged_page_is_refused(own_server):
    """A bit that changes in the server's files: its checksums or ours refuse the page, wherever it is."""
    place = Place("postgres", {"host": str(own_server.folder), "user": "mainspring", "database": "postgres"})
    writer = SyncWriter(place.open(), _OPENING)
    for number in range(4):
        writer.write(bytes([number]) * 20)
        writer.commit(Positions(number, (number,)))
    writer.close()
    right = entries(place)
    with own_server.connect("mainspring") as other:
        (name,) = other.execute("SELECT pg_relation_filepath('block')").fetchone()
    own_server.stop()
    path, draw = own_server.data / name, random.Random(10)
    whole = path.read_bytes()
    used = [at for at, byte in enumerate(whole) if byte]
    for _ in range(6):
        changed = bytearray(whole)
        changed[draw.choice(used)] ^= 1 << draw.randrange(8)
        path.write_bytes(changed)
        own_server.start()
        assert entries(place) is None
        own_server.stop()
    path.write_bytes(whole)
    own_server.start()
    assert entries(place) == right
