from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainspring.errors import ConfigError
from mainspring.host.config import (
    AUTO,
    DEFAULT_ORIGIN,
    CodecConfig,
    Config,
    FeedConfig,
    Loaded,
    SlotConfig,
    load_config,
    parse_config,
)
from mainspring.host.registry import OURS
from mainspring.telemetry import Budget

ORIGIN = "session.toml"
TOP = (
    "There are: mode, seed, instruments, instrument, lanes, session, hardware, feed, feeds, decoder, book, codec, "
    "slippage, router, queue, latency, receiver, records, journal, orders, strategy, risk, flags, market, portfolio, "
    "budget, tune, plugins."
)


def config_or_diagnostic(text: str) -> Loaded | str:
    try:
        return parse_config(text, ORIGIN, Path())
    except ConfigError as error:
        return str(error)


def diagnostic(text: str, *overrides: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_config(text, ORIGIN, Path(), overrides)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('\nmode = "real"', ':2: mode: expected one of "live", "paper", "replay"; found the text "real"'),
        ("mode = 3", ':1: mode: expected one of "live", "paper", "replay"; found the number 3'),
        ('seed = "x"', ':1: seed: expected a whole number; found the text "x"'),
        ("seed = 1.5", ":1: seed: expected a whole number; found the number 1.5"),
        ("seed = true", ":1: seed: expected a whole number; found true"),
        ("seed = 2020-01-01", ":1: seed: expected a whole number; found the date or time 2020-01-01"),
        ("seed = 9223372036854775808", ":1: seed: the number doesn't fit in 64 bits"),
        ("[book]\nsize = [1, 9223372036854775808]", ":2: book.size.1: the number doesn't fit in 64 bits"),
        ('instruments = "BTC"', ':1: instruments: expected a list; found the text "BTC"'),
        ('instruments = [\n  "BTC",\n  1,\n]', ":3: instruments.1: expected text in quotes; found the number 1"),
        ('instruments = [""]', ':1: instruments.0: expected text in quotes of length >= 1; found the text ""'),
        ("[book]\nplugin = 3", ":2: book.plugin: expected text in quotes; found the number 3"),
        (
            "feed.plugin = 'x'\nfeed.capture = 3",
            ":2: feed.capture: expected text in quotes or a list; found the number 3",
        ),
        ("feed = {plugin = 'x', skip_bad = 1}", ":1: feed.skip_bad: expected true or false; found the number 1"),
        ("[[book]]\nplugin = 'x'", ":1: book: expected a table; found the list [{'plugin': 'x'}]"),
        ("risk = 5", ":1: risk: expected a table; found the number 5"),
        ("strategy = 5", ":1: strategy: expected a table; found the number 5"),
        ("[budget]\nfeed_us = -1", ":2: budget.feed_us: expected a number above 0; found the number -1"),
        ("budget.strategy_us = 'fast'", ':1: budget.strategy_us: expected a number; found the text "fast"'),
        (
            "[market]\n\nwarm_up_s = 0",
            ":3: market.warm_up_s: must be a number of seconds above zero, a year's at most, not 0.0",
        ),
        (
            '[instrument."BTC/USDT"]\ntick_size = "abc"',
            ':2: instrument."BTC/USDT".tick_size: expected a decimal number; found the text "abc"',
        ),
        (
            '[instrument.X]\ncontract = "inverted"',
            ':2: instrument.X.contract: expected one of "inverse", "linear", "spot"; found the text "inverted"',
        ),
    ],
)
def test_a_wrong_value_is_told_with_its_place_and_what_would_be_valid(text: str, error: str) -> None:
    """File, line, the key's full path, what would be valid, and what was found."""
    assert diagnostic(text) == ORIGIN + error


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("\nmoed = 'paper'", f':2: moed: no such key; did you mean "mode"? {TOP}'),
        ("bok.plugin = 'x'", f':1: bok: no such key; did you mean "book"? {TOP}'),
        ("[live.account]\nx = 1", f":1: live: no such key. {TOP}"),
        ("codec = {json = 'a', binry = 'b'}", ':1: codec.binry: no such key; did you mean "binary"?'),
        ("[budget]\nbook_us = 1\nfed_us = 1", ':3: budget.fed_us: no such key; did you mean "feed_us"?'),
        ("[market]\nwarm_up = 1", ':2: market.warm_up: no such key; did you mean "warm_up_s"?'),
        ("plugins.allowed = []", ':1: plugins.allowed: no such key; did you mean "allow"? There are: allow.'),
        ("[instrument.X]\ntick_sise = 1", ':2: instrument.X.tick_sise: no such key; did you mean "tick_size"?'),
    ],
)
def test_an_unknown_key_is_refused_at_every_level(text: str, error: str) -> None:
    """A key that means nothing is an error with the nearest right one and all that there are."""
    assert diagnostic(text).startswith(ORIGIN + error)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("book = 'x'", "book"),
        ("[strategy]\nmaker = 'x'", "strategy.maker"),
        ("[strategy]\n'a b' = 'x'", 'strategy."a b"'),
    ],
)
def test_a_slot_that_is_text_is_told_how_to_name_a_plugin(text: str, key: str) -> None:
    """The likeliest slip, a name where the slot's table belongs, is answered with the line to write."""
    assert diagnostic(text).endswith(f': {key}: expected a table; found the text "x". Write {key}.plugin = "x"')


