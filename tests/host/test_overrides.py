import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainspring.errors import ConfigError
from mainspring.host.config import Config, parse_config
from mainspring.host.overrides import apply_overrides

BASE = """
mode = "paper"
book.plugin = "sorted-dict"
[router]
plugin = "paper"
latency_us = 250
"""


def overridden(*overrides: str) -> Config:
    return parse_config(BASE, "session.toml", Path(), overrides).config


def diagnostic(*overrides: str) -> str:
    with pytest.raises(ConfigError) as caught:
        overridden(*overrides)
    return str(caught.value)


@pytest.mark.parametrize(
    ("override", "path", "value"),
    [
        ("book.plugin=bisect-list", ("book", "plugin"), "bisect-list"),
        ("book.plugin = bisect-list ", ("book", "plugin"), "bisect-list"),
        ('book.plugin="bisect-list"', ("book", "plugin"), "bisect-list"),
        ("seed=7", ("seed",), 7),
        ("feed.skip_bad=true", ("feed", "skip_bad"), True),
        ("risk.max_order_notional=10_000", ("risk", "max_order_notional"), 10_000),
        ("risk.collar_bps=1e2", ("risk", "collar_bps"), 100.0),
        ('instruments=["BTC/USDT", "A"]', ("instruments",), ["BTC/USDT", "A"]),
        ("instruments=[]", ("instruments",), []),
        ('router={plugin="x", latency_us=1}', ("router",), {"plugin": "x", "latency_us": 1}),
        ("feed.capture=/data/a=b.gz", ("feed", "capture"), "/data/a=b.gz"),
        ("feed.capture=a b #1.gz", ("feed", "capture"), "a b #1.gz"),
        ("feed.capture=", ("feed", "capture"), ""),
        ("feed.capture=1\nseed=2", ("feed", "capture"), "1\nseed=2"),
        ('instrument."BTC/USDT".tick_size=0.01', ("instrument", "BTC/USDT", "tick_size"), 0.01),
        ("instrument.'a=b.c'.lot_size=1", ("instrument", "a=b.c", "lot_size"), 1),
        ("a . b=1", ("a", "b"), 1),
    ],
)
def test_an_override_sets_a_key(override: str, path: tuple[str, ...], value: object) -> None:
    """The value is TOML, or else text, so that names need no quotes; the key is a TOML key."""
    table: dict[str, Any] = {}
    assert apply_overrides(table, [override]) == {path}
    node: Any = table
    for part in path:
        node = node[part]
    assert node == value
    assert type(node) is type(value)


def test_overrides_replace_what_the_file_says_and_leave_the_rest() -> None:
    """An override of one key of a table keeps the table's other keys, and the last override of a key counts."""
    config = overridden("router.latency_us=1", "mode=replay", "router.latency_us=2", "budget.feed_us=5")
    assert config.mode == "replay"
    assert (config.router.plugin, config.router.options) == ("paper", {"latency_us": 2})
    assert config.budget.feed_us == 5
    assert config.book.plugin == "sorted-dict"


@pytest.mark.parametrize(
    "override",
    ["", "book", "=x", " =x", "a b=1", "instrument.BTC/USDT.tick_size=1", ".a=1", "[a]=1", "[a]\nb=1", "a\nb=1"],
)
def test_an_override_that_is_no_key_and_value_is_an_error(override: str) -> None:
    """Nonsense is answered with how an override is written, and how to quote a part of the key."""
    text = diagnostic(override)
    assert text.startswith(f"--set {override}: write it as key=value, such as --set book.plugin=bisect-list;")
    assert 'instrument."BTC/USDT".tick_size=0.01' in text


@pytest.mark.parametrize("value", ["[BTC/USDT]", '{plugin="x"', '"half', "[1, 2"])
def test_a_value_that_begins_like_toml_must_be_toml(value: str) -> None:
    """A list of unquoted names is a slip, not a text that begins with a bracket."""
    assert diagnostic(f"instruments={value}").startswith(f"--set instruments={value}: the value isn't TOML;")


def test_an_override_cannot_go_through_a_value() -> None:
    """A key inside something that is no table can't be set."""
    expected = "--set mode.deep.er=1: mode isn't a table, so it has no keys to set"
    assert diagnostic("mode.deep.er=1") == expected


@pytest.mark.parametrize(
    ("override", "error"),
    [
        ("mode=real", '--set mode: expected one of "live", "paper", "replay"; found the text "real"'),
        ("moed=paper", '--set moed: no such key; did you mean "mode"?'),
        ("feed.capture=2024", "--set feed.capture: expected text in quotes or a list; found the number 2024"),
        ("router={plugin=3}", "--set router: router.plugin: expected text in quotes; found the number 3"),
        ("book=x", '--set book: expected a table; found the text "x". Write book.plugin = "x"'),
        ('instrument."A/B".tick=1', '--set instrument."A/B".tick: no such key; did you mean "tick_size"?'),
    ],
)
def test_an_error_in_an_override_points_at_the_override(override: str, error: str) -> None:
    """What the command line set wrongly isn't blamed on a line of the file."""
    assert diagnostic(override).startswith(error)


def test_an_error_beside_an_override_points_at_the_file() -> None:
    """An override of one key doesn't hide where another came from."""
    with pytest.raises(ConfigError, match=r"^session\.toml:2: router\.plugin: expected text"):
        parse_config("[router]\nplugin = 3", "session.toml", Path(), ["router.latency_us=1"])


NAMES = st.text("abAB_-./\"'= \\\n\u00e9", min_size=1, max_size=6)
VALUES = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text("ab\"'=\\\n#[{ \u00e9", max_size=6),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(NAMES, below, max_size=3),
    max_leaves=6,
)


@settings(derandomize=True, deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=4), VALUES)
def test_whatever_toml_can_write_goes_through_an_override(to_toml: Any, path: list[str], value: object) -> None:
    """A quoted key and a value written as TOML arrive as they were."""
    key = ".".join(to_toml({part: 0}).removesuffix(" = 0\n") for part in path)
    text = to_toml({"value": value}).removeprefix('"value" = ').removesuffix("\n")
    table: dict[str, Any] = {}
    assert apply_overrides(table, [f"{key}={text}"]) == {tuple(path)}
    node: Any = table
    for part in path:
        node = node[part]
    assert node == value


@settings(derandomize=True, deadline=None)
@given(st.lists(st.text("abmode.=\"'[]{}# \n1", max_size=12) | st.text(max_size=8), max_size=3))
def test_any_override_is_taken_or_a_config_error(overrides: list[str]) -> None:
    """No text on the command line raises anything but `ConfigError`."""
    with contextlib.suppress(ConfigError):
        overridden(*overrides)
