"""What a study's figures become: a picture of its own, and places in a page."""

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from mainspring.cli.scaling_tables import Table
from mainspring.errors import DataError
from mainspring_tools.scaling_chart import to_svg
from mainspring_tools.scaling_figures import Figure, Series
from mainspring_tools.scaling_page import write_document

HOSTILE = '</style><script>alert(1)</script>&"'
SVG = "{http://www.w3.org/2000/svg}"
FIGURE = Figure(
    name="levels",
    title="A change of one level",
    x_title="levels in the book",
    y_title="one level",
    series=[
        Series("ladder", [(10.0, 50.0), (1_000.0, 60.0), (100_000.0, 100.0)]),
        Series("bisect-list", [(10.0, 80.0), (1_000.0, 170.0), (100_000.0, 1_700.0)]),
    ],
    table=Table(
        title="A change of one level",
        note="on a note",
        head=["book", "10 levels"],
        rows=[["ladder", "50 ns"], ["bisect|list", "80 ns"]],
    ),
)
PAGE = """# Page
words before
<!-- machine: written by `python -m mainspring_tools.scaling_page docs` -->
an old machine
<!-- end of machine -->
<!-- levels: written by `python -m mainspring_tools.scaling_page docs` -->
<!-- end of levels -->
<!-- rate: written by `python -m mainspring_tools.scaling_page docs` -->
as it was
<!-- end of rate -->
words after
"""


def replaced(figure: Figure, **changes: Any) -> Figure:
    import msgspec

    return msgspec.structs.replace(figure, **changes)


def test_points_stand_where_both_axes_say() -> None:
    """Read by the axes' labels, each vertex of a line is at its data, and each has a mark."""
    root = ElementTree.fromstring(to_svg(FIGURE))
    ticks = [one for one in root.iter(f"{SVG}text") if one.get("class") == "tick"]
    below = [one for one in ticks if one.get("text-anchor") == "middle"]
    beside = [one for one in ticks if (one.text or "").endswith(" ns")]
    across = {float((one.text or "").replace(",", "")): float(one.get("x", "")) for one in below}
    up = {float((one.text or "").split()[0]): float(one.get("y", "")) - 4 for one in beside}
    per_tenfold = (across[100_000.0] - across[10.0]) / 4
    for line, series in zip(root.iter(f"{SVG}polyline"), FIGURE.series, strict=True):
        points = [tuple(map(float, point.split(","))) for point in line.get("points", "").split()]
        assert [round((x - across[10.0]) / per_tenfold, 2) for x, _ in points] == [0.0, 2.0, 4.0]
        (low, low_y), (high, high_y) = min(up.items()), max(up.items())
        for (_, y), (_, value) in zip(points, series.points, strict=True):
            tenfolds = (low_y - y) / (low_y - high_y)
            assert low * (high / low) ** tenfolds == pytest.approx(value, rel=0.01)
    marks = [one for one in root.iter(f"{SVG}path") if (one.get("class") or "").startswith("mark")]
    assert len(marks) == 6 + 2, "of the points and of the key"


def test_the_picture_says_itself_in_words_and_nothing_gets_in() -> None:
    """A title, a description with the figures, no script and no address but its own namespace."""
    svg = to_svg(replaced(FIGURE, title=HOSTILE, series=[Series(HOSTILE, [(1.0, 2.0)])]))
    root = ElementTree.fromstring(svg)
    assert root.findtext(f"{SVG}title") == HOSTILE
    assert "2 ns at 1" in root.findtext(f"{SVG}desc", "")
    assert "<script" not in svg
    assert re.findall(r"https?://[^\"]+", svg) == ["http://www.w3.org/2000/svg"]


def test_a_figure_without_points_is_refused() -> None:
    """There is nothing to draw, and no axis either."""
    with pytest.raises(ValueError, match="no point"):
        to_svg(replaced(FIGURE, series=[Series("ladder", [])]))


def test_places_are_filled_and_all_else_is_left(tmp_path: Path) -> None:
    """The table, the picture and the machine come into their places; other studies' and the words around stay."""
    (tmp_path / "scaling.md").write_text(PAGE, encoding="utf-8")
    for _ in range(2):
        written = write_document(tmp_path, {"levels": [FIGURE]}, "a machine")
        page = (tmp_path / "scaling.md").read_text(encoding="utf-8")
        assert written == [tmp_path / "scaling.md", tmp_path / "scaling" / "levels.svg"]
        assert page.startswith("# Page\nwords before\n")
        assert page.endswith("as it was\n<!-- end of rate -->\nwords after\n")
        assert "| ladder | 50 ns |\n| bisect\\|list | 80 ns |" in page
        assert "![A change of one level](scaling/levels.svg)" in page
        assert "a machine" in page
        assert "an old machine" not in page
    assert (tmp_path / "scaling" / "levels.svg").read_text(encoding="utf-8") == to_svg(FIGURE)


def test_a_page_without_the_place_is_left_alone(tmp_path: Path) -> None:
    """No page, or none for this study: an error that says so, and nothing is written."""
    with pytest.raises(DataError, match=r"scaling\.md"):
        write_document(tmp_path, {"levels": [FIGURE]}, "")
    (tmp_path / "scaling.md").write_text("# Page\n", encoding="utf-8")
    with pytest.raises(DataError, match="no place for levels"):
        write_document(tmp_path, {"levels": [FIGURE]}, "")
    assert [one.name for one in tmp_path.iterdir()] == ["scaling.md"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_draws_it_in_the_readers_scheme(browser: Any, tmp_path: Path, scheme: str) -> None:
    """As an image in a page, where no style of ours reaches: nothing leaves it, and no text covers another."""
    names = [f"a book of some name {number}" for number in range(7)]
    many = replaced(FIGURE, series=[Series(name, [(1.0, 5.0), (9.0, 7.0)]) for name in names])
    (tmp_path / "one.svg").write_text(to_svg(many), encoding="utf-8")
    page = browser.new_page(viewport={"width": 760, "height": 480}, color_scheme=scheme)
    try:
        page.goto((tmp_path / "one.svg").as_uri())
        ground = page.evaluate("getComputedStyle(document.querySelector('.ground')).fill")
        assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
        boxes = [one.bounding_box() for one in page.locator("text").all()]
        for place, one in enumerate(boxes):
            assert one["x"] >= 0
            assert one["x"] + one["width"] <= 760
            assert 0 <= one["y"] <= one["y"] + one["height"] <= 480
            for other in boxes[place + 1 :]:
                across = min(one["x"] + one["width"], other["x"] + other["width"]) - max(one["x"], other["x"])
                down = min(one["y"] + one["height"], other["y"] + other["height"]) - max(one["y"], other["y"])
                assert not (across > 1 and down > 1)
    finally:
        page.close()
