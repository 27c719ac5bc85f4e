import enum
from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
import pytest

from mainspring.errors import ConfigError
from mainspring.host.diagnostics import Diagnostic, convert, did_you_mean, dotted
from mainspring.host.key_lines import KeyPath


class Fees(msgspec.Struct, frozen=True):
    maker: Annotated[float, msgspec.Meta(ge=-10, le=8)] = 1.0
    taker: float = 2.0


class Shape(enum.Enum):
    FLAT = "flat"
    STEEP = "steep"


class Constant(msgspec.Struct, frozen=True, tag="constant", tag_field="kind"):
    latency_us: float


class Drawn(msgspec.Struct, frozen=True, tag="drawn", tag_field="kind"):
    low_us: float
    high_us: float


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Options of a stranger's plugin. It forgot to forbid unknown fields, and they are refused all the same."""

    size: int
    depth: Annotated[int, msgspec.Meta(gt=0, lt=100)] = 5
    label: Annotated[str, msgspec.Meta(min_length=2)] = "ab"
    fees: Fees | None = None
    tiers: list[Fees] = []
    by_venue: dict[str, Fees] = {}
    pair: tuple[int, Fees] = (0, Fees())
    shape: Shape | None = None
    style: Literal["calm", "bold"] | None = None
    latency: Constant | Drawn = Constant(250)
    burst: Constant | None = None
    width: int | str = 1

    def __post_init__(self) -> None:
        if self.size < self.depth:
            raise ValueError(f"size must be at least the depth, {self.depth}, not {self.size}")
        if self.label == "no":
            raise ValueError("this label isn't liked")


PATH = ("strategy", "maker")


@pytest.fixture
def decode(to_toml: Callable[[dict[str, Any]], str]) -> Callable[..., Options]:
    """Decodes options that stand in `[strategy.maker]`, one key a line from the second line on."""

    def run(options: dict[str, Any], **keywords: Any) -> Options:
        text = f"[strategy.maker]\n{to_toml(options)}"
        diagnostic = Diagnostic("f.toml", text, {"strategy": {"maker": options}}, frozenset())
        return convert(options, Options, diagnostic, PATH, **keywords)

    return run


Decode = Callable[..., Options]


def test_options_that_fit_are_decoded(decode: Decode) -> None:
    """Nested tables, lists of tables and tagged tables arrive in the plugin's own struct."""
    options = decode(
        {
            "size": 9,
            "tiers": [{"maker": 3}],
            "by_venue": {"a.b": {}},
            "pair": [1, {"taker": 4}],
            "latency": {"kind": "drawn", "low_us": 1, "high_us": 2},
            "burst": {"kind": "constant", "latency_us": 3},
            "shape": "flat",
            "style": "bold",
        }
    )
    assert options.tiers == [Fees(maker=3.0)]
    assert options.by_venue == {"a.b": Fees()}
    assert options.pair == (1, Fees(taker=4))
    assert (options.latency, options.burst) == (Drawn(1, 2), Constant(3))
    assert (options.shape, options.style) == (Shape.FLAT, "bold")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"size": "x"}, '2: maker.size: expected a whole number; found the text "x"'),
        ({"size": 9, "depth": 0}, "3: maker.depth: expected a whole number of at least 1; found the number 0"),
        ({"size": 9, "depth": 200}, "3: maker.depth: expected a whole number of at most 99; found the number 200"),
        ({"size": 9, "label": "a"}, '3: maker.label: expected text in quotes of length >= 2; found the text "a"'),
        ({"size": 9, "fees": 3}, "3: maker.fees: expected a table; found the number 3"),
        ({"size": 9, "fees": {"maker": 9}}, "3: maker.fees.maker: expected a number of at most 8; found the number 9"),
        ({"size": 9, "tiers": [{}, {"taker": "x"}]}, '3: maker.tiers.1.taker: expected a number; found the text "x"'),
        ({"size": 9, "pair": [1, {"taker": []}]}, "3: maker.pair.1.taker: expected a number; found the list []"),
        ({"size": 9, "pair": [1]}, "3: maker.pair: expected a list of length 2; found the list [1]"),
        ({"size": 9, "shape": "x"}, '3: maker.shape: expected one of "flat", "steep"; found the text "x"'),
        ({"size": 9, "style": 3}, '3: maker.style: expected one of "bold", "calm"; found the number 3'),
        ({"size": 9, "width": 1.5}, "3: maker.width: expected a whole number or text in quotes; found the number 1.5"),
        ({"size": 9, "fees": {"maker": True}}, "3: maker.fees.maker: expected a number; found true"),
        ({"depth": 3}, "1: maker: the required key size is missing"),
        ({}, "1: maker: the required key size is missing"),
        ({"depth": 7, "size": 6}, "3: maker.size: must be at least the depth, 7, not 6"),
        ({"size": 9, "label": "no"}, "1: maker: this label isn't liked"),
    ],
)  # fmt: skip
def test_wrong_options_are_told_with_their_place(decode: Decode, options: dict[str, Any], error: str) -> None:
    """The error has the line, the whole path through tables and lists, what would be valid and what was found."""
    with pytest.raises(ConfigError) as caught:
        decode(options)
    line, _, problem = error.partition(": ")
    assert str(caught.value) == f"f.toml:{line}: strategy.{problem}"


