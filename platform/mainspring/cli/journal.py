"""`journal`: lists, shows, verifies and exports journalled sessions, and runs them again."""

import pdb
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hwprofile.terminal import printable
from mainspring.cli.command import make_app
from mainspring.cli.journal_text import as_builtins, describe_entry
from mainspring.cli.orders_text import Describer
from mainspring.cli.output import (
    FAILED,
    errors,
    plain_table,
    print_json,
    print_json_lines,
    results,
    write_file,
)
from mainspring.data import check_absent
from mainspring.errors import ConfigError, JournalError
from mainspring.host.guard import calling
from mainspring.host.journals import find_journal, open_journal
from mainspring.host.registry import Registry
from mainspring.journal import (
    Ending,
    Input,
    JournalledSession,
    JournalLog,
    LaneState,
    Opening,
    SessionOutline,
    read_outline,
    read_session,
)
from mainspring.session.journal_replay import Difference, replay_session

if TYPE_CHECKING:
    from mainspring.seams import Journal, Records

__all__ = ["is_journal", "journal_app", "opened_journal"]

journal_app = make_app(name="journal", help="Read journals, and run their sessions again.", no_args_is_help=True)

_WhereArgument = Annotated[
    Path,
    typer.Argument(metavar="JOURNAL", help="A journal's SQLite file, or a configuration with a [journal] table."),
]
_SessionArgument = Annotated[
    int | None,
    typer.Argument(metavar="SESSION", min=1, help="The session's number. Without one: the last.", show_default=False),
]
_JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead.")]
_SQLITE = b"SQLite format 3\0"


@journal_app.command("list")
def list_sessions(where: _WhereArgument, *, as_json: _JsonOption = False) -> None:
    """List a journal's sessions: when they began, what they traded, and how they ended.

    Reads the first and the last block of each. `verify` reads them whole.
    """
    with opened_journal(where) as (journal, _):
        found = [_summary(journal, number) for number in journal.sessions()]
    if as_json:
        print_json(found)
    else:
        table = plain_table(">session", "opened", "lane", "mode", "instruments", ">blocks", "ended")
        for one in found:
            table.add_row(*(str(one.get(key, "")) for key in _COLUMNS))
        results().print(table)
    if any(one["damaged"] for one in found):
        raise typer.Exit(FAILED)


_COLUMNS = ("session", "opened", "lane", "mode", "instruments", "blocks", "ended")


@journal_app.command("show")
def show(where: _WhereArgument, session: _SessionArgument = None, *, as_json: _JsonOption = False) -> None:
    """Print a session: where it came from, how it ended, and a line for each record and input.

    With --json: a JSON object a line, the session's first.
    """
    with opened_journal(where) as (journal, records):
        number = _number(journal, session)
        one = read_session(journal, number)
        log = JournalLog(journal, number, records.decode)
        if as_json:
            print_json_lines([{"type": "session", **_described(one)}])
            print_json_lines(map(as_builtins, log.entries()))
            return
        out = results()
        for name, value in _described(one).items():
            out.print(f"{name:<12}{value}", markup=False, soft_wrap=True)
        if log.header is not None:
            describer = Describer(log.header.instruments)
            for entry in log.entries():
                text = describe_entry(entry) if isinstance(entry, Input | LaneState) else describer.describe(entry)
                sys.stdout.write(printable(text) + "\n")


@journal_app.command("verify")
def verify(where: _WhereArgument, session: _SessionArgument = None, *, as_json: _JsonOption = False) -> None:
    """Read whole sessions, or one, and check that every block and record is what was written.

    Exits with 1 if anything is damaged or missing.
    """
    with opened_journal(where) as (journal, records):
        numbers = journal.sessions() if session is None else [session]
        found = [_verified(journal, number, records) for number in numbers]
    if as_json:
        print_json(found)
    else:
        table = plain_table(">session", ">blocks", ">records", "verdict")
        for one in found:
            table.add_row(*(str(one.get(key, "")) for key in ("session", "blocks", "records", "verdict")))
        results().print(table)
    if any(one["damaged"] for one in found):
        raise typer.Exit(FAILED)


