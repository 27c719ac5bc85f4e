"""The PostgreSQL journal: its contract, what it refuses, and what it notices."""

import os
import shutil
import socket
import subprocess

import pytest

from mainspring.errors import JournalError
from mainspring.testing import check_journal, check_offer
from mainspring_plugins.journals.postgres import PostgresJournal, PostgresOptions, _parameters

from .places import Place
from .postgres_server import Server, binaries


@pytest.mark.parametrize("seed", range(3))
def test_keeps_the_contract(seed, postgres):
    """Blocks are there after closing, for a second reader too."""
    check_journal(postgres.open, seed=seed)


def test_a_session_has_one_writer(postgres):
    """Another connection is refused while the first one lives, and can't repeat one of its blocks afterwards."""
    first = postgres.open()
    session = first.begin()
    first.append(session, 1, b"one")
    second = postgres.open()
    with pytest.raises(JournalError, match=f"another connection writes session {session}"):
        second.append(session, 2, b"theirs")
    first.append(session, 2, b"two")
    first.close()
    third = postgres.open()
    with pytest.raises(JournalError, match="block 2 of session 1 isn't the next one"):
        third.append(session, 2, b"again")
    third.append(session, 3, b"three")
    assert list(third.blocks(session)) == [(1, b"one"), (2, b"two"), (3, b"three")]
    third.close()


def test_many_blocks_are_read_in_order(postgres):
    """Also more of them than are fetched at a time, and those that come while it reads."""
    journal = postgres.open()
    session = journal.begin()
    for number in range(1, 301):
        journal.append(session, number, b"%d" % number)
    reading = journal.blocks(session)
    found = [next(reading)]
    journal.append(session, 301, b"301")
    assert found + list(reading) == [(number, b"%d" % number) for number in range(1, 302)]
    journal.close()


def test_missing_rows_are_noticed(postgres, server):
    """The last blocks of a session, or a whole session: each is missed."""
    journal = postgres.open()
    for _ in range(3):
        session = journal.begin()
        for number in (1, 2, 3):
            journal.append(session, number, b"block")
    with server.connect(postgres.options["schema"]) as other:
        other.execute("DELETE FROM block WHERE session = 1 AND number = 3")
        other.execute("DELETE FROM session WHERE number = 2")
    with pytest.raises(JournalError, match="damaged: 3 blocks of session 1, 2 can be read"):
        list(journal.blocks(1))
    with pytest.raises(JournalError, match=r"damaged: of 3 sessions these are left: \[1, 3\]"):
        journal.sessions()
    journal.close()


def test_a_schema_of_something_else_is_refused(postgres, server):
    """Another program's tables aren't touched."""
    schema = postgres.options["schema"]
    with server.connect() as other:
        other.execute(f"CREATE SCHEMA {schema}")
        other.execute(f"CREATE TABLE {schema}.mine (value integer)")
    with pytest.raises(JournalError, match=r"tables of something else.*journal\.schema"):
        postgres.open()
    with server.connect() as other:
        tables = other.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (schema,)).fetchall()
    assert tables == [("mine",)]


def test_a_later_schema_is_refused(postgres, server):
    """A journal that a later release migrated isn't written by this one."""
    postgres.open().close()
    with server.connect(postgres.options["schema"]) as other:
        other.execute("UPDATE journal SET version = 7")
    with pytest.raises(JournalError, match="version 7 of the schema; this release knows 1"):
        postgres.open()


def test_a_server_that_does_not_wait_for_its_log_is_refused(postgres, server):
    """With synchronous_commit off, a commit that returned may be lost: the error says which setting it is."""
    with server.connect() as other:
        other.execute("CREATE ROLE hasty LOGIN SUPERUSER")
        other.execute("ALTER ROLE hasty SET synchronous_commit = off")
    with pytest.raises(JournalError, match=r"synchronous_commit is 'off'.*set it to 'on'"):
        Place("postgres", {**postgres.options, "user": "hasty"}).open()


