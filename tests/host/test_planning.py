from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from mainspring.errors import ConfigError, UnknownPlugin
from mainspring.host.config import load_config, parse_config
from mainspring.host.offers import Offer
from mainspring.host.plan import Plan
from mainspring.host.planning import make_plan
from mainspring.host.registry import OURS, Registry
from mainspring.model import Instrument
from mainspring.seams import FeedContext, FeedStatistics, Needs

TRADING = '[strategy.one]\nplugin = "maker"\n'


class Limit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    limit: Decimal


class Latency(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    latency_us: int = 250


class FakeFeed:
    """Reads messages that begin with its own letter, and counts the others as ignored."""

    letter = b"a"

    def __init__(self, context: FeedContext) -> None:
        self._ignored = 0

    @classmethod
    def find_instruments(cls, messages: Iterable[tuple[int, bytes]], codec: object) -> tuple[Instrument, ...]:
        if not any(raw.startswith(cls.letter) for _, raw in messages):
            return ()
        size = Decimal("0.5")
        return (Instrument(symbol="A/B", venue_symbol="AB", tick_size=size, lot_size=size, origin="capture"),)

    def on_message(self, raw: bytes, receive_time_ns: int) -> tuple[()]:
        self._ignored += not raw.startswith(self.letter)
        return ()

    def statistics(self) -> FeedStatistics:
        return FeedStatistics(0, {}, {"ignored": self._ignored}, 0, 0)


class OtherFeed(FakeFeed):
    letter = b"b"


class PackCodec:
    """The codec of binary messages."""


class PackedFeed(FakeFeed):
    """Reads the messages of venue-a, given the codec of binary messages."""

    @classmethod
    def find_instruments(cls, messages: Iterable[tuple[int, bytes]], codec: object) -> tuple[Instrument, ...]:
        assert isinstance(codec, PackCodec)
        return super().find_instruments(messages, codec)


class Generated:
    """A feed that brings its own messages, and knows the grid of any symbol."""

    @staticmethod
    def describe(symbol: str, venue_symbol: str | None) -> Instrument:
        name = venue_symbol or symbol.replace("/", "")
        return Instrument(symbol=symbol, venue_symbol=name, tick_size=Decimal(1), lot_size=Decimal(1), origin="feed")


@pytest.fixture
def registry(make_offer: Callable[..., Offer], make_registry: Callable[..., Registry]) -> Registry:
    """One default and one other offer for most seams."""
    return make_registry(
        make_offer("feed", "generator", Generated, rank=10, capabilities={"generated": True}),
        make_offer("feed", "venue-a", FakeFeed),
        make_offer("feed", "venue-b", OtherFeed),
        make_offer("feed", "packed", PackedFeed, capabilities={"encodings": "cbor, msgpack"}),
        make_offer("decoder", "closures", rank=10),
        make_offer("book", "plain", rank=10),
        make_offer("book", "fast", needs=Needs(packages=("no_such_package",))),
        make_offer("book", "sized", options=Latency),
        make_offer("codec", "text", rank=10, capabilities={"format": "json"}),
        make_offer("codec", "pack", PackCodec, rank=10, capabilities={"format": "msgpack"}),
        make_offer("codec", "loose", capabilities={"format": "msgpack", "strict": False, "lenient": "it rounds"}),
        make_offer("slippage", "flat", rank=10),
        make_offer("records", "bytes", rank=10),
        make_offer("router", "paper", rank=10, options=Latency),
        make_offer("strategy", "maker"),
        make_offer("risk", "max_size", options=Limit, capabilities={"required": True}),
        make_offer("risk", "collar", options=Limit),
        make_offer("risk", "switch"),
    )


@pytest.fixture
def plan(registry: Registry, tmp_path: Path) -> Callable[..., Plan]:
    """Plans a configuration whose file lies in an empty folder with two small captures."""
    (tmp_path / "a.capture").write_bytes(b"1 a1\n2 a2\n3 b3\n")
    (tmp_path / "tie.capture").write_bytes(b"1 a1\n2 b2\n")
    (tmp_path / "none.capture").write_bytes(b"1 x1\n")

    def make(text: str, *overrides: str) -> Plan:
        return make_plan(parse_config(text, "s.toml", tmp_path, overrides), registry)

    return make


Planner = Callable[..., Plan]


def diagnostic(plan: Planner, text: str, *overrides: str) -> str:
    with pytest.raises(ConfigError) as caught:
        plan(text, *overrides)
    return str(caught.value)


def test_what_the_config_leaves_open_is_the_default_and_says_so(plan: Planner) -> None:
    """Each slot that nobody pins is filled by its seam's default, by the rule "default"."""
    made = plan(TRADING + '[instrument."A/B"]', 'instruments=["A/B"]')
    chosen = {choice.slot: (choice.plugin, choice.rule) for choice in made.choices()}
    assert chosen == {
        "feed": ("generator", "default"),
        "decoder": ("closures", "default"),
        "codec (json)": ("text", "default"),
        "book": ("plain", "default"),
        "strategy one": ("maker", "pinned"),
        "slippage": ("flat", "default"),
        "router": ("paper", "default"),
        "records": ("bytes", "default"),
    }
    assert {one.because for one in made.choices() if one.rule == "default" and one.seam not in ("feed", "codec")} == {
        "the best installed"
    }
    assert {(one.distribution, one.version) for one in made.choices()} == {("acme", "2.3")}
    assert made.router is not None
    assert made.router.options == Latency()


def test_what_the_config_pins_names_its_line(plan: Planner) -> None:
    """A pinned slot says which line of which file, or which override, pinned it."""
    text = f'instruments = ["A/B"]\nbook = {{ plugin = "sized", latency_us = 7 }}\n[risk]\ncollar = 5\n{TRADING}'
    made = plan(text, "slippage.plugin=flat")
    assert (made.book.rule, made.book.because, made.book.options) == ("pinned", "pinned by s.toml:2", Latency(7))
    assert made.slippage is not None
    assert made.slippage.because == "pinned by --set slippage.plugin"
    assert [(one.slot, one.because, one.options) for one in made.risk] == [
        ("risk collar", "pinned by s.toml:4", Limit(Decimal(5)))
    ]
    assert made.strategies[0].choice.because == "pinned by s.toml:6"


def test_a_pinned_slot_needs_no_default(
    make_offer: Callable[..., Offer], make_registry: Callable[..., Registry]
) -> None:
    """Where the config names every plugin, seams without a default are no error; where it doesn't, they are."""
    registry = make_registry(
        make_offer("feed", "generator", Generated, capabilities={"generated": True}),
        make_offer("decoder", "closures"),
        make_offer("book", "plain"),
        make_offer("codec", "text", capabilities={"format": "json"}),
        make_offer("codec", "pack", capabilities={"format": "msgpack"}),
    )
    text = (
        'mode = "replay"\ninstruments = ["A/B"]\nfeed.plugin = "generator"\ndecoder.plugin = "closures"\n'
        'codec = {json = "text", binary = "pack"}\n'
    )
    made = make_plan(parse_config(f"{text}book.plugin = 'plain'", "s.toml", Path()), registry)
    assert made.book.plugin == "plain"
    with pytest.raises(UnknownPlugin, match="no book plugin is chosen unasked here; name one in the config"):
        make_plan(parse_config(text, "s.toml", Path()), registry)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("book.plugin = 'plane'", 's.toml:1: book.plugin: no book plugin is named \'plane\'; did you mean "plain"?'),
        ("book.plugin = 'fast'", "s.toml:1: book.plugin: the book plugin 'fast' of acme can't run here: it needs the"),
        ("book.plugn = 'plain'", 's.toml:1: book.plugn: no such key; did you mean "plugin"? There are: plugin.'),
        ("[router]\nlatncy = 5", 's.toml:2: router.latncy: no such key; did you mean "latency_us"? There are: plugin'),
        ("[router]\nlatency_us = 'x'", "s.toml:2: router.latency_us: expected a whole number; found the text"),
        ("[risk]\ncoller = 5", 's.toml:2: risk.coller: no risk plugin is named \'coller\'; did you mean "collar"?'),
        ("[risk]\ncollar = 'x'", 's.toml:2: risk.collar: expected a decimal number; found the text "x"'),
        ("[risk.collar]\nlimt = 5", 's.toml:2: risk.collar.limt: no such key; did you mean "limit"?'),
        ("[risk]\nswitch = true", "s.toml:2: risk.switch: the risk plugin 'switch' takes no options"),
        ("codec.json = 'pack'", "s.toml:1: codec.json: 'pack' is a msgpack codec; this slot is json"),
        ("codec.json = 'txt'", 's.toml:1: codec.json: no codec plugin is named \'txt\'; did you mean "text"?'),
        (
            "feed.encoding = 'msgpack'\ncodec.binary = 'loose'",
            "s.toml:2: codec.binary: no feed can be read with 'loose', which doesn't decode as every other codec",
        ),
        ("[feed]\nskipbad = true", 's.toml:2: feed.skipbad: no such key; did you mean "skip_bad"?'),
        ("feed.plugin = 'venue-a'", "s.toml:1: feed: 'venue-a' has no messages of its own; add feed.capture"),
        ("feed.encoding = 'xml'", 's.toml:1: feed.encoding: expected one of "json", "msgpack"; found the text "xml"'),
        ("feed.encoding = 'msgpack'", "s.toml:1: feed.encoding: the feed 'generator' reads no msgpack; it reads: json"),
        (
            "[feed]\nplugin = 'venue-a'\ncapture = 'a.capture'\nencoding = 'msgpack'",
            "s.toml:4: feed.encoding: the feed 'venue-a' reads no msgpack; it reads: json",
        ),
        (
            "[feed]\nplugin = 'packed'\ncapture = 'a.capture'",
            "s.toml:1: feed.encoding: the feed 'packed' reads no json; it reads: cbor, msgpack",
        ),
        ("feed.capture = 'nothing.gz'", "s.toml:1: feed.capture: there is no file"),
        ("feed.capture = []", "s.toml:1: feed.capture: is empty"),
        ("[strategy.two]\nedge = 3", "s.toml:1: strategy.two: names no plugin; a strategy is never chosen for you."),
    ],
)  # fmt: skip
def test_a_slot_that_cannot_be_filled_is_told_with_its_line(plan: Planner, text: str, error: str) -> None:
    """Unknown, unusable and wrongly set plugins are told with file, line, full key path and the nearest right name."""
    assert diagnostic(plan, f"{text}\n{TRADING}", 'instruments=["A/B"]').startswith(error)


