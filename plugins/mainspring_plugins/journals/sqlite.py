"""A journal in a SQLite file, the embedded default.

Blocks are rows in WAL mode with `synchronous = EXTRA`: a commit returns after one fsync of the write-ahead log. What a
crash leaves half written in that log is cut off by SQLite's own checksums. Next to its blocks each session has a row
with their count, so that blocks which damage made invisible are missed. SQLite: "Write-Ahead Logging",
https://sqlite.org/wal.html.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Final, NoReturn

import msgspec

from mainspring.errors import JournalError
from mainspring.seams import Catalogue, OutputOption, hookimpl
from mainspring_plugins.journals._sqlite_log import NO_FRAMES_BYTES, find_damage, has_log, index_header

__all__ = ["SqliteJournal", "SqliteOptions", "register_journals"]

_APPLICATION: Final = 0x4D53_4A4C
"""Says in the file's header that it is a journal: "MSJL"."""

_MIGRATIONS: Final = (
    (
        "CREATE TABLE session (number INTEGER PRIMARY KEY AUTOINCREMENT, blocks INTEGER NOT NULL DEFAULT 0)",
        """CREATE TABLE block (session INTEGER NOT NULL, number INTEGER NOT NULL, body BLOB NOT NULL,
                               PRIMARY KEY (session, number)) WITHOUT ROWID""",
        f"PRAGMA application_id = {_APPLICATION}",
    ),
)
"""The statements that make each version of the schema from the one before. A new version is a new row at the end."""


class SqliteOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Options of `sqlite`.

    `path` is the file. `busy_s` is how long another process may keep it locked, in seconds, before that is an error.
    """

    path: OutputOption = "journal.db"
    busy_s: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 30.0


class SqliteJournal:
    """Implements `mainspring.seams.Journal` in a SQLite file. Its errors name the file."""

    def __init__(self, *, options: SqliteOptions) -> None:
        self._path = Path(options.path)
        if not self._path.parent.is_dir():
            raise JournalError(f"the journal {self._path} can't be made: there is no folder {self._path.parent}")
        with self._errors():
            self._check_log(options.busy_s)
            self._connection = sqlite3.connect(
                self._path, timeout=options.busy_s, isolation_level=None, check_same_thread=False
            )
        try:
            self._prepare()
        except JournalError:
            self._connection.close()
            raise

    def _check_log(self, busy_s: float) -> None:
        """Raises `JournalError` if damage of the log would lose commits, before anything is written to it."""
        log, index = (self._path.with_name(f"{self._path.name}{end}") for end in ("-wal", "-shm"))
        if not log.exists() or log.stat().st_size <= NO_FRAMES_BYTES:
            return
        if not self._path.exists() or not has_log(self._path):
            # SQLite would remove the log.
            self._refuse(f"it isn't the file that {log.name} belongs to")
        # Read-only, so that closing it doesn't move the log into the file and the damage out of sight.
        place = f"{self._path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(place, uri=True, timeout=busy_s, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            # SQLite reads the log, and says in its index how far it is valid.
            reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
            header = index_header(index.read_bytes())
            damaged = None if header is None else find_damage(log.read_bytes(), header)
            # What another process writes at this moment isn't damage.
            if damaged is not None and index_header(index.read_bytes()) == header:
                self._refuse(damaged)

    def _refuse(self, damaged: str) -> NoReturn:
        raise JournalError(
            f"{self._path}: damaged: {damaged}, and commits would be lost. Copy the file and {self._path}-wal; "
            f"`sqlite3 {self._path} 'PRAGMA wal_checkpoint'` then goes on with what is before the damage"
        )

    def _prepare(self) -> None:
        execute = self._connection.execute
        with self._errors():
            # FULL, and that the file's own making is durable: without it a removed rollback journal may come back.
            execute("PRAGMA synchronous = EXTRA")
            if execute("PRAGMA journal_mode = WAL").fetchone() != ("wal",):
                raise JournalError(f"{self._path}: its file system can't hold a write-ahead log; name another place")
            with self._transaction():
                version = self._pragma("user_version")
                if self._pragma("application_id") != _APPLICATION and self._is_in_use():
                    raise JournalError(f"{self._path} is a SQLite file of something else; name another in journal.path")
                if version > len(_MIGRATIONS):
                    raise JournalError(
                        f"{self._path} has version {version} of the schema; this release knows {len(_MIGRATIONS)}"
                    )
                for number, statements in enumerate(_MIGRATIONS[version:], version + 1):
                    for statement in (*statements, f"PRAGMA user_version = {number}"):
                        execute(statement)

    def _is_in_use(self) -> bool:
        return bool(self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])

    def begin(self) -> int:
        """The number of a new session."""
        with self._errors(), self._transaction():
            number = self._connection.execute("INSERT INTO session DEFAULT VALUES").lastrowid
        assert number is not None
        return number

    def append(self, session: int, number: int, block: bytes) -> None:
        """Commits block `number` of a `session`, with one fsync. Raises `JournalError`."""
        connection = self._connection
        execute = connection.execute
        # Each order waits for this: the context managers of the other methods would take a quarter of its CPU time.
        try:
            execute("BEGIN IMMEDIATE")
            execute("INSERT INTO block VALUES (?, ?, ?)", (session, number, block))
            counted = (number, session, number - 1)
            if execute("UPDATE session SET blocks = ? WHERE number = ? AND blocks = ?", counted).rowcount != 1:
                self._refuse_block(session, number)
            execute("COMMIT")
        except BaseException:
            with self._errors():
                if connection.in_transaction:
                    connection.rollback()
                raise

    def _refuse_block(self, session: int, number: int) -> NoReturn:
        raise JournalError(f"{self._path}: block {number} of session {session} isn't the next one")

    def sessions(self) -> Sequence[int]:
        """The numbers of all sessions. Raises `JournalError` if damage made one invisible."""
        with self._errors(), self._transaction("DEFERRED"):
            found = [number for (number,) in self._connection.execute("SELECT number FROM session ORDER BY number")]
            counted = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'session'").fetchone()
        if found != [*range(1, 1 + (counted[0] if counted else 0))]:
            raise JournalError(f"{self._path}: damaged: of {counted and counted[0]} sessions these are left: {found}")
        return found

    def blocks(self, session: int) -> Iterator[tuple[int, bytes]]:
        """The blocks of a session with their numbers. Raises `JournalError` if the file is damaged."""
        with self._errors():
            execute = self._connection.execute
            counted = execute("SELECT blocks FROM session WHERE number = ?", (session,)).fetchone()
            found = 0
            rows = execute("SELECT number, body FROM block WHERE session = ? ORDER BY number", (session,))
            for number, body in rows:
                if type(number) is not int or type(body) is not bytes:
                    raise JournalError(f"{self._path}: damaged: a row of session {session} has values of another type")
                found += 1
                yield number, body
        # More may have come while they were read.
        if counted is not None and found < counted[0]:
            raise JournalError(f"{self._path}: damaged: {counted[0]} blocks of session {session}, {found} can be read")

    def last_block(self, session: int) -> tuple[int, bytes] | None:
        """The last block of a session with its number. Raises `JournalError` if it isn't the one counted last."""
        with self._errors(), self._transaction("DEFERRED"):
            execute = self._connection.execute
            counted = execute("SELECT blocks FROM session WHERE number = ?", (session,)).fetchone()
            row = execute(
                "SELECT number, body FROM block WHERE session = ? ORDER BY number DESC LIMIT 1", (session,)
            ).fetchone()
        if counted is not None and counted[0] != (row[0] if row else 0):
            raise JournalError(
                f"{self._path}: damaged: session {session} has {counted[0]} blocks, and the last is {row and row[0]}"
            )
        if row is not None and (type(row[0]) is not int or type(row[1]) is not bytes):
            raise JournalError(f"{self._path}: damaged: a row of session {session} has values of another type")
        return None if row is None else (row[0], row[1])

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def _pragma(self, name: str) -> int:
        value = self._connection.execute(f"PRAGMA {name}").fetchone()[0]
        assert isinstance(value, int)
        return value

    @contextmanager
    def _transaction(self, kind: str = "IMMEDIATE") -> Iterator[None]:
        execute = self._connection.execute
        execute(f"BEGIN {kind}")
        try:
            yield
            execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.rollback()
            raise

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except UnicodeDecodeError as error:
            # Python's, of a name in the file's schema, or of SQLite's own words about one.
            raise JournalError(f"{self._path}: damaged: it has text that isn't UTF-8") from error
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorname", "")
            raise JournalError(f"the journal {self._path}: {error}{f' ({code})' if code else ''}") from error


@hookimpl
def register_journals(catalogue: Catalogue) -> None:
    """Offers `sqlite`."""
    catalogue.add("sqlite", SqliteJournal, summary="a SQLite file: one fsync a commit", options=SqliteOptions, rank=10)
