"""The page of benchmark rows: what is drawn, and what can't get in."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mainspring.report.page import bench_page

HOSTILE = '</style><script>alert("1")</script>&\x1b[31m\u202e'


def row(suite: str, name: str, one_ns: float, **more: Any) -> dict[str, Any]:
    return {
        "suite": suite,
        "benchmark": name,
        "one_ns": one_ns,
        "spread": 0.04,
        "ratio": None,
        "baseline": None,
        "ratio_at_least": None,
        "target_us": None,
        "met": None,
        "input": "2,000 deltas of 36 levels each",
        **more,
    }


FACTS = {"cpu": "a CPU"}
BASELINE = {"baseline": "sorted-dict: best prices"}
ROWS = [
    row("book", "sorted-dict: best prices", 600.0, target_us=1.0, met=True),
    row("book", "ladder: best prices", 100.0, ratio=6.0, ratio_at_least=2.0, met=True, **BASELINE),
    row("book", "bisect-list: best prices", 900.0, ratio=0.67, ratio_at_least=1.0, met=False, **BASELINE),
    row("lane", "lane, reference session", 18_700.0, p99_ns=91_000, max_ns=2_000_000),
    row("lane", "lane, watching", 120.0),
]


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """Opens a page at a width, and gives it and what it asked the network for."""
    pages = []

    def open_page(html: str, width: int) -> tuple[Any, list[str]]:
        page = browser.new_page(viewport={"width": width, "height": 3000})
        pages.append(page)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url.partition(":")[0]))
        (tmp_path / "page.html").write_text(html, encoding="utf-8")
        page.goto((tmp_path / "page.html").as_uri())
        return page, asked

    yield open_page
    for page in pages:
        page.close()


def test_each_figure_is_there_and_what_was_missed_is_said_first() -> None:
    """The counts of the head, the tails of those that have them, and who missed an aim."""
    html = bench_page(ROWS, FACTS)
    text = re.sub(r"<[^>]+>", " ", html)
    for words in ("2 of 3", "missed: book: bisect-list: best prices", "6.00x", "91.0 µs", "2.00 ms", "53,476", "±4.0%"):
        assert words in text
    assert html.count("<h2>") == 2
    assert "p99.9" not in text


def test_hostile_names_stay_text() -> None:
    """A stranger's plugin or its input's description can't leave its place."""
    rows = [row(HOSTILE, HOSTILE, 5.0, input=HOSTILE), row(HOSTILE, "b", 9.0, baseline=HOSTILE, ratio=0.5)]
    html = bench_page(rows, {HOSTILE: HOSTILE})
    assert "<script" not in html
    assert html.count("</style>") == 1
    assert "\x1b" not in html
    assert "\u202e" not in html


def test_no_rows_are_a_page_too() -> None:
    """A run of no suites gives a page that says so."""
    assert "in 0 suites" in bench_page([], FACTS)


@pytest.mark.parametrize("width", [1160, 390])
def test_bars_are_as_long_as_their_times(opened: Any, width: int) -> None:
    """On the screen, bars start at one line and are as long as the times say, the fastest on top."""
    page, asked = opened(bench_page(ROWS, FACTS), width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert asked == ["file"]
    bars = page.locator("svg.chart:visible").first.locator("rect.timed, rect.missed")
    boxes = [bars.nth(index).bounding_box() for index in range(bars.count())]
    assert len({round(box["x"], 1) for box in boxes}) == 1
    assert [box["width"] / boxes[0]["width"] for box in boxes] == pytest.approx([1.0, 6.0, 9.0], rel=0.01)
    assert [box["y"] for box in boxes] == sorted(box["y"] for box in boxes)
    assert bars.nth(2).get_attribute("class") == "missed"
    boxes = [one.bounding_box() for one in page.locator("svg.chart:visible").first.locator("text").all()]
    for place, one in enumerate(boxes):
        for other in boxes[place + 1 :]:
            assert not (overlap(one, other, "x", "width") > 1 and overlap(one, other, "y", "height") > 1)


def overlap(one: dict[str, float], other: dict[str, float], start: str, size: str) -> float:
    return min(one[start] + one[size], other[start] + other[size]) - max(one[start], other[start])


def test_times_far_apart_get_a_logarithmic_axis(opened: Any) -> None:
    """A lane of 18.7 µs and one of 120 ns can't both be bars: both are marks, as far apart as the tenfolds between."""
    page, _ = opened(bench_page(ROWS, FACTS), 1160)
    marks = page.locator("svg.chart:visible").nth(1).locator("circle.timed")
    assert marks.count() == 2
    assert marks.nth(1).bounding_box()["x"] > marks.nth(0).bounding_box()["x"] + 400
