"""A journal in a PostgreSQL database, for several machines that share one.

A block is a row, and a commit is one statement: it returns after the server has flushed its write-ahead log. One writer
per session is guaranteed by an advisory lock, which the server keeps for as long as the connection lives. A connection
that failed is never opened again: whether its last block is durable is only known by reading, which waits for a commit
that is under way. PostgreSQL:
"Reliability and the Write-Ahead Log", https://www.postgresql.org/docs/current/wal.html.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from mainspring.errors import JournalError
from mainspring.seams import Catalogue, Needs, hookimpl

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["PostgresJournal", "PostgresOptions", "register_journals"]

_MIGRATIONS: Final = (
    (
        "CREATE TABLE journal (version integer NOT NULL, sessions bigint NOT NULL)",
        "INSERT INTO journal VALUES (0, 0)",
        "CREATE TABLE session (number bigint PRIMARY KEY, blocks bigint NOT NULL)",
        """CREATE TABLE block (session bigint NOT NULL, number bigint NOT NULL, body bytea NOT NULL,
                               PRIMARY KEY (session, number))""",
        # Blocks are read whole: compressing them costs time and saves little.
        "ALTER TABLE block ALTER COLUMN body SET STORAGE EXTERNAL",
    ),
)
"""The statements that make each version of the schema from the one before. A new version is a new row at the end."""

_BEGIN: Final = """
    WITH given AS (UPDATE journal SET sessions = sessions + 1 RETURNING sessions)
    INSERT INTO session SELECT sessions, 0 FROM given RETURNING number"""
_APPEND: Final = """
    WITH counted AS (
        UPDATE session SET blocks = %(number)s WHERE number = %(session)s AND blocks = %(number)s - 1 RETURNING number)
    INSERT INTO block SELECT %(session)s, %(number)s, %(body)s FROM counted"""
# A commit under way holds the row: it is waited for, also if the client that asked for it is gone and will never know.
_COUNT: Final = "SELECT blocks FROM session WHERE number = %s FOR SHARE"
_READ: Final = "SELECT number, body FROM block WHERE session = %s AND number > %s ORDER BY number LIMIT 256"
_LAST: Final = "SELECT number, body FROM block WHERE session = %s ORDER BY number DESC LIMIT 1"
_LOCK: Final = "SELECT pg_try_advisory_lock('session'::regclass::oid::bigint::bit(32)::integer, %s::integer)"
_TABLES: Final = """
    SELECT relname FROM pg_class JOIN pg_namespace AS place ON place.oid = relnamespace
    WHERE nspname = %s AND relkind IN ('r', 'p', 'v', 'm', 'f')"""
_MIGRATING: Final = 0x4D53_4A4C
"""The advisory lock that a connection takes to migrate the schema: "MSJL"."""

_DURABLE: Final = {"synchronous_commit": ("on", "remote_apply"), "fsync": ("on",), "full_page_writes": ("on",)}
"""Settings without which a commit may be lost after it returned, with the values that will do."""


class PostgresOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Options of `postgres`. What is None comes from where libpq looks: the environment, or the file of services.

    There is no option for the password: it is in `PGPASSWORD`, `~/.pgpass` or the file of services. `host` is a name,
    an address or the folder of a Unix socket. `root_cert` is the file of certificates by which the server's is
    verified, unless it is on this machine. `schema` is where the tables are, made if it is absent. `busy_s` is how long
    a statement may take, in seconds, before that is an error.
    """

    host: Annotated[str, msgspec.Meta(min_length=1)] | None = None
    port: Annotated[int, msgspec.Meta(ge=1, le=65_535)] | None = None
    database: Annotated[str, msgspec.Meta(min_length=1)] | None = None
    user: Annotated[str, msgspec.Meta(min_length=1)] | None = None
    root_cert: Annotated[str, msgspec.Meta(min_length=1)] | None = None
    schema: Annotated[str, msgspec.Meta(pattern="^[a-z_][a-z0-9_]{0,62}$")] = "mainspring"
    busy_s: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 30.0


