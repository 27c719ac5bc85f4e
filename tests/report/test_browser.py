"""The pages as a browser draws them, where Chromium and Playwright are installed."""

import math
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from mainspring.report import SessionReport, to_html

WIDTHS = {"desktop": 1160, "phone": 390}

# What is laid out: of every drawing shown its box, its texts and its marks; and what leaves the page's width.
LAYOUT = """() => {
  const box = one => { const b = one.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom]; };
  const shown = [...document.querySelectorAll("svg.chart")].filter(svg => svg.getBoundingClientRect().width > 0);
  return {
    width: innerWidth,
    scrollWidth: document.documentElement.scrollWidth,
    charts: shown.map(svg => ({
      kind: svg.getAttribute("class"),
      box: box(svg),
      texts: [...svg.querySelectorAll("text")].map(text => ({
        words: text.textContent, class: text.getAttribute("class"), box: box(text),
        size: parseFloat(getComputedStyle(text).fontSize) * svg.getBoundingClientRect().width
          / svg.viewBox.baseVal.width,
      })),
      marks: [...svg.querySelectorAll("polyline, path, circle, rect, line")].map(
        mark => ({class: mark.getAttribute("class"), box: box(mark)})),
    })),
    cut: [...document.querySelectorAll("h1, h2, p, .card, section, ul, figure, details")].filter(
      one => one.getBoundingClientRect().right > innerWidth + 1).length,
  };
}"""

# Every text on the page with the colour of its letters and that of the ground below it.
COLOURS = """() => {
  const ground = one => {
    for (let at = one; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (!/, 0\\)$|transparent/.test(colour)) return colour;
    }
    return "none";
  };
  const found = {};
  for (const one of document.querySelectorAll("body *")) {
    if (!one.getClientRects().length) continue;
    if (![...one.childNodes].some(node => node.nodeType === 3 && node.textContent.trim())) continue;
    if (one.tagName === "title") continue;
    const style = getComputedStyle(one), inDrawing = one instanceof SVGElement;
    const pair = (inDrawing ? style.fill : style.color) + "|" + ground(one);
    found[pair] = one.textContent.trim().slice(0, 40);
  }
  return found;
}"""

# The screen coordinates of a line's points.
POINTS = """line => [...line.points].map(point => {
  const on = point.matrixTransform(line.getScreenCTM());
  return [on.x, on.y];
})"""

# The classes of what a person would hit at a point of the screen, from the top down.
HIT = "([x, y]) => document.elementsFromPoint(x, y).map(one => one.getAttribute('class') || one.tagName)"


class View:
    """A page in the browser, at one width and in one scheme of colours, with all that it asked the network for."""

    def __init__(self, page: Any, html: str, folder: Path, width: int, scheme: str) -> None:
        self.page = page
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.emulate_media(color_scheme=scheme)
        self.asked: list[str] = []
        self.page.on("request", self._note)
        file = folder / "page.html"
        file.write_text(html, encoding="utf-8")
        self.page.goto(file.as_uri())
        # As high as the page, so that every place of it can be hit.
        height = self.page.evaluate("document.documentElement.scrollHeight")
        self.page.set_viewport_size({"width": width, "height": height})

    def _note(self, request: Any) -> None:
        self.asked.append(request.url)

    def close(self) -> None:
        """Leaves the page empty for the next test."""
        self.page.remove_listener("request", self._note)
        self.page.goto("about:blank")

    def layout(self) -> dict[str, Any]:
        return dict(self.page.evaluate(LAYOUT))

    def lines(self, kind: str, colour: str) -> list[tuple[float, float]]:
        """The screen coordinates of the line of that class in the drawing of that kind that is shown."""
        line = self.page.locator(f"svg.chart.{kind} .{colour}:visible").first
        return [tuple(point) for point in line.evaluate(POINTS)]

    def hit(self, x: float, y: float) -> list[str]:
        return list(self.page.evaluate(HIT, [x, y]))


@pytest.fixture(scope="module")
def page(browser: Any) -> Iterator[Any]:
    """The one tab in which all is shown, since a new one takes longer than most tests."""
    opened = browser.new_page()
    yield opened
    opened.close()


@pytest.fixture
def view(page: Any, tmp_path: Path) -> Iterator[Callable[..., View]]:
    """Opens a page in the place of the one before."""
    opened: list[View] = []

    def open_page(html: str, width: int = WIDTHS["desktop"], scheme: str = "light") -> View:
        while opened:
            opened.pop().close()
        opened.append(View(page, html, tmp_path, width, scheme))
        return opened[-1]

    yield open_page
    for one in opened:
        one.close()


