"""Writes what was measured into a page of the documentation: pictures beside it, tables in its marked places."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from mainspring import __version__
from mainspring.errors import DataError
from mainspring.session import host_facts
from mainspring_perf.scaling.chart import to_svg
from mainspring_perf.scaling.values import Figure

__all__ = ["machine_words", "write_document"]

_PLACE = r"(<!-- {name}: written by `{command}` -->\n)(.*?)(<!-- end of {name} -->)"
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
        text = _put(text, page, study, "\n".join(_block(one) for one in of))
    text = _put(text, page, "machine", f"\n{machine}\n\n")
    pictures.mkdir(exist_ok=True)
    for path, svg in drawn.items():
        path.write_text(svg, encoding="utf-8")
    page.write_text(text, encoding="utf-8")
    return [page, *drawn]


def machine_words() -> str:
    """The machine, the versions and the day, in a sentence."""
    known = ", ".join(f"{name} {value}" for name, value in host_facts().items())
    return f"Measured on {datetime.now(tz=UTC):%Y-%m-%d}: Mainspring {__version__}; {known}."


def _has_points(figure: Figure) -> bool:
    return any(series.points for series in figure.series)


def _put(text: str, page: Path, name: str, block: str) -> str:
    place = re.compile(_PLACE.format(name=re.escape(name), command=re.escape(_COMMAND)), re.DOTALL)
    if not place.search(text):
        raise DataError(
            f"{page}: there is no place for {name}, which begins with <!-- {name}: written by `{_COMMAND}` -->"
        )
    return place.sub(lambda found: f"{found[1]}{block}{found[3]}", text, count=1)


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
