"""`bench`: runs the pyperf suites that come with the package, and shows and compares the results."""

import platform
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from hwprofile.children import own_python
from mainspring.cli.bench_tables import render, render_comparison
from mainspring.cli.command import make_app
from mainspring.cli.default_command import RunByDefault
from mainspring.cli.output import EXIT_CODES, FAILED, errors, print_json, results, write_file
from mainspring.cli.peers import run_peers
from mainspring.data import check_outputs
from mainspring.errors import MainspringError
from mainspring.report.page import bench_page
from mainspring.session import host_facts
from mainspring_perf.candidates import allow_only
from mainspring_perf.host import code, host_profile
from mainspring_perf.run import Timed, list_suites, run_suites, run_tiny
from mainspring_perf.store import Baseline, check_name, load_baseline, save_run
from mainspring_perf.suites import choose_suites
from mainspring_perf.versus import Comparison, beside_each_other, from_saved, why_not_run_again

__all__ = ["bench_app", "effort_of", "progress_bar"]

_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")
# Rounds can take minutes; the estimate of the time left comes from those this long.
_HOUR_S = 3600.0


bench_app = make_app(
    cls=RunByDefault,
    name="bench",
    help="Time the parts on this host. `mainspring bench [SUITE...]` runs suites: see `bench run --help`.",
    epilog=EXIT_CODES,
)


@bench_app.command("run")
def run(
    suites: Annotated[list[str] | None, typer.Argument(help="The suites to run; all of them if none is named.")] = None,
    *,
    list_only: Annotated[bool, typer.Option("--list", help="List the suites and exit.")] = False,
    fast: Annotated[bool, typer.Option("--fast", help="Fewer rounds: faster but less precise.")] = False,
    rigorous: Annotated[bool, typer.Option("--rigorous", help="More rounds: slower but more precise.")] = False,
    tiny: Annotated[
        bool, typer.Option("--tiny", help="Check every answer on a small input, once; its times mean little.")
    ] = False,
    only: Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="Only benchmarks whose name contains this. Repeatable.")
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option(metavar="DISTRIBUTION", help="Only plugins of this distribution. Repeatable; default: all."),
    ] = None,
    rate: Annotated[
        float | None, typer.Option(metavar="N", help="Schedule single operations at N per second and report late ones.")
    ] = None,
    save: Annotated[str | None, typer.Option(metavar="NAME", help="Save the results under this name.")] = None,
    against: Annotated[
        str | None, typer.Option(metavar="NAME", help="Compare with the results saved under this name.")
    ] = None,
    fail_over: Annotated[
        str | None,
        typer.Option(metavar="PERCENT", help="With --against: exit code 1 if slower by more than this, such as 5%."),
    ] = None,
    across_hosts: Annotated[
        bool, typer.Option("--across-hosts", help="With --against: allow results from another host.")
    ] = False,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write the rows as one HTML page.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead.")] = False,
) -> None:
    """Run suites (the default: `bench book` is `bench run book`). Every answer is checked before it is timed."""
    if list_only:
        for name, summary in (*list_suites(), ("peers", "Compare with other libraries on the same work.")):
            typer.echo(f"{name:10} {summary}")
        return
    asked = _Asked(
        effort="tiny" if tiny else effort_of(fast=fast, rigorous=rigorous),
        limit=_limit(fail_over),
        only=tuple(only or ()),
        allow=tuple(allow or ()),
        rate=rate,
        rows=save is not None or html is not None,
    )
    if tiny and (fast or rigorous or against or save or rate):
        raise MainspringError("--tiny only checks answers: leave out --fast, --rigorous, --rate, --save and --against")
    if against is None and (asked.limit is not None or across_hosts):
        raise MainspringError("--fail-over and --across-hosts need --against NAME")
    if rate is not None and not rate > 0:
        raise MainspringError(f"--rate is operations a second and above 0, not {rate:g}")
    if save is not None:
        check_name(save)
    if html is not None:
        # Now, since a failure after minutes of timing would lose the results.
        check_outputs({"--html": html}, [] if against is None else [Path(against)])
    allow_only(asked.allow)
    baseline = None if against is None else _baseline(against, across_hosts=across_hosts)
    timed, comparison = _measure(suites or (), asked, baseline)
    if save is not None and timed is not None:
        _save(save, timed)
    if html is not None and timed is not None:
        write_file(html, bench_page(timed.rows, host_facts()).encode())
    _show(timed, comparison, as_json=as_json)
    if comparison is not None and comparison.failed:
        raise typer.Exit(FAILED)


@bench_app.command("peers")
def peers(
    *,
    fast: Annotated[bool, typer.Option("--fast", help="Fewer rounds: faster but less precise.")] = False,
    only: Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="Only works whose name contains this. Repeatable.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead.")] = False,
) -> None:
    """Run the same work through other libraries, side by side, in the same run."""
    run_peers(fast=fast, only=only or (), as_json=as_json)


