"""`plugins list`, `plugins check` and `plugins new`."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.markup import escape

from mainspring.cli.command import make_app
from mainspring.cli.output import FAILED, plain_table, print_json, print_warnings, results
from mainspring.errors import DataError, PluginError
from mainspring.host.drafting import draft_from_capture
from mainspring.host.native_part import why_not_native
from mainspring.host.offers import Offer, why_unusable
from mainspring.host.registry import OURS, Registry
from mainspring.host.scaffold import new_plugin
from mainspring.seams import SEAMS
from mainspring.session import read_capture_with
from mainspring.testing import check_offer

__all__ = ["plugins_app"]

plugins_app = make_app(name="plugins", help="List, check and create plugins.", no_args_is_help=True)

AllowOption = Annotated[
    list[str] | None,
    typer.Option("--allow", metavar="DIST", help="Also load this distribution.", show_default=False),
]


@plugins_app.command("list")
def list_plugins(
    allow: AllowOption = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead.")] = False,
) -> None:
    """List every plugin: seam, name, distribution, and whether it can run here."""
    registry = Registry.load((*OURS, *(allow or ())))
    print_warnings(registry.warnings)
    best = {seam: _best(registry, seam) for seam in SEAMS}
    without = why_not_native(registry)
    rows: list[dict[str, Any]] = [
        {
            "seam": seam,
            "name": offer.name,
            "distribution": offer.distribution,
            "version": offer.version,
            "rank": offer.rank,
            "default": offer.name in best[seam],
            "unusable": why_unusable(offer.needs),
            "capabilities": dict(offer.capabilities),
            "build": offer.build,
            "proves": list(getattr(offer.factory, "proves", ())),
            "summary": offer.summary,
        }
        for seam in SEAMS
        for offer in registry.offers(seam).values()
    ]
    blocked = [
        {"distribution": one.distribution, "version": one.version, "modules": list(one.modules)}
        for one in registry.blocked
    ]
    if as_json:
        print_json({"plugins": rows, "not_allowed": blocked, "native": without})
        return
    console = results()
    table = plain_table("seam", "name", "from", "here", "description")
    for row in rows:
        here = row["unusable"] or ("default" if row["default"] else "usable")
        distribution = f"{row['distribution']} {row['version']}"
        said = row["summary"] + _evidence(row)
        table.add_row(*(escape(text) for text in (row["seam"], row["name"], distribution, here, said)))
    console.print(table)
    for distribution, build in sorted({(f"{row['distribution']} {row['version']}", row["build"]) for row in rows}):
        if build:
            console.print(f"\n{escape(distribution)} was built as {escape(build)}")
    if without is not None:
        console.print(f"\n{escape(without)}.", soft_wrap=True)
    for one in blocked:
        text = f"{one['distribution']} {one['version']} has plugins and isn't allowed: nothing of it was imported. "
        console.print(f"\n{escape(text)}Add it to \\[plugins] allow to load it.")


def _evidence(row: dict[str, Any]) -> str:
    """Says what proves a feed's books, and which recordings it was tested on."""
    proves, recordings = ", ".join(row["proves"]), row["capabilities"].get("recordings", "")
    said = [f"proved by {proves}"] * bool(proves) + [f"tested on recordings: {recordings}"] * bool(recordings)
    return f" ({'; '.join(said)})" if said else ""


def _best(registry: Registry, seam: str) -> set[str]:
    """The plugins that fill a seam's slots unasked: one, or for codecs one a format."""
    usable = [offer for offer in registry.ranked(seam) if not why_unusable(offer.needs)]
    key = SEAMS[seam].ranked_by
    return {offer.name for offer in {offer.capabilities.get(key): offer for offer in reversed(usable)}.values()}