class PostgresJournal:
    """Implements `mainspring.seams.Journal` in a PostgreSQL database. Its errors name the server."""

    def __init__(self, *, options: PostgresOptions) -> None:
        import psycopg

        self._error = psycopg.Error
        self._schema = options.schema
        self._place = f"the journal at {options.host or 'the default server'}"
        self._locked: set[int] = set()
        with self._errors():
            parameters = _parameters(options, _defaults())
            self._connection: Connection[Any] = psycopg.connect(**parameters, autocommit=True)
        try:
            with self._errors():
                info = self._connection.info
                self._place = f"the journal at {info.host}:{info.port}/{info.dbname}"
                self._check_encryption()
                self._check_durability()
                self._configure(options.busy_s)
                with self._connection.transaction():
                    self._migrate()
        except BaseException:
            self._connection.close()
            raise

    def _check_encryption(self) -> None:
        """Refuses another machine without TLS: the name of this one may be resolved to its address."""
        address = self._connection.info.hostaddr
        if address and not _is_local(address) and not self._connection.pgconn.ssl_in_use:
            raise JournalError(f"{self._place}: {address} is another machine, and the connection isn't encrypted")

    def _check_durability(self) -> None:
        for setting, accepted in _DURABLE.items():
            value = self._value("SELECT current_setting(%s)", setting)
            if value not in accepted:
                raise JournalError(
                    f"{self._place}: {setting} is {value!r} there, so that a commit may be lost after it returned; "
                    f"set it to {accepted[0]!r} for this database and user"
                )

    def _configure(self, busy_s: float) -> None:
        limit = str(round(busy_s * 1_000))
        for setting, value in (
            ("statement_timeout", limit),
            ("lock_timeout", limit),
            # What is in no other schema needs no qualified names.
            ("search_path", self._schema),
        ):
            self._value("SELECT set_config(%s, %s, false)", setting, value)

    def _migrate(self) -> None:
        from psycopg.sql import SQL, Identifier

        execute = self._connection.execute
        execute("SELECT pg_advisory_xact_lock(%s)", (_MIGRATING,))
        tables = {name for (name,) in execute(_TABLES, (self._schema,))}
        if tables and "journal" not in tables:
            raise JournalError(
                f"{self._place}: the schema {self._schema} has tables of something else; name another in journal.schema"
            )
        version = self._value("SELECT version FROM journal") if tables else 0
        if version > len(_MIGRATIONS):
            raise JournalError(
                f"{self._place} has version {version} of the schema; this release knows {len(_MIGRATIONS)}"
            )
        if not tables:
            execute(SQL("CREATE SCHEMA IF NOT EXISTS {}").format(Identifier(self._schema)))
        for number, statements in enumerate(_MIGRATIONS[version:], version + 1):
            for statement in statements:
                execute(statement)
            execute("UPDATE journal SET version = %s", (number,))

    def begin(self) -> int:
        """The number of a new session, which this connection alone may write."""
        with self._errors():
            number = self._value(_BEGIN)
            assert isinstance(number, int)
            self._lock(number)
        return number

    def append(self, session: int, number: int, block: bytes) -> None:
        """Commits block `number` of a `session`.

        Raises `JournalError` if it isn't durable, if nobody knows, or if another connection writes the session.
        After an error the connection is closed.
        """
        try:
            with self._errors():
                if session not in self._locked:
                    self._lock(session)
                values = {"session": session, "number": number, "body": block}
                added = self._connection.execute(_APPEND, values, binary=True).rowcount
        except JournalError:
            self._connection.close()
            raise
        if added != 1:
            raise JournalError(f"{self._place}: block {number} of session {session} isn't the next one")

    def sessions(self) -> Sequence[int]:
        """The numbers of all sessions. Raises `JournalError` if one is missing."""
        with self._errors(), self._connection.transaction():
            # The count comes first: a session that begins meanwhile isn't in it.
            counted = self._value("SELECT sessions FROM journal")
            rows = self._connection.execute("SELECT number FROM session WHERE number <= %s ORDER BY number", (counted,))
            found = [number for (number,) in rows]
        if found != [*range(1, 1 + counted)]:
            raise JournalError(f"{self._place}: damaged: of {counted} sessions these are left: {found}")
        return found

    def blocks(self, session: int) -> Iterator[tuple[int, bytes]]:
        """The blocks of a session with their numbers, a few at a time. Raises `JournalError` if some are missing."""
        with self._errors():
            counted = self._connection.execute(_COUNT, (session,)).fetchone()
        found = last = 0
        while True:
            with self._errors():
                rows = self._connection.execute(_READ, (session, last), binary=True).fetchall()
            if not rows:
                break
            for last, body in rows:
                yield last, body
            found += len(rows)
        # More may have come while they were read.
        if counted is not None and found < counted[0]:
            raise JournalError(f"{self._place}: damaged: {counted[0]} blocks of session {session}, {found} can be read")

    def last_block(self, session: int) -> tuple[int, bytes] | None:
        """The last block of a session with its number. Raises `JournalError` if it isn't the one counted last."""
        with self._errors(), self._connection.transaction():
            # The count comes first: a block that is added meanwhile isn't in it.
            counted = self._connection.execute(_COUNT, (session,)).fetchone()
            row = self._connection.execute(_LAST, (session,), binary=True).fetchone()
        if counted is not None and counted[0] > (row[0] if row else 0):
            raise JournalError(
                f"{self._place}: damaged: session {session} has {counted[0]} blocks, and the last is {row and row[0]}"
            )
        return row

    def close(self) -> None:
        """Closes the connection, and gives the sessions that it wrote up."""
        self._connection.close()

    def _lock(self, session: int) -> None:
        if not self._value(_LOCK, session):
            raise JournalError(
                f"{self._place}: another connection writes session {session}, and there is one at a time"
            )
        self._locked.add(session)

    def _value(self, query: Any, *parameters: object) -> Any:
        row = self._connection.execute(query, parameters or None).fetchone()
        return None if row is None else row[0]

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except self._error as error:
            text = " ".join(str(error).split())
            raise JournalError(f"{self._place}: {text} ({type(error).__name__})") from error