class _Asked(msgspec.Struct, frozen=True, kw_only=True):
    """How to measure. `limit` is the fraction by which a benchmark may be slower; `rows` always asks for rows."""

    effort: str
    limit: float | None
    only: tuple[str, ...]
    allow: tuple[str, ...]
    rate: float | None
    rows: bool


def _measure(suites: Sequence[str], asked: _Asked, baseline: Baseline | None) -> tuple[Timed | None, Comparison | None]:
    """Returns the rows if they are asked for or needed, and the comparison if there is a baseline."""
    chosen = choose_suites(suites)
    if baseline is None:
        with progress_bar(chosen) as progress:
            return _timed(chosen, asked, progress), None
    if not suites:
        chosen = [name for name in chosen if name in {suite for suite, _ in baseline.benchmarks}]
    why_not = _why_not_run_again(baseline)
    timed = None
    with progress_bar(chosen) as progress:
        if asked.rows or why_not is not None:
            timed = _timed(chosen, asked, progress)
        if why_not is None:
            return timed, beside_each_other(
                baseline,
                chosen,
                effort=asked.effort,
                only=asked.only,
                allow=asked.allow,
                fail_over=asked.limit,
                progress=progress,
            )
    assert timed is not None
    return timed, from_saved(baseline, timed.rows, timed.benchmarks, why=why_not, fail_over=asked.limit)


def _timed(suites: Sequence[str], asked: _Asked, progress: Callable[[str, int, int], None]) -> Timed:
    if asked.effort == "tiny":
        return run_tiny(suites, asked.only)
    return run_suites(suites, effort=asked.effort, only=asked.only, rate=asked.rate, progress=progress)


def effort_of(*, fast: bool, rigorous: bool) -> str:
    """Returns the number of rounds as a name. Raises `MainspringError` if both `fast` and `rigorous` are set."""
    if fast and rigorous:
        raise MainspringError("--fast and --rigorous exclude each other: use one of them")
    return "fast" if fast else "rigorous" if rigorous else "normal"


def _limit(text: str | None) -> float | None:
    if text is None:
        return None
    found = _PERCENT.fullmatch(text.strip())
    if found is None:
        raise MainspringError(f"--fail-over takes a percentage such as 5%, not {text!r}")
    return float(found[1]) / 100


def _baseline(name: str, *, across_hosts: bool) -> Baseline:
    """Returns the baseline. Raises `MainspringError` if it is from another host, unless `across_hosts` allows that."""
    baseline, here = load_baseline(name), host_profile()
    if baseline.host.fingerprint != here.fingerprint and not across_hosts:
        raise MainspringError(
            f"the baseline {name!r} is from another host ({baseline.host.cpu.model_name}, {baseline.host.fingerprint}; "
            f"this is {here.cpu.model_name}, {here.fingerprint}), so a difference says nothing about the code. "
            "Save one here, or allow it with --across-hosts."
        )
    return baseline


def _why_not_run_again(baseline: Baseline) -> str | None:
    if baseline.host.fingerprint != host_profile().fingerprint:
        return "it is from another host, so the difference may come from the hosts alone"
    return why_not_run_again(baseline)


def _save(name: str, timed: Timed) -> None:
    about = {
        "saved": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": own_python(),
        "python_version": platform.python_version(),
    }
    path = save_run(name, timed.benchmarks, host=host_profile(), code=code(), about=about)
    errors().print(f"saved: {path}", soft_wrap=True)


def _show(timed: Timed | None, comparison: Comparison | None, *, as_json: bool) -> None:
    if as_json:
        rows = None if timed is None else timed.rows
        if comparison is None:
            print_json(rows)
        else:
            print_json({"rows": rows, "comparison": msgspec.to_builtins(comparison)})
        return
    if timed is not None:
        render(timed, results())
    if comparison is not None:
        render_comparison(comparison, results())


@contextmanager
def progress_bar(suites: Sequence[str]) -> Iterator[Any]:
    """Shows a progress bar of the current suite's rounds on standard error, with elapsed and remaining time.

    Yields the function to call for each round. `suites` are those that will run.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
    )
    console = errors()
    with Progress(
        *columns,
        console=console,
        transient=True,
        disable=not console.is_terminal,
        speed_estimate_period=_HOUR_S,
    ) as bar:
        task = bar.add_task("starting", total=None)

        def reported(suite: str, number: int, of: int) -> None:
            if number == 1:
                # Rounds of another suite take a different time.
                bar.reset(task)
            place = f" ({suites.index(suite) + 1} of {len(suites)})" if len(suites) > 1 else ""
            bar.update(task, description=f"{suite}{place}", completed=number - 1, total=of)

        yield reported
