"""The report as one HTML page: what is drawn, what is said, and what can't get in."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from importlib.resources import files
from typing import Any
from xml.etree import ElementTree

import pytest

from mainspring.report import SessionReport, to_html

VOID = {"meta", "link", "br"}


class Page(HTMLParser):
    """The elements of a page, with a check that each is closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def named(self, name: str) -> list[dict[str, str | None]]:
        return [attrs for tag, attrs in self.elements if tag == name]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def charts(html: str, name: str, kind: str = "") -> list[ElementTree.Element]:
    """The drawings of a kind for wide or narrow screens, in the order of the page."""
    found = re.findall(rf'<svg class="chart {name} {kind}.*?</svg>', html, re.DOTALL)
    return [ElementTree.fromstring(drawing) for drawing in found]


def of_class(drawing: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [element for element in drawing.iter() if name in element.get("class", "").split()]


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?\d+\.?\d*", text)]


@pytest.mark.parametrize("name", ["wide", "narrow"])
def test_each_stage_has_a_line_a_bar_and_its_budget_a_limit(report: SessionReport, name: str) -> None:
    """Eight stages, seven of them with a budget; each names itself and its figures when pointed at."""
    html = to_html(report)
    (latency,), (budgets,) = charts(html, name, "latency"), charts(html, name, "budgets")
    lines, bars, limits = of_class(latency, "line"), of_class(budgets, "reach"), of_class(budgets, "limit")
    assert len(lines) == len(bars) == len(report.timing.stages) == 8
    assert len(limits) == 7
    assert len({line.get("class") for line in lines}) == 8
    for marks in (lines, bars):
        assert [mark.findtext("title", "").partition(":")[0] for mark in marks][-1] == "whole path"
    assert [bar.get("class") for bar in bars].count("reach quiet") == 1


def test_a_stage_over_its_budget_is_drawn_so(troubled_report: SessionReport) -> None:
    """Its bar has the colour of trouble, reaches beyond the limit, and the legend says what that means."""
    html = to_html(troubled_report)
    (budgets,) = charts(html, "wide", "budgets")
    (bar,) = of_class(budgets, "bad")
    limit = of_class(budgets, "limit")[1]
    assert float(bar.get("x", "")) + float(bar.get("width", "")) > float(limit.get("x1", ""))
    assert "the same, over its budget" in html
    assert "486% of 10 µs" in Page(html).text


def test_latency_lines_rise_and_stand_where_the_axis_says(report: SessionReport) -> None:
    """Higher percentiles are further right, longer latencies higher up, and p99 is on the grid line of 99%."""
    (latency,) = charts(to_html(report), "wide", "latency")
    ticks = {label.text: float(label.get("x", "")) for label in of_class(latency, "tick")}
    grid_y = {label.text: float(label.get("y", "")) - 4 for label in of_class(latency, "tick")}
    for line, stage in zip(of_class(latency, "line"), report.timing.stages, strict=True):
        points = [tuple(map(float, point.split(","))) for point in line.get("points", "").split()]
        assert points == sorted(points, key=lambda point: (point[0], -point[1]))
        y_at_99 = next(y for x, y in points if abs(x - ticks["99%"]) < 0.06)
        per_decade = grid_y["10 µs"] - grid_y["100 µs"]
        tens = (grid_y["10 µs"] - y_at_99) / per_decade
        assert 10_000 * 10**tens == pytest.approx(stage.p99_ns, rel=0.02)


@pytest.mark.parametrize("name", ["wide", "narrow"])
def test_price_chart_marks_every_fill(report: SessionReport, name: str) -> None:
    """Each fill is one mark, told apart by side and role, inside the drawing, with its figures when pointed at."""
    (price,) = charts(to_html(report), name, "price")
    marks = report.instruments[0].fill_samples
    drawn = of_class(price, "fill")
    assert len(drawn) == len(marks) == 214
    for side in ("buy", "sell"):
        for role, maker in (("maker", True), ("taker", False)):
            wanted = sum(mark.side == side and mark.maker is maker for mark in marks)
            assert sum(mark.get("class") == f"fill {side} {role}" for mark in drawn) == wanted > 0
    if name == "wide":
        assert f"at {float(marks[0].price):,.2f}" in drawn[0].findtext("title", "")
    _, _, width, height = numbers(price.get("viewBox", ""))
    for mark in drawn:
        x, y = numbers(mark.get("d", ""))[:2]
        assert 0 < x < width
        assert 0 < y < height


def test_price_line_is_thinned_but_keeps_its_extremes(report: SessionReport) -> None:
    """Of 12,000 mids at most 2,000 points and those of fills are drawn; the line reaches its highest and lowest."""
    (price,) = charts(to_html(report), "wide", "price")
    (line,) = of_class(price, "mid")
    points = [tuple(map(float, point.split(","))) for point in line.get("points", "").split()]
    assert 1000 < len(points) <= 2000 + 2 * 214
    ticks = [
        (float((tick.text or "").replace(",", "")), float(tick.get("y", "")) - 4)
        for tick in of_class(price, "tick")
        if "," in (tick.text or "")
    ]
    (low, low_y), (high, high_y) = ticks[0], ticks[-1]
    prices = [mid.price for mid in report.instruments[0].mids]
    for extreme, y in ((max(prices), min(y for _, y in points)), (min(prices), max(y for _, y in points))):
        assert low + (low_y - y) * (high - low) / (low_y - high_y) == pytest.approx(extreme, abs=0.1)


def test_fills_beyond_counting_are_thinned_and_said_so(report: SessionReport, change: Callable[..., Any]) -> None:
    """More fills than can be told apart are drawn in part, with the number in the legend."""
    one = report.instruments[0]
    html = to_html(change(report, instruments=[change(one, fill_samples=one.fill_samples * 40)]))
    assert len(of_class(charts(html, "wide", "price")[0], "fill")) == 4000
    assert "4,000 of 8,560 fills are drawn" in html


def test_the_page_asks_for_nothing(report: SessionReport, many_report: SessionReport) -> None:
    """No address, no script, no import: the page is whole, and its policy forbids the rest."""
    for one in (report, many_report):
        html = to_html(one)
        page = Page(html)
        assert "http:" not in html
        assert "https:" not in html
        assert "//" not in html
        assert not re.search(r"url\(|@import", html)
        assert not page.named("script")
        for _, attrs in page.elements:
            assert not {"src", "srcset", "xlink:href"} & attrs.keys()
        assert [link["href"] for link in page.named("link")] == ["data:,"]
        policy = next(meta["content"] for meta in page.named("meta") if "http-equiv" in meta)
        assert policy is not None
        assert policy.startswith("default-src 'none'")


def test_hostile_names_stay_text(hostile_report: SessionReport) -> None:
    """Names that try to close the style, open a script or leave an attribute are shown as text and do nothing."""
    html = to_html(hostile_report)
    page = Page(html)
    assert not page.named("script")
    assert len(page.named("style")) == 1
    assert not any(name.startswith("on") for _, attrs in page.elements for name in attrs)
    assert '[red]x</style><script>alert("1")</script>&' in page.text
    assert "\x1b" not in html
    assert "\u202e" not in html
    html.encode("utf-8")
    assert len(charts(html, "wide")) == 7


def test_every_table_can_be_read_by_ear(report: SessionReport) -> None:
    """Headings have a scope, drawings a text in place of them, tables a name and a way to be scrolled by key."""
    page = Page(to_html(report))
    assert page.named("html") == [{"lang": "en"}]
    assert {th["scope"] for th in page.named("th")} == {"col", "row"}
    assert all(svg.get("aria-label") or svg.get("aria-hidden") for svg in page.named("svg"))
    regions = [div for div in page.named("div") if div.get("role") == "region"]
    assert len(regions) == len(page.named("table")) == 13
    assert all(region["aria-label"] and region["tabindex"] == "0" for region in regions)
    assert len(page.named("h1")) == 1


def test_figures_are_the_reports(report: SessionReport, troubled_report: SessionReport) -> None:
    """The figures of the head and of the tables are those of the report, and doubts come before them."""
    text = Page(to_html(report)).text
    for words in (
        "-2.1966 USDT",
        "2 open at the end",
        "41,249",
        "66,200 a second",
        "152 maker, 62 taker",
        "17.7 µs",
        "28,101",
        "+1.93",
    ):
        assert words in text
    assert "Before you trust" not in text
    troubled = Page(to_html(troubled_report)).text
    assert troubled.index("Before you trust the figures") < troubled.index("Latency")
    assert "Over budget: book" in troubled
    assert "486%" in troubled


def test_drift_is_told_with_what_to_do(report: SessionReport, troubled_report: SessionReport) -> None:
    """A row for each stage that has parted, and the advice; where none has, not a word of it."""
    text = Page(to_html(troubled_report)).text
    assert "2 stages have parted from this host's profile; `mainspring tune` measures again." in text
    assert "1 book 1.62x 21.0 µs 16,385 2024-08-08 12:02:17 UTC 40,960" in text
    assert "1 whole path 0.48x 7.80 µs 1 2024-08-08 12:00:04 UTC 32,768" in text
    assert "Drift" not in to_html(report)


def test_a_session_without_anything_is_still_a_page(
    empty_report: SessionReport, report: SessionReport, change: Callable[..., Any]
) -> None:
    """No message, no stage that ran, no mid price, a single fill: each gives a page and no broken drawing."""
    assert "No message came in." in Page(to_html(empty_report)).text
    one = report.instruments[0]
    single = change(one, mids=[], fill_samples=one.fill_samples[:1])
    html = to_html(change(report, instruments=[single]))
    Page(html)
    assert len(of_class(charts(html, "wide", "price")[0], "fill")) == 1
    idle = [change(stage, count=0, percentiles=[]) for stage in report.timing.stages]
    html = to_html(
        change(
            report,
            instruments=[change(one, mids=[], fill_samples=[], order_samples=[])],
            timing=change(report.timing, stages=idle, pace=[], races=[], threads=[]),
        )
    )
    assert charts(html, "wide") == []
    Page(html)


def test_the_page_is_the_same_each_time(report: SessionReport) -> None:
    """The same report gives the same bytes."""
    assert to_html(report) == to_html(report)


def relative_luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    digits = digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)
    channels = [int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_colours_can_be_told_from_the_ground(mode: str) -> None:
    """Text has a contrast of 4.5 at least, lines and marks of 3 (WCAG 2.2, criteria 1.4.3 and 1.4.11)."""
    css = files("mainspring.report.page").joinpath("style.css").read_text(encoding="utf-8")
    light, dark = (
        dict(re.findall(r"--([\w-]+): (#\w+);", block)) for block in re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    )
    colours = light if mode == "light" else dark

    def contrast(one: str, other: str) -> float:
        brighter, darker = sorted((relative_luminance(colours[one]), relative_luminance(colours[other])), reverse=True)
        return (brighter + 0.05) / (darker + 0.05)

    for text in ("ink", "soft", "good", "bad", *[f"s{n}" for n in range(8)]):
        assert contrast(text, "card") >= 4.5, text
    for ground in ("page", "warn-page"):
        assert contrast("ink", ground) >= 4.5
        assert contrast("soft", "page") >= 4.5
    assert contrast("warn", "warn-page") >= 4.5
    for mark in ("mid", "buy", "sell"):
        assert contrast(mark, "card") >= 3, mark