@journal_app.command("export")
def export(
    where: _WhereArgument,
    session: Annotated[int, typer.Argument(metavar="SESSION", min=1, help="The session's number.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The order log to write.")],
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write a session's order log to a file, as `mainspring run --order-log FILE` does."""
    check_absent("the order log", file, force=force)
    with opened_journal(where) as (journal, records):
        log = JournalLog(journal, session, records.decode)
        count = sum(1 for _ in log)
        write_file(file, b"".join(data for _, data in log.chunks()))
    results().print(f"Wrote {count:,} records to {file}; `mainspring orders show {file}` prints them.", soft_wrap=True)


@journal_app.command("replay")
def replay(
    where: _WhereArgument,
    session: _SessionArgument = None,
    *,
    until: Annotated[
        int | None, typer.Option(metavar="ORDER", min=0, help="End where this order is requested.", show_default=False)
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="With --until: a debugger before that event.")] = False,
) -> None:
    """Run a session again from its config and captures, and compare each record of its order log.

    Exits with 1 and prints both records where the replay first does something else.
    """
    if debug and until is None:
        raise ConfigError("--debug stops before the event of an order: name it with --until ORDER")
    with opened_journal(where) as (journal, records):
        number = _number(journal, session)
        one = read_session(journal, number)
        log = JournalLog(journal, number, records.decode)
        stop = pdb.Pdb(stdout=sys.stderr).set_trace if debug else None
        found = replay_session(one, log, Registry.load, records.decode, until=until, stop=stop)
        if found.difference is not None:
            _print_difference(found.difference, log)
            raise typer.Exit(FAILED)
        if until is not None and found.event is None:
            raise ConfigError(f"session {number} has no order {until}")
        if found.event is None:
            said = f"Session {number} again: all {found.records:,} records of its order log are equal."
        else:
            said = (
                f"Order {until} was requested by event {found.event:,}; {found.records:,} records up to it are equal."
            )
        results().print(said, soft_wrap=True)
        if until is not None and log.header is not None:
            describer = Describer(log.header.instruments)
            for record in log:
                text = describer.describe(record)
                if getattr(getattr(record, "order", record), "order_id", None) == until:
                    sys.stdout.write(printable(text) + "\n")


def _print_difference(difference: Difference, log: JournalLog) -> None:
    instruments = log.header.instruments if log.header is not None else ()
    describer = Describer(instruments)
    out = errors()
    out.print(f"[bold red]differs[/] from record {difference.record:,} on:")
    for name, record in (("journal", difference.journalled), ("replay", difference.replayed)):
        text = describer.describe(record) if record is not None else "nothing more"
        out.print(f"  {name:<8} {text}", markup=False, soft_wrap=True)


@contextmanager
def opened_journal(where: Path) -> Iterator[tuple["Journal", "Records"]]:
    """Opens a journal, with what reads its records."""
    choice, registry = find_journal(where, is_journal=is_journal(where))
    offer = registry.best("records")
    with calling(offer, "be made"):
        records: Records = offer.factory()
    journal = open_journal(choice, registry)
    try:
        yield journal, records
    finally:
        journal.close()


def is_journal(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such file") from error
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror}") from error


def _number(journal: "Journal", session: int | None) -> int:
    if session is not None:
        return session
    numbers = journal.sessions()
    if not numbers:
        raise JournalError("the journal has no sessions yet")
    return numbers[-1]


def _summary(journal: "Journal", number: int) -> dict[str, object]:
    try:
        return {**_outlined(read_outline(journal, number)), "damaged": False}
    except JournalError as error:
        return {"session": number, "ended": f"damaged: {error}", "damaged": True}


def _verified(journal: "Journal", number: int, records: "Records") -> dict[str, object]:
    try:
        one = read_session(journal, number)
        count = sum(1 for _ in JournalLog(journal, number, records.decode))
    except JournalError as error:
        return {"session": number, "verdict": f"damaged: {error}", "damaged": True}
    verdict = "whole" if one.ending is not None else "whole up to its last block; the process was killed"
    return {"session": number, "blocks": one.blocks, "records": count, "verdict": verdict, "damaged": False}


def _described(one: JournalledSession) -> dict[str, object]:
    return {
        "session": one.number,
        **_began(one.opening),
        "messages": ", ".join(map(str, one.positions.messages)) if one.positions is not None else "0",
        "blocks": one.blocks,
        "log_bytes": one.log_bytes,
        "ended": _ended(one.ending),
    }


def _outlined(one: SessionOutline) -> dict[str, object]:
    return {"session": one.number, **_began(one.opening), "blocks": one.blocks, "ended": _ended(one.ending)}


def _began(opening: Opening) -> dict[str, object]:
    return {
        "opened": opening.opened_at,
        "version": opening.version,
        "lane": opening.lane,
        "mode": opening.mode,
        "instruments": ", ".join(opening.instruments),
        "config": opening.config.origin if opening.config is not None else "none",
        "captures": ", ".join(name for name, _ in opening.captures) or "none",
    }


def _ended(ending: Ending | None) -> str:
    if ending is None:
        return "cut short: the process was killed or the journal failed"
    return f"failed: {ending.failure}" if ending.failure else ending.stopped_early or "finished"