def test_an_error_inside_a_table_of_any_keys_points_at_the_table(decode: Decode) -> None:
    """The decoder doesn't say under which name of such a table the fault lies, so the table itself is named."""
    with pytest.raises(ConfigError, match=r"^f\.toml:3: strategy\.maker\.by_venue: expected a number; found the table"):
        decode({"size": 9, "by_venue": {"a.b": {"taker": "x"}}})


def test_an_error_inside_one_of_several_tables_is_told(decode: Decode) -> None:
    """Where a table may be of several kinds, the kind that it says it is is the one that judges it."""
    with pytest.raises(ConfigError, match=r"maker\.latency\.low_us: expected a number; found the text"):
        decode({"size": 9, "latency": {"kind": "drawn", "low_us": "x", "high_us": 1}})
    with pytest.raises(ConfigError, match=r"maker\.latency\.kind: .*'uniform'"):
        decode({"size": 9, "latency": {"kind": "uniform"}})


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"size": 9, "detph": 3}, 'detph: no such key; did you mean "depth"?'),
        ({"size": 9, "fees": {"makr": 3}}, 'fees.makr: no such key; did you mean "maker"?'),
        ({"size": 9, "tiers": [{}, {"makr": 3}]}, 'tiers.1.makr: no such key; did you mean "maker"?'),
        ({"size": 9, "by_venue": {"a.b": {"x": 3}}}, 'by_venue."a.b".x: no such key. There are: maker, taker.'),
        ({"size": 9, "pair": [1, {"x": 3}]}, "pair.1.x: no such key. There are: maker, taker."),
    ],
)
def test_an_unknown_option_is_refused_at_every_level(decode: Decode, options: dict[str, Any], key: str) -> None:
    """Even if the plugin's struct would let it pass, a key that means nothing is an error."""
    with pytest.raises(ConfigError) as caught:
        decode(options)
    assert str(caught.value).startswith(f"f.toml:3: strategy.maker.{key}")


def test_the_slots_own_keys_are_named_among_a_plugins(decode: Decode) -> None:
    """A misspelt `plugin` reaches the plugin's options, and the right word is offered there."""
    with pytest.raises(ConfigError, match=r'plugn: no such key; did you mean "plugin"\? There are: plugin, size, '):
        decode({"size": 9, "plugn": "x"}, beside=("plugin",))


@pytest.mark.parametrize("value", ["x", []])
def test_a_value_in_place_of_a_table_is_named_by_its_own_key(value: object) -> None:
    """`[risk] name = VALUE` stands for `name.limit`, which the reader never wrote and so isn't shown."""
    diagnostic = Diagnostic("f.toml", "[risk]\nmax_size = 0", {"risk": {"max_size": value}}, frozenset())
    with pytest.raises(ConfigError, match=r"^f\.toml:2: risk\.max_size: expected a number; found the (text|list)"):
        convert({"limit": value}, msgspec.defstruct("Limit", [("limit", float)]), diagnostic, ("risk", "max_size"))


@pytest.mark.parametrize(
    ("path", "where"),
    [
        (("book", "plugin"), "f.toml:2"),
        (("book", "depth"), "--set book.depth"),
        (("book", "depth", "below"), "--set book.depth"),
        (("book", "absent"), "f.toml:1"),
        (("router", "plugin"), "--set router"),
        (("router",), "--set router"),
        (("feed",), "--set feed.capture"),
        (("absent",), "f.toml"),
        (("book",), "f.toml:1"),
    ],
)
def test_a_key_is_where_it_was_set_last(path: KeyPath, where: str) -> None:
    """An override of a key, or of a table above it, goes before the file's line, and a table stands in for a key."""
    text = "[book]\nplugin = 'x'\ndepth = 3\n[router]\nplugin = 'y'"
    overridden = frozenset({("book", "depth"), ("router",), ("feed", "capture")})
    assert Diagnostic("f.toml", text, {}, overridden).where(path) == where


def test_a_path_is_written_as_toml_writes_it() -> None:
    """Parts that TOML would want in quotes are in quotes."""
    assert dotted(("instrument", "BTC/USDT", "tick_size")) == 'instrument."BTC/USDT".tick_size'
    assert dotted(("a-b", "", 'c"d')) == 'a-b.""."c\\"d"'


def test_a_name_that_resembles_nothing_brings_only_the_list() -> None:
    """No guess is made where there is nothing near."""
    assert did_you_mean("xyz", ["book", "feed"]) == ". There are: book, feed."
    assert did_you_mean("bok", ["book", "feed"]) == '; did you mean "book"? There are: book, feed.'
    assert did_you_mean("xyz", []) == "."
