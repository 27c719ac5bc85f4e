"""Writes what was measured into a page of the documentation: pictures beside it, tables in its marked places."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from mainspring.errors import DataError
from mainspring_perf.marked import put_between
from mainspring_perf.scaling.chart import to_svg
from mainspring_perf.scaling.values import Figure

__all__ = ["write_document"]

_COMMAND = "mainspring scaling --write docs"


def write_document(folder: Path, figures: Mapping[str, Sequence[Figure]], machine: str) -> list[Path]:
    """Writes `scaling.md` of that folder and a picture of each figure into `scaling/`; returns the files, in order.

    `figures` are by study; a study's place in the page is between two comments that name it. What stands outside these
    is left alone, as are the places of studies that weren't run. Raises `DataError` where the page, or a place, isn't
    there: nothing is written then.
    """
    page = folder / "scaling.md"
    try:
        text = page.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(f"{page}: {error.strerror}; --write takes the folder that holds scaling.md") from error
    pictures = folder / "scaling"
    drawn = {pictures / f"{one.name}.svg": to_svg(one) for of in figures.values() for one in of if _has_points(one)}
    for study, of in figures.items():
        text = put_between(text, page, study, "\n".join(_block(one) for one in of), command=_COMMAND)
    text = put_between(text, page, "machine", f"\n{machine}\n\n", command=_COMMAND)
    pictures.mkdir(exist_ok=True)
    for path, svg in drawn.items():
        path.write_text(svg, encoding="utf-8")
    page.write_text(text, encoding="utf-8")
    return [page, *drawn]


def _has_points(figure: Figure) -> bool:
    return any(series.points for series in figure.series)


def _block(figure: Figure) -> str:
    lines = [""]
    if _has_points(figure):
        lines += [f"![{figure.title}](scaling/{figure.name}.svg)", ""]
    if figure.rows:
        lines += [_row(figure.head), _row(["---", *["---:"] * (len(figure.head) - 1)]), *map(_row, figure.rows), ""]
        lines += [figure.note, ""]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