def overlapping(texts: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Pairs of texts whose boxes share more than a pixel each way."""
    found = []
    for place, one in enumerate(texts):
        for other in texts[place + 1 :]:
            left, top = max(one["box"][0], other["box"][0]), max(one["box"][1], other["box"][1])
            right, bottom = min(one["box"][2], other["box"][2]), min(one["box"][3], other["box"][3])
            if right - left > 1 and bottom - top > 1:
                found.append((one["words"], other["words"]))
    return found


def outside(chart: dict[str, Any]) -> list[str]:
    """What leaves the drawing."""
    left, top, right, bottom = chart["box"]
    return [
        f"{one['class']} {one.get('words', '')}"
        for one in [*chart["texts"], *chart["marks"]]
        if one["box"][0] < left - 1
        or one["box"][2] > right + 1
        or one["box"][1] < top - 1
        or one["box"][3] > bottom + 1
    ]


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("which", ["report", "many_report", "hostile_report", "troubled_report", "empty_report"])
def test_everything_is_on_the_screen_and_legible(
    view: Callable[..., View], width: int, which: str, request: pytest.FixtureRequest
) -> None:
    """At both widths one set of drawings is shown; nothing leaves it or the page, no text covers another."""
    shown = view(to_html(request.getfixturevalue(which)), width)
    layout = shown.layout()
    assert layout["width"] == width
    assert layout["scrollWidth"] <= width
    assert layout["cut"] == 0
    wanted = "narrow" if width < 700 else "wide"
    assert all(wanted in chart["kind"].split() for chart in layout["charts"])
    kinds = [chart["kind"].split()[2] for chart in layout["charts"]]
    if which == "report":
        assert kinds == ["price", "slippage", "latency", "budgets", "throughput", "placement", "race"]
    for chart in layout["charts"]:
        assert chart["box"][0] >= 0
        assert chart["box"][2] <= width
        assert outside(chart) == [], chart["kind"]
        assert overlapping(chart["texts"]) == [], chart["kind"]
        assert all(text["size"] > 11 for text in chart["texts"])
    assert [address.partition(":")[0] for address in shown.asked] == ["file"]


def test_a_table_that_goes_on_beside_a_phone_says_so(view: Callable[..., View], report: SessionReport) -> None:
    """Wide tables scroll in their own box, whose edge is shaded where columns are hidden; the page itself doesn't."""
    page = view(to_html(report), WIDTHS["phone"]).page
    boxes = page.locator(".scroll:visible").evaluate_all(
        """boxes => boxes.map(one => {
             const style = getComputedStyle(one);
             return [one.ariaLabel, one.scrollWidth - one.clientWidth, style.overflowX, style.backgroundImage,
                     style.backgroundAttachment];
           })"""
    )
    wider = {name: rest for name, *rest in boxes if rest[0] > 0}
    assert {"Orders", "Latency of each stage", "Markouts"} <= set(wider)
    for _, overflow, shades, attached in wider.values():
        assert overflow == "auto"
        assert shades.count("linear-gradient") == 4
        assert attached == "local, local, scroll, scroll", "covers go with the table, shades stay with the box"
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS["phone"]


def luminance(colour: str) -> float:
    red, green, blue = (float(part) / 255 for part in re.findall(r"[\d.]+", colour)[:3])
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (red, green, blue)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("which", ["report", "troubled_report"])
def test_every_text_stands_out_from_its_ground(
    view: Callable[..., View], scheme: str, which: str, request: pytest.FixtureRequest
) -> None:
    """As drawn, letters and ground have a contrast of 4.5 (WCAG 2.2, 1.4.3), and the scheme is the reader's."""
    shown = view(to_html(request.getfixturevalue(which)), scheme=scheme)
    pairs = shown.page.evaluate(COLOURS)
    assert len(pairs) > 8
    grounds = set()
    for pair, words in pairs.items():
        letters, ground = map(luminance, pair.split("|"))
        grounds.add(ground > 0.5)
        ratio = (max(letters, ground) + 0.05) / (min(letters, ground) + 0.05)
        assert ratio >= 4.5, f"{words!r}: {pair}"
    assert grounds == {scheme == "light"}


def axis(texts: list[dict[str, Any]], unit: dict[str, float], place: int) -> Callable[[float], float]:
    """Reads a logarithmic axis as a person does: from where the labels "10 µs" and the like stand, to values.

    `unit` are the labels' units, `place` is 0 for a horizontal axis and 1 for a vertical one.
    """
    seen = []
    for text in texts:
        match = re.fullmatch(r"([\d,.]+) ?(\D*)", text["words"])
        if text["class"] == "tick" and match and match[2].strip() in unit:
            middle = (text["box"][place] + text["box"][place + 2]) / 2
            seen.append((middle, math.log10(float(match[1].replace(",", "")) * unit[match[2].strip()])))
    (at, value), (other_at, other_value) = seen[0], seen[-1]
    return lambda pixel: 10 ** (value + (pixel - at) * (other_value - value) / (other_at - at))


NANOSECONDS = {"ns": 1.0, "µs": 1e3, "ms": 1e6, "s": 1e9}


def chart_of(shown: View, kind: str) -> dict[str, Any]:
    return next(chart for chart in shown.layout()["charts"] if kind in chart["kind"].split())


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_latency_lines_are_where_the_figures_say(view: Callable[..., View], width: int, report: SessionReport) -> None:
    """Read off the screen by the axes' labels, on a logarithmic scale, each line has its p99 and is hit there."""
    shown = view(to_html(report), width)
    texts = chart_of(shown, "latency")["texts"]
    read = axis(texts, NANOSECONDS, 1)
    places = {text["words"]: (text["box"][0] + text["box"][2]) / 2 for text in texts}
    at_99 = places["99%"]
    tenfolds = [places[later] - places[sooner] for sooner, later in pairwise(("90%", "99%", "99.9%", "99.99%"))]
    assert tenfolds == pytest.approx([tenfolds[0]] * 3, abs=1.5), "each tenth of the passes is as far as the one before"
    for index, stage in enumerate(report.timing.stages):
        x, y = min(shown.lines("latency", f"s{index}"), key=lambda point: abs(point[0] - at_99))
        assert abs(x - at_99) < 1
        assert read(y) == pytest.approx(stage.p99_ns, rel=0.04)
        assert any("line" in name.split() for name in shown.hit(x, y))


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_bars_reach_from_p50_to_p99_and_limits_stand_at_the_budgets(
    view: Callable[..., View], width: int, report: SessionReport
) -> None:
    """Read off the screen by the axis's labels."""
    shown = view(to_html(report), width)
    chart = chart_of(shown, "budgets")
    read = axis(chart["texts"], NANOSECONDS, 0)
    bars = [mark["box"] for mark in chart["marks"] if mark["class"].startswith("reach")]
    limits = [mark["box"] for mark in chart["marks"] if mark["class"] == "limit"]
    budgets = [stage.budget_us for stage in report.timing.stages if stage.budget_us]
    assert len(bars) == len(report.timing.stages)
    for (left, top, right, bottom), stage in zip(bars, report.timing.stages, strict=True):
        assert read(left) == pytest.approx(stage.p50_ns, rel=0.05)
        # A bar is two pixels long at least, or nothing would be seen of a stage that always takes the same.
        assert read(right) == pytest.approx(stage.p99_ns, rel=0.05)
        assert shown.hit((left + right) / 2, (top + bottom) / 2)[0].startswith("reach")
    for (left, _, right, _), budget_us in zip(limits, budgets, strict=True):
        assert read((left + right) / 2) == pytest.approx(budget_us * 1000, rel=0.05)


def test_throughput_steps_have_the_rates_of_the_samples(view: Callable[..., View], report: SessionReport) -> None:
    """Each flat piece of the line is as high as the messages of its stretch over the time it took."""
    shown = view(to_html(report))
    read = axis(chart_of(shown, "throughput")["texts"], {"": 1.0}, 1)
    line = shown.lines("throughput", "processed")
    pace = report.timing.pace
    assert len(line) == 2 * len(pace)
    before = (0, 0)
    for (start, end), point in zip(list(pairwise(line))[::2], pace, strict=True):
        rate = (point.messages - before[1]) * 1e9 / (point.wall_ns - before[0])
        assert start[1] == end[1]
        assert read(start[1]) == pytest.approx(rate, rel=0.03)
        before = (point.wall_ns, point.messages)
    assert line[-1][0] > line[0][0] + 700


def test_fills_and_orders_are_marked_where_they_were(view: Callable[..., View], report: SessionReport) -> None:
    """All 214 fills are drawn, those of the highest and the lowest price at the ends; a dash for each limit order."""
    shown = view(to_html(report))
    one = report.instruments[0]
    chart = chart_of(shown, "price")
    fills = [mark for mark in chart["marks"] if mark["class"].startswith("fill")]
    assert len(fills) == len(one.fill_samples) == 214
    places = [box["box"] for box in fills]
    # The tip of a triangle is at the price: the top of a buy, the bottom of a sell.
    tips = [place[1] if mark.side == "buy" else place[3] for place, mark in zip(places, one.fill_samples, strict=True)]
    highest = max(range(len(tips)), key=lambda index: float(one.fill_samples[index].price))
    assert tips[highest] <= min(tips) + 1.5
    sent = shown.page.locator("svg.chart.price .sent:visible")
    dashes = sum(sent.nth(index).get_attribute("d").count("M") for index in range(sent.count()))
    assert dashes == len([order for order in one.order_samples if order.price is not None])


def test_slippage_marks_stand_at_their_costs(view: Callable[..., View], report: SessionReport) -> None:
    """Read off the screen, the first fill's mark has its expected and its realised cost."""
    shown = view(to_html(report))
    chart = chart_of(shown, "slippage")
    points = [mark["box"] for mark in chart["marks"] if mark["class"].startswith("point")]
    fill = report.instruments[0].fill_samples[0]
    for place, wanted in ((0, fill.estimated_bps), (1, fill.realised_bps)):
        ticks = [
            (float(text["words"]), (text["box"][place] + text["box"][place + 2]) / 2, text["box"])
            for text in chart["texts"]
            if text["class"] == "tick" and re.fullmatch(r"[-+]?[\d.]+", text["words"])
        ]
        # The labels of the vertical axis end left of the plot, those of the horizontal one lie below it.
        floor = max(box[3] for _, _, box in ticks)
        mine = [(value, at) for value, at, box in ticks if (box[3] > floor - 5) == (place == 0)]
        (value, at), (other, other_at) = mine[0], mine[-1]
        middle = (points[0][place] + points[0][place + 2]) / 2
        assert value + (middle - at) * (other - value) / (other_at - at) == pytest.approx(wanted, abs=0.03)


def test_a_stray_thread_is_seen(view: Callable[..., View], report: SessionReport) -> None:
    """The lane that was found on a CPU that wasn't its own has a mark of another colour there; the one that kept its
    place has none."""
    shown = view(to_html(report))
    chart = chart_of(shown, "placement")
    strayed = [mark["box"] for mark in chart["marks"] if mark["class"] == "strayed"]
    labels = {text["words"]: text["box"] for text in chart["texts"]}
    assert len(strayed) == 1
    assert labels["lane 1"][1] - 12 < strayed[0][1] < labels["lane 1"][3] + 12
    assert labels["0"][0] - 20 < strayed[0][0] < labels["0"][2] + 20


def test_race_marks_stand_at_their_gains(view: Callable[..., View], report: SessionReport) -> None:
    """Read off the screen, each candidate is at its gain, the chosen one is marked, and who didn't race isn't drawn."""
    shown = view(to_html(report))
    chart = chart_of(shown, "race")
    read = axis(chart["texts"], {"x": 1.0}, 0)
    marks = [mark for mark in chart["marks"] if mark["class"] in {"winner", "candidate"}]
    gains = sorted(
        (candidate.gain for candidate in report.timing.races[0].candidates if candidate.gain is not None), reverse=True
    )
    assert [mark["class"] for mark in marks] == ["winner", "candidate", "candidate", "candidate"]
    for mark, gain in zip(marks, gains, strict=True):
        assert read((mark["box"][0] + mark["box"][2]) / 2) == pytest.approx(gain, rel=0.02)


def test_the_figures_behind_a_chart_unfold(view: Callable[..., View], report: SessionReport) -> None:
    """The table of the throughput is folded away, and a click shows it, still within the screen of a phone."""
    shown = view(to_html(report), WIDTHS["phone"])
    region = shown.page.locator('figure [aria-label="Messages a second"]')
    assert not region.is_visible()
    shown.page.locator('figure:has([aria-label="Messages a second"]) summary').click()
    assert region.is_visible()
    assert region.locator("tbody tr").count() == 40
    assert shown.layout()["scrollWidth"] <= WIDTHS["phone"]


def test_hostile_names_run_nothing(view: Callable[..., View], hostile_report: SessionReport) -> None:
    """No dialog opens, no script stands in the page, and the policy refuses one that is put there."""
    shown = view(to_html(hostile_report))
    assert shown.page.locator("script").count() == 0
    assert shown.page.locator("[onload], [onerror], [onclick]").count() == 0
    ran = shown.page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'window.ran = 1';"
        " document.body.append(s); return window.ran === undefined; }"
    )
    assert ran
