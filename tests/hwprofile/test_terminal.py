"""What comes from outside can't control the terminal."""

import json

import pytest

from hwprofile.terminal import printable, write_result


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("BTC/USDT, Ä ✓ 漢 👍\n\tnext", "BTC/USDT, Ä ✓ 漢 👍\n\tnext"),
        ("\x1b[2J\x1b]0;title\x07", r"\x1b[2J\x1b]0;title\x07"),
        ("a\rb\x08\x7f", r"a\x0db\x08\x7f"),
        ("\x9b31m", r"\x9b31m"),
        ("a\u202eb\u2066c", r"a\u202eb\u2066c"),
        ("caf\udce9", r"caf\udce9"),
    ],
)
def test_control_characters_are_shown_as_escapes(text, shown):
    """Escape sequences of seven and eight bits, carriage returns, turned text and lone surrogates; all else passes."""
    assert printable(text) == shown


def test_json_keeps_its_meaning():
    """The escapes of JSON are JSON's own, so that what reads it gets the name as it is."""
    value = {"name": "\x9b31m\u202e\x7f \\x41"}
    text = printable(json.dumps(value, ensure_ascii=False), json=True)
    assert json.loads(text) == value
    assert text.isascii()


def test_colours_of_our_own_pass(capsys):
    """A drawing's colours reach the terminal; anything else that begins like them doesn't."""
    write_result("\x1b[1;31mred\x1b[0m \x1b[2J")
    assert capsys.readouterr().out == "\x1b[1;31mred\x1b[0m \\x1b[2J"