@plugins_app.command("check")
def check(
    distribution: Annotated[str, typer.Argument(help="The distribution whose plugins to check.")],
    *,
    capture: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="Read this capture with the feeds. Repeatable.", show_default=False),
    ] = None,
    only: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only the plugins of this name.", show_default=False)
    ] = None,
    seed: Annotated[int, typer.Option(help="The seed for the checks' input.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead.")] = False,
) -> None:
    """Run the conformance kit on every plugin of a distribution, and print one verdict per line.

    With a capture, feeds read it: what they read, refused and ignored is said, and what was proved. Exits with 1 if a
    rule is broken, or a feed reads nothing of the capture.
    """
    registry = Registry.load((*OURS, distribution))
    print_warnings(registry.warnings)
    offers = [
        offer
        for seam in SEAMS
        for offer in registry.offers(seam).values()
        if offer.distribution.lower().replace("_", "-") == distribution.lower().replace("_", "-")
        and only in (None, offer.name)
        and (not capture or offer.seam == "feed")
    ]
    if not offers:
        what = "no feed" if capture else "no plugin"
        named = "" if only is None else f" named {only!r}"
        raise PluginError(
            distribution,
            f"{what}{named} of a distribution named {distribution!r} is installed; `mainspring plugins list` "
            "shows those that are",
        )
    verdicts: list[dict[str, Any]] = []
    console = results()
    for offer in offers:
        reason = why_unusable(offer.needs)
        if reason is not None:
            verdict: dict[str, Any] = {
                "seam": offer.seam,
                "name": offer.name,
                "ok": None,
                "detail": f"not usable here: {reason}",
            }
        elif capture:
            verdict = _read(offer, registry, capture, seed)
        else:
            outcome = check_offer(
                offer.seam, offer.name, offer.factory, options=offer.options, capabilities=offer.capabilities, seed=seed
            )
            detail = (
                outcome.detail if outcome.ok is not False else f"{outcome.rule}: {outcome.detail} (seed {outcome.seed})"
            )
            verdict = {"seam": offer.seam, "name": offer.name, "ok": outcome.ok, "detail": detail}
        verdicts.append(verdict)
        if not as_json:
            word = {True: "[green]ok[/]    ", False: "[red]FAILED[/]", None: "[yellow]skip[/]  "}[verdict["ok"]]
            line = f"{verdict['seam']:9} {verdict['name']:20} {verdict['detail']}".rstrip()
            console.print(f"{word} {escape(line)}", soft_wrap=True)
    if as_json:
        print_json(verdicts)
    if any(verdict["ok"] is False for verdict in verdicts):
        raise typer.Exit(FAILED)


def _read(offer: Offer, registry: Registry, capture: list[str], seed: int) -> dict[str, Any]:
    """The verdict on a feed that reads a capture."""
    try:
        reading = read_capture_with(offer, registry, capture, seed=seed)
    except DataError as error:
        return {"seam": offer.seam, "name": offer.name, "ok": False, "detail": f"reads nothing of it: {error}"}
    detail = f"{reading.broken}; {reading.describe()}" if reading.broken else reading.describe()
    plain = msgspec.to_builtins(reading)
    return {"seam": offer.seam, "name": offer.name, "ok": not reading.broken, "detail": detail, "reading": plain}


@plugins_app.command("new")
def new(
    name: Annotated[str, typer.Argument(help="The new distribution's name.")],
    *,
    seam: Annotated[str, typer.Option(help=f"One of: {', '.join(SEAMS)}.")],
    folder: Annotated[Path, typer.Option(help="The folder in which to create the project.")] = Path(),
    from_capture: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draft the feed from these recorded messages.", show_default=False),
    ] = None,
) -> None:
    """Write an installable project with a working plugin and a test for it.

    With `--seam feed --from-capture FILE`, the declaration is drafted from recorded messages: what was proved on them
    is said, and what couldn't be decided stands in the module as questions.
    """
    console = results()
    if from_capture is None:
        files = new_plugin(name, seam, folder)
    elif seam != "feed":
        raise PluginError(name, f"only a feed can be drafted from a capture, not a {seam}")
    else:
        draft, drafted = draft_from_capture(from_capture)
        files = new_plugin(name, seam, folder, drafted)
        for title, lines in (("proved", draft.proofs), ("question", draft.questions)):
            for line in lines:
                console.print(f"{title}: {escape(line)}", soft_wrap=True)
    for file in files:
        console.print(escape(str(file)), soft_wrap=True)
