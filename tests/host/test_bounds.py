"""Configurations that would take minutes, gigabytes or nonsense figures: each is refused at once, by its key."""

from pathlib import Path

import pytest

from mainspring.errors import ConfigError
from mainspring.host.config import load_config, parse_config
from mainspring.host.config_text import MOST_BYTES, MOST_LEVELS, check_levels
from mainspring.host.planning import make_plan
from mainspring.host.registry import Registry


def refused(text: str, *overrides: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_config(text, "s.toml", Path(), overrides)
    return str(caught.value)


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry.load()


@pytest.mark.parametrize("levels", [MOST_LEVELS + 1, 100_000])
@pytest.mark.parametrize("part", ["a", '"a.b"', "'a'"])
@pytest.mark.parametrize(
    "text", ["mode = 'paper'\n{key} = 1", "mode = 'paper'\n[{key}]", "seed = 1\nbook = {{ {key} = 1 }}"]
)
def test_a_key_of_many_parts_is_refused_before_it_is_read(levels: int, part: str, text: str) -> None:
    """As a key, a table or within one, of whatever kind of parts: the file and line are told, and not all of it."""
    said = refused(text.format(key=" . ".join([part] * levels)))
    assert said.startswith(f"s.toml:2: a key of more than {MOST_LEVELS} parts: ")
    assert len(said) < 250


@pytest.mark.parametrize("override", ["{key}=1", "book={{ {key} = 1 }}"])
def test_a_key_of_many_parts_is_refused_in_an_override(override: str) -> None:
    """`--set` is bounded as the file is."""
    assert "a key of more than 32 parts" in refused("", override.format(key=".".join("a" * 1_000)))


@pytest.mark.parametrize(
    "text",
    [
        "# " + "a." * 50,
        'x = "' + "a." * 50 + '"',
        "x = '" + "a." * 50 + "' # " + "b." * 50,
        'x = """\n' + "a." * 50 + '\n"""',
        "x = '''\n" + "a." * 50 + "\n'''",
        ".".join("a" * MOST_LEVELS) + " = 1",
    ],
)
def test_points_in_text_and_comments_are_no_levels(text: str) -> None:
    """What isn't a key isn't counted, and the longest key that is allowed passes."""
    check_levels(text, "s.toml")


def test_an_override_of_many_signs_is_refused_at_once() -> None:
    """Each "=" may end the key, and only so many are tried."""
    assert "write it as key=value" in refused("", "!" + "=" * 100_000)


@pytest.mark.parametrize("number", ["1E+999999999", "1e-999999999", "0E-999999999", "1e400", "9" * 5_000, "1e37"])
def test_a_number_of_too_many_digits_is_refused_by_its_key(registry: Registry, number: str) -> None:
    """Exact arithmetic with it would take seconds to hours: as text, and as an option of a plugin's too."""
    said = refused(f"[instrument.X]\ntick_size = '{number}'")
    assert said.startswith("s.toml:2: instrument.X.tick_size: expected a number of at most 1e+36")
    assert len(said) < 250
    with pytest.raises(ConfigError, match=r"--set risk.max_position: expected a number of at most 1e\+36"):
        make_plan(load_config(None, [f"risk.max_position='{number}'"]), registry)


@pytest.mark.parametrize("key", ["budget.feed_us", "market.warm_up_s", "strategy.x.fast_s", "risk.max_position"])
@pytest.mark.parametrize("number", ["inf", "-inf", "nan", "1e308", "1e37", "1E+999999999"])
def test_a_number_that_no_setting_takes_is_refused_by_its_key(key: str, number: str) -> None:
    """Infinity, what isn't a number, and what is larger than any market: in the file and by `--set`."""
    said = refused(f"{key} = {number}")
    assert said.startswith(f"s.toml:1: {key}: expected a number of at most 1e+36; found the number ")
    assert refused("", f"{key}={number}").startswith(f"--set {key}: expected a number of at most 1e+36")


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("budget.feed_us=1e15", "expected a number of at most 3600000000"),
        ("hardware.timer_slack_ns=1_000_000_001", "expected a whole number of at most 1000000000"),
        ("latency.request_us=1e9", "request_us: must be a number of 0 to 60,000,000, not 1"),
        ("router.settle_ms=1e15", "settle_ms: must be a number of 0 to 600,000, not 1"),
        ("market.volatility_half_life_s=1e10", "must be a number of seconds above zero, a year's at most"),
        ("strategy.maker.edge_ticks=10_000_000_000", "edge_ticks: must be from -1,000,000,000 to 1,000,000,000"),
        ("strategy.maker.retry_ms=10_000_000_000", "retry_ms: must be from 0 to 1,000,000,000"),
    ],
)
def test_each_number_has_a_range_that_makes_sense(registry: Registry, override: str, said: str) -> None:
    """A latency of thirty years, a half-life of three hundred: refused by key, with the range."""
    with pytest.raises(ConfigError) as caught:
        make_plan(load_config(None, [override]), registry)
    assert said in str(caught.value)


@pytest.mark.parametrize("text", ["instruments = [{}]", "[feed]\ncapture = [{}]", "[feeds.a]\ninstruments = [{}]"])
def test_a_list_of_too_many_is_refused_by_its_key(text: str) -> None:
    """It says how many there are and how many may be, without a look at each."""
    said = refused(text.format(", ".join(f"'{number}'" for number in range(10_001))))
    assert "holds 10,001 entries; at most 10,000 can be handled" in said


def test_a_file_larger_than_any_configuration_is_refused(tmp_path: Path) -> None:
    """A million bytes are read at most, of a device without an end too."""
    path = tmp_path / "s.toml"
    path.write_text("#" * MOST_BYTES)
    assert load_config(path).config.mode == "paper"
    path.write_text("#" * (MOST_BYTES + 1))
    with pytest.raises(ConfigError, match="is larger than 1,048,576 bytes"):
        load_config(path)


def test_a_file_that_isnt_utf_8_is_told_with_its_line(tmp_path: Path) -> None:
    """The byte at fault, its line and the remedy; no decoder's words."""
    path = tmp_path / "s.toml"
    path.write_bytes(b"seed = 1\n# caf\xe9\n")
    with pytest.raises(ConfigError, match=r"s\.toml:2: isn't UTF-8 text: the byte 0xe9 stands there"):
        load_config(path)


@pytest.mark.parametrize("data", [b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"1723161253937085768 {}\n"])
def test_a_capture_in_place_of_a_configuration_is_recognised(tmp_path: Path, data: bytes) -> None:
    """Plain or compressed: the error says what it is, and the option that takes it."""
    path = tmp_path / "v.gz"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=r"looks like a capture, not a configuration: .*--capture"):
        load_config(path)