def test_what_is_not_toml_is_told_with_its_line() -> None:
    """An unquoted name is shown with its line and the remedy."""
    expected = "session.toml:2: not valid TOML: Invalid value in the line 'mode = paper'; put text in quotes"
    assert diagnostic("seed = 1\nmode = paper") == expected
    assert diagnostic("seed = 1\nseed = 2").startswith("session.toml: not valid TOML: Cannot overwrite a value")
    assert diagnostic(f"seed = {'1' * 5000}") == "session.toml: a number has too many digits"
    assert diagnostic(f"seed = {'[' * 5000}") == "session.toml: tables and lists are nested too deeply"


def test_a_long_value_is_cut_in_the_message() -> None:
    """A message stays readable whatever stands under the key."""
    assert diagnostic(f"seed = '{'x' * 5000}'").endswith(f'found the text "{"x" * 79}...')


def test_a_file_that_is_absent_is_told_how_to_make_one(tmp_path: Path) -> None:
    """The remedy for a file that isn't there is `mainspring init`."""
    path = tmp_path / "session.toml"
    with pytest.raises(ConfigError, match=r"session\.toml: no such file; `mainspring init .*session\.toml` writes one"):
        load_config(path)


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """Folders, and bytes that aren't UTF-8, are refused by name."""
    (tmp_path / "latin.toml").write_bytes(b"mode = '\xe9'")
    for path in (tmp_path, tmp_path / "latin.toml"):
        with pytest.raises(ConfigError, match=r"can't be read: Is a directory|isn't UTF-8 text"):
            load_config(path)


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    """Some editors write one before the text."""
    path = tmp_path / "session.toml"
    path.write_bytes(b"\xef\xbb\xbfseed = 7\r\n")
    loaded = load_config(path)
    assert loaded.config.seed == 7
    assert (loaded.origin, loaded.folder) == (str(path), tmp_path)


def test_an_empty_configuration_is_all_defaults() -> None:
    """Every key may be left out, and every slot is then chosen by the plan."""
    config = parse_config("", ORIGIN, Path()).config
    assert config == Config()
    assert (config.mode, config.seed, config.instruments, config.plugins.allow) == ("paper", 1, (), ())
    assert (config.feed, config.book, config.codec) == (FeedConfig(), SlotConfig(), CodecConfig(json=AUTO, binary=AUTO))


