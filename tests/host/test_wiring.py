from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from mainspring.errors import ConfigError, PluginError, WireError
from mainspring.host.config import parse_config
from mainspring.host.offers import Offer
from mainspring.host.plan import Plan
from mainspring.host.planning import make_plan
from mainspring.host.registry import Registry
from mainspring.host.wiring import wire
from mainspring.model import Instrument
from mainspring.seams import FeedContext, RouterContext

TEXT = """
instruments = ["A/B", "C/D"]
seed = 9
router.delay = 5
[strategy.one]
plugin = "maker"
[strategy.two]
plugin = "maker"
[risk]
collar = 3
"""


_METHODS = (
    *("on_message", "on_market", "submit", "cancel", "replace", "poll", "estimate", "check", "encode"),
    *("apply_delta", "apply_snapshot", "clear", "bbo", "lots_at", "depth", "walk", "__len__"),
)


class Delay(msgspec.Struct, frozen=True):
    delay: int = 0


class Limit(msgspec.Struct, frozen=True):
    limit: int


class Recorder:
    """Factories that note how they are called, each making an object with what the lane binds of it."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self.raising: dict[str, Exception] = {}

    def factory(self, name: str) -> Callable[..., Any]:
        def make(*arguments: Any, **keywords: Any) -> Any:
            self.calls.append((name, arguments, keywords))
            if name in self.raising:
                raise self.raising[name]
            nothing: Callable[..., Any] = lambda *_: None  # noqa: E731
            # A strategy may have no method that starts with "on_" but the callbacks.
            methods = ("on_bbo",) if name == "maker" else _METHODS
            return SimpleNamespace(name=name, due_ns=0, **dict.fromkeys(methods, nothing))

        return make

    def of(self, name: str) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
        return [(arguments, keywords) for called, arguments, keywords in self.calls if called == name]


@pytest.fixture
def recorder() -> Recorder:
    """Factories that note how they are called."""
    return Recorder()


@pytest.fixture
def registry(recorder: Recorder, make_offer: Callable[..., Offer], make_registry: Callable[..., Registry]) -> Registry:
    """One default for every slot, made by the recorder."""

    def default(seam: str, name: str, **more: Any) -> Offer:
        return make_offer(seam, name, recorder.factory(name), rank=10, **more)

    feed = default("feed", "generator", capabilities={"generated": True, "encodings": "json,msgpack"})
    feed.factory.describe = lambda symbol, venue_symbol: Instrument(
        symbol=symbol, venue_symbol=symbol, tick_size=Decimal(1), lot_size=Decimal(1)
    )
    return make_registry(
        feed,
        default("decoder", "closures"),
        default("book", "plain"),
        default("codec", "text", capabilities={"format": "json"}),
        default("codec", "pack", capabilities={"format": "msgpack"}),
        default("slippage", "flat"),
        default("records", "bytes"),
        default("router", "paper", options=Delay, capabilities={"watches_market": True}),
        make_offer("strategy", "maker", recorder.factory("maker")),
        make_offer("risk", "collar", recorder.factory("collar"), options=Limit),
    )


@pytest.fixture
def plan(registry: Registry, recorder: Recorder) -> Plan:
    """A session of two instruments and two strategies."""
    made = make_plan(parse_config(TEXT, "s.toml", Path()), registry)
    recorder.calls.clear()
    return made


def test_each_factory_is_called_as_its_hook_says(plan: Plan, registry: Registry, recorder: Recorder) -> None:
    """Arguments, options and number of calls are those that the hooks' docstrings constraint to plugin authors."""
    lane = wire(plan, registry).lane
    instruments = plan.instruments
    assert recorder.of("text") == [((), {})]
    assert recorder.of("pack") == []
    assert recorder.of("bytes") == [((), {})]
    ((context,), nothing), *more_feeds = recorder.of("generator")
    assert (type(context), context.instruments, context.codec.name, nothing) == (FeedContext, instruments, "text", {})
    assert more_feeds == []
    assert context.encoding == "json"
    assert recorder.of("closures") == []
    declared = object()
    context.decoder(declared, context)
    assert recorder.of("closures") == [((declared, context), {})]
    assert recorder.of("plain") == [((one,), {}) for one in instruments]
    assert recorder.of("flat") == [((one,), {}) for one in instruments]
    assert recorder.of("collar") == [((one,), {"options": Limit(3)}) for one in instruments]
    assert recorder.of("maker") == [((), {}), ((), {})]
    (((routed,), keywords),) = recorder.of("paper")
    assert (type(routed), routed.instruments, routed.seed) == (RouterContext, instruments, 9)
    assert keywords == {"options": Delay(5)}
    assert len(routed.books) == len(instruments)
    assert [market.book for market in lane.markets] == list(routed.books)
    assert lane.order_manager is not None


@pytest.mark.parametrize("mode", ["paper", "replay"])
def test_a_feed_of_binary_messages_gets_the_binary_codec(registry: Registry, recorder: Recorder, mode: str) -> None:
    """Where the config says msgpack, the feed reads with that slot's codec: made once, no codec of JSON beside it."""
    plan = make_plan(parse_config(TEXT, "s.toml", Path(), [f"mode={mode}", "feed.encoding=msgpack"]), registry)
    recorder.calls.clear()
    wire(plan, registry)
    (((context,), _),) = recorder.of("generator")
    assert (context.codec.name, context.encoding) == ("pack", "msgpack")
    assert (recorder.of("pack"), recorder.of("text")) == ([((), {})], [])


def test_a_replay_makes_no_trading_part(registry: Registry, recorder: Recorder) -> None:
    """Where only markets are rebuilt, no strategy, model, check or router is made."""
    wired = wire(make_plan(parse_config(TEXT, "s.toml", Path(), ["mode=replay"]), registry), registry)
    assert wired.lane.order_manager is None
    assert (wired.log, wired.routers) == (None, ())
    assert {name for name, _, _ in recorder.calls} == {"text", "generator", "plain"}


@pytest.mark.parametrize("name", ["text", "bytes", "generator", "plain", "flat", "collar", "maker", "paper"])
def test_a_factory_that_raises_names_its_plugin(plan: Plan, registry: Registry, recorder: Recorder, name: str) -> None:
    """A stranger's exception becomes one that says whose plugin it was, with the cause chained."""
    recorder.raising[name] = KeyError("depth")
    with pytest.raises(PluginError, match=rf"{name}' of acme 2\.3 can't be made: KeyError: 'depth'") as caught:
        wire(plan, registry)
    assert caught.value.distribution == "acme"
    assert isinstance(caught.value.__cause__, KeyError)


def test_an_error_of_ours_from_a_factory_names_its_plugin(plan: Plan, registry: Registry, recorder: Recorder) -> None:
    """What a factory refuses on purpose is an error about the config, and says which plugin refused."""
    recorder.raising["generator"] = WireError("no such channel")
    with pytest.raises(ConfigError, match=r"the feed 'generator' of acme 2\.3 can't be made: no such channel"):
        wire(plan, registry)


def test_an_error_about_the_config_from_a_factory_stays_what_it_is(
    plan: Plan, registry: Registry, recorder: Recorder
) -> None:
    """An error that is about the config already arrives as it was raised."""
    error = ConfigError("no such channel")
    recorder.raising["generator"] = error
    with pytest.raises(ConfigError) as caught:
        wire(plan, registry)
    assert caught.value is error
