import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainspring.host.key_lines import KeyPath, key_lines


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("\n\nmode = 1", ("mode",), 3),
        ("mode = 1\r\nseed = 2\r\n", ("seed",), 2),
        ("# mode = 0\nmode = 1", ("mode",), 2),
        ("book.plugin = 'x'", ("book",), 1),
        ("a . b . c = 1", ("a", "b", "c"), 1),
        ("[book]\nplugin = 'x'", ("book", "plugin"), 2),
        ("[a.b]\nc = 1", ("a",), 1),
        ('[instrument."A]B.C"]\n\ntick_size = 1', ("instrument", "A]B.C", "tick_size"), 3),
        ("[ a . 'b' ]\nc = 1", ("a", "b", "c"), 2),
        ('"\\u0041" = 1', ("A",), 1),
        ("\n[a]\nb = {c = {d = 1}, e = 2}", ("a", "b", "c", "d"), 3),
        ("a = [\n  1,\n  # note\n  [2],\n]\nb = 3", ("a", "1"), 4),
        ("a = [\n  [2],\n]\nb = 3", ("b",), 4),
        ("a = [{b = 1},\n {b = 2}]", ("a", "1", "b"), 2),
        ('a = """\nb = 1\n[c]\n"""\nb = 2', ("b",), 5),
        ('a = """x\\""" \n b = 1 """""\nb = 2', ("b",), 3),
        ("a = '''\n'''''\nb = 2", ("b",), 3),
        ("a = 'b = 1, {c = 2}'\nc = 3", ("c",), 2),
        ('a = "\\""  # " b = 1\nb = 1', ("b",), 2),
        ("[[a]]\nb = 1\n[[a]]\nb = 2\n[a.c]\nd = 3", ("a", "1", "b"), 4),
        ("[[a]]\nb = 1\n[[a]]\nb = 2\n[a.c]\nd = 3", ("a", "1", "c", "d"), 6),
        ("a = 2020-01-01 00:00:00\nb = -inf", ("b",), 2),
    ],
)
def test_a_key_has_the_line_that_it_stands_on(text: str, path: KeyPath, line: int) -> None:
    """Each of TOML's ways to write a key, and each thing that only looks like one."""
    tomllib.loads(text)
    assert key_lines(text)[path] == line


def test_what_only_looks_like_a_key_has_no_line() -> None:
    """Comments and strings bring no keys."""
    text = '# a = 1\nb = "c = 2"  # d = 3\ne = """\nf = 4\n"""\ng = \'\'\'\n[h]\n\'\'\'\n'
    assert set(key_lines(text)) == {("b",), ("e",), ("g",)}


NOISE = st.sampled_from(["", "\n", "# k0 = 1\n", "  # [k1]\n", "\n\n"])

# Pieces of text, each with the keys that begin on its line; KEY stands for a name of its own, None for any noise.
Piece = tuple[str, list[KeyPath]] | None
PLAIN: list[list[Piece]] = [
    [("KEY = -1_000.5e3 # k0 = 2\n", [("KEY",)])],
    [('KEY = "a = 1 # \'"\n', [("KEY",)])],
    [('"KEY" = """\nk0 = 1\n[k1]\n\\""" """""\n', [("KEY",)])],
    [("KEY.a.'b.c' = 1\n", [("KEY",), ("KEY", "a"), ("KEY", "a", "b.c")]), ('KEY . "d" = 1\n', [("KEY", "d")])],
    [("KEY = { a = 1, b.c = [] }\n", [("KEY",), ("KEY", "a"), ("KEY", "b"), ("KEY", "b", "c")])],
    [("KEY = [\n", [("KEY",)]), None, ("{a = 1}, ", [("KEY", "0"), ("KEY", "0", "a")]), None, ("]\n", [])],
]
TABLES: list[list[Piece]] = [
    [("[KEY.x]\n", [("KEY",), ("KEY", "x")]), None, ("a = [1]\n", [("KEY", "x", "a"), ("KEY", "x", "a", "0")])],
    [
        ("[[KEY]]\n", [("KEY",), ("KEY", "0")]),
        None,
        ("a = 1\n", [("KEY", "0", "a")]),
        ("[[KEY]]\n", [("KEY", "1")]),
        None,
        ("a = 1\n", [("KEY", "1", "a")]),
    ],
]


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, dict[KeyPath, int]]:
    """A TOML text of all forms, and where its keys were written."""
    text = ""
    lines: dict[KeyPath, int] = {}
    plain = draw(st.lists(st.sampled_from(PLAIN), max_size=6))
    tables = draw(st.lists(st.sampled_from(TABLES), max_size=4))
    for number, statement in enumerate([*plain, *tables]):
        for piece in [None, *statement]:
            written, paths = (draw(NOISE), []) if piece is None else piece
            for path in paths:
                lines[tuple(part.replace("KEY", f"k{number}") for part in path)] = text.count("\n") + 1
            text += written.replace("KEY", f"k{number}")
    return text, lines


@settings(derandomize=True, deadline=None)
@given(documents())
def test_every_key_of_any_document_has_its_line(document: tuple[str, dict[KeyPath, int]]) -> None:
    """The lines found are exactly those that the keys were written on, no more and no fewer."""
    text, lines = document
    tomllib.loads(text)
    assert key_lines(text) == lines


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.integers() | st.text("a=[]{},.\"'#\n\\"),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=3), below, max_size=3),
    max_leaves=10,
)


@settings(derandomize=True, deadline=None)
@given(st.dictionaries(st.text("ab.\"'=[ \n", max_size=3), VALUES, max_size=4))
def test_every_key_that_the_parser_finds_has_a_line(to_toml: Any, table: dict[str, Any]) -> None:
    """What the standard library's parser finds and what has a line are the same keys, whatever they are named."""

    def paths(node: Any, above: KeyPath) -> set[KeyPath]:
        items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        found = {(*above, str(name)): below for name, below in items}
        return set(found).union(*(paths(below, path) for path, below in found.items()))

    text = to_toml(table)
    lines = key_lines(text)
    assert set(lines) == paths(tomllib.loads(text), ())
    assert {path[0]: line for path, line in lines.items()} == {name: line for line, name in enumerate(table, start=1)}
