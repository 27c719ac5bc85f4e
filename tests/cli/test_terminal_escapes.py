"""Names from outside reach the terminal as text, in every command that prints them."""

import json

import pytest
from rich.table import Table
from rich.text import Text

from mainspring.report.terminal import SafeConsole

EVIL = "EVIL\x1b[2J\x1b]0;owned\x07\x9b5m\u202eUSDT"
BOOK = """
from mainspring.seams import hookimpl

@hookimpl
def register_books(catalogue):
    catalogue.add("acme", dict, summary="a book")
"""


def clean(text):
    return not any((ord(one) < 32 and one not in "\n\t") or 0x7F <= ord(one) < 0xA0 or one == "\u202e" for one in text)


def strings(value):
    """Every text in a value of JSON."""
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [value] if isinstance(value, str) else [text for one in below for text in strings(one)]


@pytest.fixture
def capture(tmp_path):
    """A spot capture of one snapshot and one delta of a symbol whose name holds escape sequences."""
    symbol = json.dumps(EVIL)
    path = tmp_path / "evil.capture"
    lines = [
        '{"lastUpdateId":1,"bids":[["1.0","1"]],"asks":[["1.1","1"]]}',
        f'{{"e":"depthUpdate","E":1,"s":{symbol},"U":2,"u":2,"b":[["1.0","2"]],"a":[]}}',
    ]
    path.write_text("".join(f"{1_700_000_000_000_000_000 + at} {line}\n" for at, line in enumerate(lines)))
    return path


@pytest.mark.parametrize("json_too", [(), ("--json",)])
@pytest.mark.parametrize("command", ["run", "explain", "verify"])
def test_a_symbols_escapes(mainspring, capture, command, json_too):
    """Report, plan and verdict show the symbol's escapes as text; as JSON they keep its name."""
    where = (capture,) if command == "verify" else ("--capture", capture, "--set", "mode=replay")
    _, out, err = mainspring(command, *where, "--feed", "binance-spot", *json_too)
    assert clean(out + err)
    assert "EVIL" in out
    if json_too:
        assert any("\x1b[2J" in text for text in strings(json.loads(out)))


def test_an_errors_escapes(mainspring, tmp_path):
    """A file's name and a key's value in an error can't clear the screen."""
    code, out, err = mainspring("run", tmp_path / "no\x1b[2Jsuch.toml")
    assert code == 2
    assert clean(out + err)
    assert r"no\x1b[2Jsuch.toml" in err


def test_a_blocked_distributions_escapes(mainspring, install):
    """The name of a distribution that isn't allowed is its author's, and shown as text."""
    site = install("acme-books", {"acme_books": BOOK}, entry_points={"x": "acme\x1b[31m_books"})
    metadata = site / "acme_books-1.0.dist-info" / "METADATA"
    metadata.write_text(f"Metadata-Version: 2.1\nName: acme{EVIL}\nVersion: 1.0\x1b[2J\n")
    code, out, err = mainspring("plugins", "list")
    assert code == 0
    assert clean(out + err)
    assert r"acmeEVIL\x1b[2J" in out
    code, out, err = mainspring("plugins", "list", "--json")
    assert clean(out + err)
    assert [one["distribution"] for one in json.loads(out)["not_allowed"]] == [f"acme{EVIL}"]


def test_the_console_cleans_whatever_is_printed(tmp_path):
    """Markup, plain text, `Text` and cells of tables: our own colours stay, and columns stay aligned."""
    with (tmp_path / "out").open("w+", encoding="utf-8") as file:
        console = SafeConsole(file=file, force_terminal=True, color_system="standard", width=60)
        table = Table(box=None)
        table.add_row("a\x1b[2Jb", "right")
        table.add_row("aa", "right")
        console.print("[red]x\x1b[2J[/]", Text("y\x9b2J"), table)
        file.seek(0)
        text = file.read()
    assert "\x1b[31m" in text
    assert "\x1b[2J" not in text
    assert "\x9b" not in text
    rows = [line for line in text.split("\n") if "right" in line]
    assert len({line.index("right") for line in rows}) == 1
