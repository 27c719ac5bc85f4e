import dataclasses
import datetime
import io
import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.console import Console

from mainspring.cli.peers import render
from mainspring_perf.peers.catalogue import PEERS
from mainspring_perf.peers.race import Outcome
from mainspring_tools.peers_notes import NOTES
from mainspring_tools.peers_page import make_page
from mainspring_tools.peers_picture import draw
from mainspring_tools.rust_peer import RUST

ROOT = Path(__file__).resolve().parents[2]
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-component-update"),
    *("--disable-background-networking", "--disable-sync", "--disable-dev-shm-usage", "--virtual-time-budget=10000"),
]
TODAY = datetime.date(2026, 1, 2)

MEASURE = """
const svg = document.querySelector("svg"), ground = svg.getBoundingClientRect();
const texts = [...svg.querySelectorAll("text")].map(one => [one.textContent, one.getBoundingClientRect()]);
const overlaps = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3;
document.title = JSON.stringify({
  outside: texts.filter(([, box]) => box.left < ground.left || box.right > ground.right).map(([text]) => text),
  overlapping: texts.flatMap(([text, box], at) =>
    texts.slice(at + 1).filter(([, other]) => overlaps(box, other)).map(([other]) => text + " / " + other)),
  paper: getComputedStyle(svg.querySelector(".paper")).fill,
  ink: getComputedStyle(svg.querySelector("text")).fill,
  bars: Object.fromEntries(["ours", "faster", "slower"].map(
    kind => [kind, getComputedStyle(svg.querySelector("rect." + kind)).fill])),
});
"""


def test_the_page_says_where_a_peer_is_faster(outcomes: list[Outcome]) -> None:
    """It is told in the list, in bold in its row, and with every peer's version."""
    page = make_page(outcomes, "peers.svg", today=TODAY)
    assert "- One work: rival & sons (their part), 2.50 times as fast.\n" in page
    assert (
        "| rival & sons | their part | 40.0 ns | 25,000,000 | 0.0% | **2.50x as fast: faster than Mainspring** |"
        in page
    )
    assert "| tortoise | slowly | 123 us | 8,100 | 0.0% | 1,235x slower |" in page
    assert "| twin | alike | 101 ns | 9,900,990 | 0.0% | even, within the noise (1.01x slower) |" in page
    assert "![The figures as bars](peers.svg)" in page
    assert "Run on 2026-01-02, 3 rounds, on the reference session" in page
    busy = make_page(outcomes, "peers.svg", today=TODAY, load=1.25)
    assert " 1.2 processes ran or waited to run at a time, on average.\n" in busy


def test_a_work_of_another_session_names_it(outcomes: list[Outcome]) -> None:
    """What isn't made of the session that the page names says what it is made of, and nothing else does."""
    first = outcomes[0]
    other = dataclasses.replace(
        first, title="Other work", session="recorded session of another venue", input="5 messages"
    )
    page = make_page([first, other], "peers.svg", today=TODAY)
    assert "## Other work\n\nRecorded session of another venue: 5 messages.\n" in page
    assert page.count("eference session") == 1


def test_the_page_names_who_wasnt_run(outcomes: list[Outcome]) -> None:
    """An absent peer is a row with its reason, in which a bar doesn't end the cell."""
    page = make_page(outcomes, "peers.svg", today=TODAY)
    assert "| absentee | its way | | | | not run: needs a \\| or two |" in page


def test_a_page_without_a_faster_peer_says_so(outcomes: list[Outcome]) -> None:
    """The list isn't left empty."""
    assert "## Where a peer is faster\n\nNowhere in this run." in make_page(outcomes[1:], "peers.svg", today=TODAY)


def test_the_terminal_names_everyone(outcomes: list[Outcome]) -> None:
    """The tables on a terminal have every peer, and the reason of who wasn't run."""
    out = io.StringIO()
    render(outcomes, Console(file=out, width=100))
    for text in ("rival & sons", "faster than Mainspring", "tortoise", "absentee", "needs a | or two", "a <fast> part"):
        assert text in out.getvalue()


