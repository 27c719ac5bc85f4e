"""`python -m mainspring_tools.scaling_page docs`: runs the studies and writes their results into a page."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from mainspring.data import write_atomically
from mainspring.errors import DataError
from mainspring_perf.scaling.run import run_studies
from mainspring_tools.marked import describe_machine, put_between
from mainspring_tools.scaling_chart import to_svg
from mainspring_tools.scaling_figures import Figure, figures_of

__all__ = ["main", "write_document"]

_COMMAND = "python -m mainspring_tools.scaling_page docs"


def write_document(folder: Path, figures: Mapping[str, Sequence[Figure]], machine: str) -> list[Path]:
    """Writes `scaling.md` of that folder and a picture of each figure into `scaling/`; returns the files, in order.

    `figures` are by study; a study's place in the page is between two comments that name it. What stands outside these
    is left alone, as are the places of studies that weren't run. Raises `DataError` if the page, or a place, isn't
    there: nothing is written then.
    """
    page = folder / "scaling.md"
    try:
        text = page.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(f"{page}: {error.strerror}; name the folder that holds scaling.md") from error
    pictures = folder / "scaling"
    drawn = {pictures / f"{one.name}.svg": to_svg(one) for of in figures.values() for one in of if _has_points(one)}
    for study, of in figures.items():
        text = put_between(text, page, study, "\n".join(_block(one) for one in of), command=_COMMAND)
    text = put_between(text, page, "machine", f"\n{machine}\n\n", command=_COMMAND)
    pictures.mkdir(exist_ok=True)
    for path, svg in drawn.items():
        write_atomically(path, svg.encode())
    write_atomically(page, text.encode())
    return [page, *drawn]


def _has_points(figure: Figure) -> bool:
    return any(series.points for series in figure.series)


def _block(figure: Figure) -> str:
    lines = [""]
    if _has_points(figure):
        lines += [f"![{figure.title}](scaling/{figure.name}.svg)", ""]
    if (table := figure.table) is not None:
        lines += [_row(table.head), _row(["---", *["---:"] * (len(table.head) - 1)]), *map(_row, table.rows), ""]
        lines += [table.note, ""]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs studies, and writes what they found into `scaling.md` of a folder."""
    parser = argparse.ArgumentParser(prog="python -m mainspring_tools.scaling_page", description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder that holds scaling.md")
    parser.add_argument("studies", nargs="*", help="the studies to run; all of them if none is named")
    parser.add_argument("--tiny", action="store_true", help="seconds instead of minutes; the figures mean little")
    asked = parser.parse_args(arguments)
    found = run_studies(
        asked.studies,
        tiny=asked.tiny,
        progress=lambda study, number, of: print(f"{study}: case {number} of {of}", file=sys.stderr),
    )
    figures = {name: figures_of(name, results) for name, results in found.items()}
    for path in write_document(asked.folder, figures, describe_machine()):
        print(f"{path} is written")


if __name__ == "__main__":
    main()