def test_an_absent_server_is_named(tmp_path):
    """The error says where nothing answers."""
    with pytest.raises(JournalError, match=f"the journal at {tmp_path}: .*No such file or directory"):
        Place("postgres", {"host": str(tmp_path), "user": "mainspring"}).open()


def test_a_locked_table_is_an_error_after_a_while(postgres, server):
    """Somebody who keeps the tables locked can't make a lane wait for ever, and the connection isn't used again."""
    journal = Place("postgres", {**postgres.options, "busy_s": 0.05}).open()
    session = journal.begin()
    with server.connect(postgres.options["schema"]) as other, other.transaction():
        other.execute("LOCK TABLE block IN EXCLUSIVE MODE")
        with pytest.raises(JournalError, match="timeout"):
            journal.append(session, 1, b"block")
    with pytest.raises(JournalError, match="closed"):
        journal.append(session, 1, b"block")


@pytest.mark.parametrize(
    ("host", "defaults", "verified"),
    [
        ("/var/run/postgresql", {}, False),
        (None, {}, False),
        (None, {"host": "/run/postgresql"}, False),
        ("localhost", {}, False),
        ("127.0.0.2", {}, False),
        ("::1", {}, False),
        ("localhost", {"hostaddr": "192.0.2.7"}, True),
        (None, {"host": "db.example.org"}, True),
        ("db.example.org", {"host": "localhost"}, True),
        ("localhost,db.example.org", {}, True),
        ("192.0.2.7", {}, True),
    ],
)
def test_another_machine_must_prove_who_it_is(host, defaults, verified):
    """Whatever the environment asks for: its certificate is verified, with its name, unless it is this machine."""
    parameters = _parameters(PostgresOptions(host=host), {**defaults, "sslmode": "disable"})
    assert parameters.get("sslmode") == ("verify-full" if verified else None)


def test_no_option_takes_a_password():
    """It would end up in the configuration, which journals and reports have."""
    assert not [name for name in PostgresOptions.__struct_fields__ if "pass" in name]


def test_the_kit_leaves_a_server_alone(monkeypatch):
    """`mainspring plugins check` writes no sessions among the user's own."""
    monkeypatch.setitem(os.environ, "PGHOST", "/absent")
    outcome = check_offer(
        "journal", "postgres", PostgresJournal, options=PostgresOptions, capabilities={"server": True}
    )
    assert outcome.ok is None
    assert "server" in outcome.detail


@pytest.fixture
def encrypted(tmp_path, monkeypatch):
    """A server on the loopback that says it is db.example.org, the certificate that proves it, and its port."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl absent")
    if binaries() is None:
        pytest.skip("no PostgreSQL server is installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Server(f"-c listen_addresses=127.0.0.1 -c port={port}")
    key, cert = server.data / "server.key", server.data / "server.crt"
    subject = ["-subj", "/CN=db.example.org", "-addext", "subjectAltName=DNS:db.example.org"]
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    subprocess.run([*request, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
    known = tmp_path / "known.crt"
    shutil.copy(cert, known)
    for path in (key, cert):
        server.own(path)
    monkeypatch.setenv("PGHOSTADDR", "127.0.0.1")
    monkeypatch.setenv("PGSSLMODE", "disable")
    yield server, known, port
    server.remove()


def test_only_the_named_server_is_taken(encrypted):
    """Without encryption it is refused, with the certificate of another name too, and with the right one taken."""
    server, known, port = encrypted
    named = {"port": port, "user": "mainspring", "database": "postgres", "root_cert": str(known)}
    place = Place("postgres", {**named, "host": "db.example.org"})
    with pytest.raises(JournalError, match="server does not support SSL"):
        place.open()
    with server.connect(port=port) as own:
        own.execute("ALTER SYSTEM SET ssl = on")
        own.execute("SELECT pg_reload_conf()")
    server.stop()
    server.start()
    with pytest.raises(
        JournalError, match=r'certificate for "db\.example\.org" does not match host name "db\.other\.org"'
    ):
        Place("postgres", {**named, "host": "db.other.org"}).open()
    journal = place.open()
    assert journal._connection.pgconn.ssl_in_use
    assert journal.begin() == 1
    journal.close()