def test_a_plugins_own_keys_become_its_options() -> None:
    """In a slot's table what isn't the slot's own is the plugin's, at any depth; it is judged with the plugin."""
    text = """
        feed = { plugin = "acme", capture = "a.gz", skip_bad = true, depth = 5 }
        router = { latency_us = 250, fees = { maker = 1 } }
        [strategy.one]
        plugin = "maker"
        edge = 2
        [strategy.two]
        options = 3
    """
    config = parse_config(text, ORIGIN, Path()).config
    assert config.feed == FeedConfig(plugin="acme", capture="a.gz", skip_bad=True, options={"depth": 5})
    assert config.router == SlotConfig(options={"latency_us": 250, "fees": {"maker": 1}})
    assert config.strategy["one"] == SlotConfig(plugin="maker", options={"edge": 2})
    assert config.strategy["two"] == SlotConfig(options={"options": 3})


def test_numbers_of_an_instrument_are_exact() -> None:
    """A tick of 0.1 is the decimal 0.1, whether it is written as a number or as text."""
    text = '[instrument.X]\ntick_size = 0.1\nlot_size = "0.00000001"\ncontract_size = 100'
    instrument = parse_config(text, ORIGIN, Path()).config.instrument["X"]
    sizes = (instrument.tick_size, instrument.lot_size, instrument.contract_size)
    assert sizes == (Decimal("0.1"), Decimal("0.00000001"), Decimal(100))


def test_the_built_in_configuration_says_what_the_documents_say() -> None:
    """What `mainspring init` writes is the reference session with the budgets and limits of the documentation."""
    loaded = load_config(None)
    config = loaded.config
    assert loaded.origin == DEFAULT_ORIGIN
    assert (config.mode, config.seed, config.instruments) == ("paper", 1, ("BTC/USDT",))
    assert (config.feed.plugin, config.feed.capture, config.book.plugin) == ("simulated", None, AUTO)
    assert config.codec == CodecConfig()
    assert (config.slippage.plugin, config.router.plugin) == (AUTO, AUTO)
    assert config.router.options == {"maker_fee_bps": 1, "taker_fee_bps": 5}
    assert config.latency == SlotConfig(plugin="constant", options={"request_us": 250})
    assert {name: slot.plugin for name, slot in config.strategy.items()} == {"maker": "quote-maker"}
    limits = {"max_order_size", "max_order_notional", "max_position", "collar_bps", "max_book_age_ms"}
    assert set(config.risk) == limits
    assert config.budget == Budget()
    stages = ("feed", "book", "slippage", "risk", "route", "venue", "whole_path")
    assert [config.budget.of(stage) for stage in stages] == [100, 100, 100, 200, 500, 4000, 5000]
    assert config.plugins.loaded == OURS


KEYS = st.sampled_from(
    [*Config.__struct_fields__, "plugin", "options", "capture", "json", "allow", "tick_size", "feed_us", "warm_up_s"]
) | st.text(max_size=4)
LEAVES = (
    st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=True, allow_infinity=True)
    | st.text(max_size=5)
    | st.sampled_from(["paper", "replay", "auto", "spot", "0.01", "nan"])
    | st.dates()
    | st.times()
)
TABLES = st.dictionaries(
    KEYS,
    st.recursive(
        LEAVES, lambda below: st.lists(below, max_size=3) | st.dictionaries(KEYS, below, max_size=3), max_leaves=8
    ),
    max_size=4,
)


@settings(derandomize=True, deadline=None)
@given(TABLES)
def test_any_table_is_a_configuration_or_a_config_error(to_toml: Any, table: dict[str, Any]) -> None:
    """Whatever TOML holds, the answer is a configuration or an error that begins with the file and a line in it."""
    loaded = config_or_diagnostic(to_toml(table))
    if isinstance(loaded, Loaded):
        assert set(table) <= set(Config.__struct_fields__)
        assert loaded.config.mode == table.get("mode", "paper")
    else:
        origin, line, _ = loaded.split(":", 2)
        assert origin == ORIGIN
        assert 1 <= int(line) <= len(table)


@settings(derandomize=True, deadline=None)
@given(st.text(max_size=40) | st.text("ab=[]{}\"'#.\n,1", max_size=20))
def test_any_text_is_a_configuration_or_a_config_error(text: str) -> None:
    """Text that isn't TOML raises nothing but `ConfigError` either."""
    loaded = config_or_diagnostic(text)
    assert isinstance(loaded, Loaded) or loaded.startswith(f"{ORIGIN}:")
