"""The page as a browser lays it out, where Chromium is installed."""

import json
import re
import shutil
import subprocess
from html import escape, unescape
from pathlib import Path
from typing import Any

import pytest

from mainspring.report import SessionReport, to_html

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--virtual-time-budget=10000",
    "--dump-dom",
]

# Frames, because a headless window can't be made as narrow as a phone. The page itself runs no script.
MEASURE = """
const measured = [];
for (const frame of document.querySelectorAll("iframe")) {
  const page = frame.contentDocument, view = frame.contentWindow;
  const charts = [...page.querySelectorAll("svg.chart")].filter(svg => svg.getBoundingClientRect().width > 0);
  measured.push({
    width: view.innerWidth,
    scrollWidth: page.documentElement.scrollWidth,
    requests: view.performance.getEntriesByType("resource").length,
    shown: charts.map(svg => svg.getAttribute("class")),
    marks: charts.map(svg => svg.querySelectorAll(".fill").length),
    smallestText: Math.min(...charts.flatMap(svg => [...svg.querySelectorAll("text")].map(
      text => 13 * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width))),
    outside: charts.flatMap(svg => {
      const ground = svg.getBoundingClientRect();
      return [...svg.querySelectorAll("text, .line, .mid, .fill, .budget")].filter(one => {
        const box = one.getBoundingClientRect();
        return box.left < ground.left - 1 || box.right > ground.right + 1 || box.top < ground.top - 1
          || box.bottom > ground.bottom + 1;
      }).map(one => one.getAttribute("class") + " " + one.textContent);
    }),
    cut: [...page.querySelectorAll("h1, h2, p, .card, section, ul")].filter(
      one => one.getBoundingClientRect().right > view.innerWidth + 1).length,
    lineColour: view.getComputedStyle(page.querySelector(".line")).stroke,
  });
}
document.getElementById("measured").textContent = JSON.stringify(measured);
"""


def laid_out(html: str, folder: Path) -> list[dict[str, Any]]:
    """What a browser measures of the page at 1,000 and at 390 pixels."""
    frames = "".join(
        f'<iframe style="width:{width}px;height:900px;border:0" srcdoc="{escape(html)}"></iframe>'
        for width in (1000, 390)
    )
    outer = folder / "outer.html"
    outer.write_text(
        f'<!doctype html><meta charset="utf-8">{frames}<pre id="measured"></pre>'
        f'<script>addEventListener("load", () => {{{MEASURE}}})</script>',
        encoding="utf-8",
    )
    command = [str(BROWSER), *FLAGS, f"--user-data-dir={folder / 'profile'}", outer.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=True)
    found = re.search(r'<pre id="measured">(.+?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stderr
    return list(json.loads(unescape(found[1])))


@pytest.mark.skipif(BROWSER is None, reason="browser absent: chromium")
def test_the_page_fits_a_desk_and_a_phone(report: SessionReport, tmp_path: Path) -> None:
    """At both widths one set of charts is shown, all of it inside its drawing, legible, and nothing is cut off."""
    wide, narrow = laid_out(to_html(report), tmp_path)
    assert (wide["width"], narrow["width"]) == (1000, 390)
    assert set(wide["shown"]) == {"chart wide"}
    assert set(narrow["shown"]) == {"chart narrow"}
    for view in (wide, narrow):
        assert view["marks"] == [0, 214]
        assert view["scrollWidth"] <= view["width"]
        assert view["outside"] == []
        assert view["cut"] == 0
        assert view["requests"] == 0
        assert view["smallestText"] > 11
        assert view["lineColour"].startswith("rgb(")


@pytest.mark.skipif(BROWSER is None, reason="browser absent: chromium")
def test_hostile_names_dont_break_the_layout(hostile_report: SessionReport, tmp_path: Path) -> None:
    """Long names full of markup neither widen the page nor lose a mark."""
    for view in laid_out(to_html(hostile_report), tmp_path):
        assert view["marks"] == [0, 214]
        assert view["scrollWidth"] <= view["width"]
        assert view["cut"] == 0