def _defaults() -> dict[str, str]:
    """What libpq takes from the environment and the file of services."""
    from psycopg.pq import Conninfo

    return {
        option.keyword.decode(): option.val.decode() for option in Conninfo.get_defaults() if option.val is not None
    }


def _parameters(options: PostgresOptions, defaults: Mapping[str, str]) -> dict[str, Any]:
    """Parameters of the connection. Only a server on this machine needs no TLS with its name verified."""
    named = {
        "host": options.host,
        "port": options.port,
        "dbname": options.database,
        "user": options.user,
        "sslrootcert": options.root_cert,
    }
    hosts = f"{options.host or defaults.get('host', '')},{defaults.get('hostaddr', '')}"
    if not all(map(_is_local, hosts.split(","))):
        named["sslmode"] = "verify-full"
    milliseconds = round(options.busy_s * 1_000)
    return {
        **{name: value for name, value in named.items() if value is not None},
        "application_name": "mainspring",
        "connect_timeout": max(2, round(options.busy_s)),
        # A machine that went away without a word is noticed in as long as a statement may take.
        "keepalives_idle": 5,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": milliseconds,
    }


def _is_local(host: str) -> bool:
    """Whether a host is this machine: a Unix socket or the loopback."""
    if host in ("", "localhost") or host.startswith(("/", "@")):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@hookimpl
def register_journals(catalogue: Catalogue) -> None:
    """Offers `postgres`."""
    catalogue.add(
        "postgres",
        PostgresJournal,
        summary="a PostgreSQL database that several machines may share",
        options=PostgresOptions,
        needs=Needs(packages=("psycopg",)),
        capabilities={"server": True},
    )