def test_the_picture_is_whole(outcomes: list[Outcome]) -> None:
    """It is well-formed, has a bar a figure, of the verdict's class, and colours for the dark."""
    picture = draw(outcomes)
    drawn = ElementTree.fromstring(picture)
    bars = [one.get("class") for one in drawn.iterfind(".//{*}g/{*}rect")]
    assert bars == ["faster", "ours", "even", "slower", "ours"]
    texts = ["".join(one.itertext()) for one in drawn.iterfind(".//{*}text")]
    assert {"rival & sons: their part", "Mainspring: a <fast> part", "40.0 ns", "123 us"} <= set(texts)
    assert "prefers-color-scheme: dark" in picture


@pytest.mark.skipif(BROWSER is None, reason="browser absent: chromium")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_picture_can_be_read(outcomes: list[Outcome], scheme: str, tmp_path: Path) -> None:
    """In light and in dark: nothing overlaps or sticks out, and ink and bars stand out from the paper."""
    seen = looked_at(draw(outcomes), scheme, tmp_path)
    assert_readable(seen, scheme)


@pytest.mark.skipif(BROWSER is None, reason="browser absent: chromium")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_picture_in_the_docs_can_be_read(scheme: str, tmp_path: Path) -> None:
    """So it is for the picture that was made last, whose labels are real ones."""
    assert_readable(looked_at((ROOT / "docs/peers.svg").read_text(encoding="utf-8"), scheme, tmp_path), scheme)


def test_the_page_in_the_docs_is_of_this_catalogue() -> None:
    """The page that was made last has every peer, its note, and every way of doing every work."""
    page = (ROOT / "docs/peers.md").read_text(encoding="utf-8")
    assert NOTES.keys() == {peer.adapter for peer in (*PEERS, RUST)}
    assert [note for note in NOTES.values() if f"). {note}\n" not in page] == []
    assert "python -m mainspring_tools.peers_page docs/peers.md" in page
    for peer in (*PEERS, RUST):
        for ways in peer.ways.values():
            for way in ways:
                assert re.search(
                    rf"^\| (\*\*)?{re.escape(peer.name)}\1? \| (\*\*)?{re.escape(way)}", page, re.MULTILINE
                )


def looked_at(picture: str, scheme: str, folder: Path) -> dict[str, object]:
    """What a browser lays out, told that the reader's system is light or dark."""
    page = folder / "page.html"
    script = f'addEventListener("load", () => {{{MEASURE}}})'
    page.write_text(f'<!doctype html><meta charset="utf-8">{picture}<script>{script}</script>', encoding="utf-8")
    command = [str(BROWSER), *FLAGS, "--dump-dom", f"--user-data-dir={folder / 'profile'}"]
    command.append(f"--blink-settings=preferredColorScheme={0 if scheme == 'dark' else 1}")
    done = subprocess.run([*command, page.as_uri()], capture_output=True, text=True, timeout=90, check=True)
    found = re.search(r"<title>(\{.+?)</title>", done.stdout, re.DOTALL)
    assert found, done.stderr
    return dict(json.loads(unescape(found[1])))


def assert_readable(seen: dict[str, object], scheme: str) -> None:
    assert seen["outside"] == []
    assert seen["overlapping"] == []
    paper = brightness(str(seen["paper"]))
    assert paper > 200 if scheme == "light" else paper < 50
    assert abs(brightness(str(seen["ink"])) - paper) > 150
    bars = seen["bars"]
    assert isinstance(bars, dict)
    assert len(set(bars.values())) == 3
    for colour in bars.values():
        assert abs(brightness(colour) - paper) > 60


def brightness(colour: str) -> float:
    """How bright an rgb(...) is, 0 to 255 (ITU-R BT.601)."""
    red, green, blue = map(float, re.findall(r"[\d.]+", colour)[:3])
    return 0.299 * red + 0.587 * green + 0.114 * blue