def test_paper_trading_needs_a_strategy_and_replay_none(plan: Planner) -> None:
    """Without a strategy a paper session is refused with both ways out; a replay has no trading part at all."""
    assert 'set mode = "replay"' in diagnostic(plan, 'instruments = ["A/B"]')
    made = plan(f'mode = "replay"\ninstruments = ["A/B"]\n{TRADING}')
    assert (made.slippage, made.router, made.strategies, made.risk) == (None, None, (), ())


def test_the_codec_of_the_other_encoding_is_not_used_and_has_to_fit(plan: Planner) -> None:
    """A config may name both; a plan has the one that its feed reads with."""
    text = f'instruments = ["A/B"]\n{TRADING}'
    assert plan(text, "codec.binary=pack").codec.plugin == "text"
    said = diagnostic(plan, text, "codec.binary=text")
    assert said == "--set codec.binary: 'text' is a json codec; this slot is msgpack"


def test_required_limits_that_are_not_set_are_named(plan: Planner) -> None:
    """The plan says which limits are missing, so that explain can say that no order will go out."""
    text = f'instruments = ["A/B"]\n{TRADING}'
    assert plan(text).missing_limits == ("max_size",)
    assert plan(text, "risk.max_size=1").missing_limits == ()


def test_the_feed_that_reads_a_capture_best_is_taken(plan: Planner) -> None:
    """Where nobody names the feed of a capture it is recognised, and the plan says how."""
    made = plan(f"feed.capture = 'a.capture'\n{TRADING}")
    assert (made.feed.plugin, made.feed.rule) == ("venue-a", "default")
    assert made.feed.because == "it reads 2 messages at the start of the capture, more than any other feed"
    assert [(one.symbol, one.origin) for one in made.instruments] == [("A/B", "capture")]


