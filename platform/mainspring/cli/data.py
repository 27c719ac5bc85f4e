"""`data list`, `data get`, `data generate`, `data import` and `data record`."""

from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from mainspring.cli.command import make_app
from mainspring.cli.output import errors, plain_table, print_json, print_warnings, results
from mainspring.cli.record import record
from mainspring.cli.session import SetOption
from mainspring.data import (
    CaptureWriter,
    capture_catalogue,
    check_absent,
    check_outputs,
    find_capture,
    get,
    import_files,
)
from mainspring.errors import ConfigError, DataError
from mainspring.host.config import load_config
from mainspring.host.guard import bring_messages
from mainspring.host.planning import make_plan
from mainspring.host.registry import Registry
from mainspring.report.figures import clock

__all__ = ["data_app"]

_MOST_NAMES: Final = 3

data_app = make_app(name="data", help="List, fetch, generate, import and record captures.", no_args_is_help=True)
data_app.command("record")(record)


@data_app.command("list")
def list_captures(*, as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead.")] = False) -> None:
    """List the captures that can be fetched, and which are already here."""
    rows: list[dict[str, Any]] = []
    for name, entry in capture_catalogue().items():
        here, problem = None, None
        try:
            here = find_capture(entry)
        except DataError as error:
            problem = str(error)
        rows.append(
            {
                "name": name,
                "feed": entry.feed,
                "instruments": entry.instruments,
                "messages": entry.messages,
                "size_bytes": entry.size_bytes,
                "licence": entry.licence,
                "summary": entry.summary,
                "here": str(here) if here is not None else None,
                "problem": problem,
            }
        )
    if as_json:
        print_json(rows)
        return
    table = plain_table("name", "feed", ">messages", ">size", "here", "description")
    for row in rows:
        status = row["problem"] or row["here"] or "no"
        size = f"{row['size_bytes'] / 1e6:.1f} MB"
        table.add_row(
            row["name"],
            row["feed"],
            f"{row['messages']:,}",
            size,
            escape(status),
            escape(f"{row['summary']} ({row['licence']})"),
        )
    console = results()
    console.print(table)
    console.print("\nFetch one with `mainspring data get NAME`, then `mainspring run --capture NAME`.")


@data_app.command("get")
def get_capture(name: Annotated[str, typer.Argument(help="A name from `mainspring data list`.")]) -> None:
    """Fetch a capture into the cache and check its SHA-256. An interrupted download resumes."""
    console = errors()
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(name, total=None)

        def show(received_bytes: int, total_bytes: int) -> None:
            bar.update(task, completed=received_bytes, total=total_bytes)

        path = get(name, progress=show)
    results().print(escape(str(path)), soft_wrap=True)


@data_app.command("generate")
def generate(
    path: Annotated[Path, typer.Argument(help="The capture to write: FILE, FILE.gz or FILE.zst.")],
    *,
    config: Annotated[Path | None, typer.Option(help="A configuration whose feed and instruments to use.")] = None,
    overrides: SetOption = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
) -> None:
    """Write a generated session as a capture. Set feed options with --set feed.seed=2 --set feed.seconds=60."""
    loaded = load_config(config, [*(overrides or ()), "mode=replay"])
    registry = Registry.load(loaded.config.plugins.loaded)
    print_warnings(registry.warnings)
    plan = make_plan(loaded, registry)
    if plan.source.captures:
        raise ConfigError(f"{loaded.origin}: feed.capture names a recorded session, so there is nothing to generate")
    offer = registry.get("feed", plan.feed.plugin)
    count = 0
    check_outputs({"the capture": path}, () if config is None else [config])
    check_absent("the capture", path, force=force)
    try:
        with CaptureWriter(path) as writer:
            for receive_time_ns, raw in bring_messages(offer, plan.instruments, plan.feed.options):
                writer.write(receive_time_ns, raw)
                count += 1
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {error.strerror}") from error
    results().print(escape(f"{path}: {count:,} messages"), soft_wrap=True)


@data_app.command("import")
def import_data(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Tables (CSV, zip of CSV, Parquet), hftbacktest's arrays, recordings."),
    ],
    *,
    to: Annotated[
        Path | None,
        typer.Option(help="The capture to write; by default the first file's name with .cap.gz, in this folder."),
    ] = None,
    symbol: Annotated[
        str, typer.Option(help="The instrument of a file that doesn't name it.", show_default=False)
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace a capture that exists.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead.")] = False,
) -> None:
    """Make one capture of market data of other programs, and say what was found in it."""
    target = to or Path(f"{paths[0].name.partition('.')[0]}.cap.gz")
    check_outputs({"the capture": target}, paths)
    check_absent("the capture", target, force=force)
    console = errors()
    try:
        with console.status("reading") as status:
            found = import_files(
                paths, target, symbol=symbol, progress=lambda count: status.update(f"{count:,} messages")
            )
    except OSError as error:
        raise ConfigError(f"{target} can't be written: {error.strerror}") from error
    if as_json:
        print_json({"capture": str(target), "found": [msgspec.to_builtins(one) for one in found]})
        return
    table = plain_table("found in", "form", "instruments", "messages", "first, UTC", "last, UTC")
    for one in found:
        kinds = ", ".join(f"{count:,} {kind}{'s' if count > 1 else ''}" for kind, count in one.kinds.items())
        table.add_row(
            escape(one.name),
            one.form,
            escape(_few(one.symbols)),
            kinds or "none",
            *(clock(time_ns).removesuffix(" UTC") if one.messages else "" for time_ns in (one.first_ns, one.last_ns)),
        )
    printed = results()
    printed.print(table)
    for one in found:
        for note in one.notes:
            printed.print(escape(f"{one.name}: {note}"), soft_wrap=True)
    total = sum(one.messages for one in found)
    printed.print(
        escape(f"\n{target}: {total:,} messages. Check its books with `mainspring verify {target}`"), soft_wrap=True
    )


def _few(symbols: list[str]) -> str:
    """The first names, and how many more there are."""
    more = len(symbols) - _MOST_NAMES
    return ", ".join(symbols[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