@pytest.mark.parametrize("plugin", ["auto", "packed"])
def test_the_encoding_says_which_codec_the_feed_reads_with(plan: Planner, plugin: str) -> None:
    """A feed is recognised among those of the encoding, finds its instruments with that codec, and the plan says so."""
    made = plan(f"feed = {{plugin = '{plugin}', capture = 'a.capture', encoding = 'msgpack'}}\n{TRADING}")
    assert (made.feed.plugin, made.source.encoding) == ("packed", "msgpack")
    assert [one.symbol for one in made.instruments] == ["A/B"]
    assert (made.codec.slot, made.codec.plugin) == ("codec (binary)", "pack")
    in_json = plan(f"feed.capture = 'a.capture'\n{TRADING}")
    assert (in_json.codec.slot, in_json.codec.plugin) == ("codec (json)", "text")


@pytest.mark.parametrize(
    ("capture", "said"),
    [
        ("tie", "venue-a and venue-b read it equally well"),
        ("none", 'no feed can read any json message of it (feed.encoding = "json")'),
    ],
)
def test_a_capture_that_is_not_recognised_asks_for_its_feed(plan: Planner, capture: str, said: str) -> None:
    """Where no feed, or more than one, reads a capture best, the config has to name it."""
    error = diagnostic(plan, f"feed.capture = '{capture}.capture'\n{TRADING}")
    assert error.startswith(f"s.toml:1: feed.plugin: {capture}.capture: {said}; name the feed")
    assert error.endswith("(--feed NAME): venue-a, venue-b")


def test_the_built_in_configuration_can_be_planned() -> None:
    """What runs without a file, and what `mainspring init` writes, is a plan of our own plugins with all limits set."""
    registry = Registry.load(OURS)
    made = make_plan(load_config(None), registry)
    assert {one.distribution for one in made.choices()} <= set(OURS)
    assert made.missing_limits == ()
    assert [(one.symbol, one.venue_symbol) for one in made.instruments] == [("BTC/USDT", "BTCUSDT")]
