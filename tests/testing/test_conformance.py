"""Shows that check_offer gives a verdict whatever an offer does, and that check_strategy finds what is broken."""

import msgspec
import pytest

from mainspring.errors import ConformanceError
from mainspring.host.registry import Registry
from mainspring.model import Instrument, Side
from mainspring.seams import MarketView, Orders, Subscription
from mainspring.testing import CheckOutcome, NaiveBook, PlainJsonCodec, check_offer, check_strategy
from mainspring_plugins.codecs.json import JsonCodec
from mainspring_plugins.codecs.ormsgpack import OrmsgpackCodec


def test_a_sound_book_is_ok() -> None:
    """With no rule and the seed that it was checked with."""
    assert check_offer("book", "naive", NaiveBook, seed=7) == CheckOutcome(seam="book", name="naive", ok=True, seed=7)


def test_a_broken_codec_is_not() -> None:
    """The verdict has the rule and the detail."""
    stated: dict[str, str | int | bool] = {"format": "json", "strict": True}
    assert check_offer("codec", "json", JsonCodec, capabilities=stated).ok
    verdict = check_offer("codec", "plain", PlainJsonCodec, capabilities=stated)
    assert verdict.ok is False
    assert verdict.rule == "what is valid decodes to its value"
    assert verdict.detail


def test_a_codec_must_state_its_format_and_what_it_lets_through() -> None:
    """Both are asked for by the seam."""
    assert check_offer("codec", "json", JsonCodec).rule == "the format is stated"
    pytest.importorskip("ormsgpack")
    stated: dict[str, str | int | bool] = {"format": "msgpack", "strict": False}
    verdict = check_offer("codec", "ormsgpack", OrmsgpackCodec, capabilities=stated)
    assert "says what it lets through" in verdict.rule


def test_a_factory_that_raises_is_a_verdict() -> None:
    """Nothing is raised, whatever the plugin does."""

    def factory(instrument: object) -> object:
        raise ZeroDivisionError("oops")

    verdict = check_offer("book", "broken", factory)
    assert verdict.ok is False
    assert verdict.detail == "ZeroDivisionError: oops"


def test_what_sends_real_orders_is_left_alone() -> None:
    """A router that doesn't say it is simulated isn't even made."""

    def factory(context: object) -> object:
        raise AssertionError("made")

    verdict = check_offer("router", "alpaca", factory)
    assert verdict.ok is None
    assert "real orders" in verdict.detail


def test_options_are_their_defaults_and_1000_for_the_rest() -> None:
    """The factory gets an instance, and what can't be filled so is left out with a word."""

    class Options(msgspec.Struct):
        limit: int
        depth: int = 3

    class Unfillable(msgspec.Struct):
        venue: str

    given: list[Options] = []

    def factory(instrument: object, *, options: Options) -> NaiveBook:
        given.append(options)
        return NaiveBook()

    assert check_offer("book", "naive", factory, options=Options).ok
    assert given[0] == Options(1000, 3)
    verdict = check_offer("book", "naive", factory, options=Unfillable)
    assert verdict.ok is None
    assert "venue" in verdict.detail


def test_an_unknown_seam_is_not_checked() -> None:
    """A journal, so far."""
    assert check_offer("journal", "sqlite", NaiveBook).ok is None


class Sound:
    subscription = Subscription(bbo=True, trades=True, fills=True, order_events=True, timer_ms=100)

    def __init__(self, instruments):
        self.called = 0

    def on_bbo(self, market, orders):
        self.called += 1
        if market.live and market.bid_lots and not orders.open_orders():
            orders.submit(Side.BUY, 3, market.bid_ticks)

    def on_trade(self, trade, market, orders):
        self.called += 1

    on_fill = on_order_event = on_trade

    def on_timer(self, market, orders):
        self.called += 1


class Raises(Sound):
    def on_trade(self, trade, market, orders):
        raise ValueError


class AsksForNothing(Sound):
    def on_bbo(self, market, orders):
        orders.submit(Side.BUY, 0, market.ask_ticks)


class ForgetsThePrice(Sound):
    def on_bbo(self, market, orders):
        orders.submit(Side.SELL, 1)


class HasNoMethod(Sound):
    on_timer = None  # type: ignore[assignment]


class ThrowsDice(Sound):
    made = 0

    def __init__(self, instruments):
        super().__init__(instruments)
        ThrowsDice.made += 1
        self.size = ThrowsDice.made

    def on_bbo(self, market, orders):
        orders.submit(Side.BUY, self.size, market.ask_ticks)


@pytest.mark.parametrize(
    ("factory", "rule"),
    [
        (Raises, "never raises"),
        (AsksForNothing, "one lot or more"),
        (ForgetsThePrice, "has a price"),
        (HasNoMethod, "has a method for"),
        (ThrowsDice, "same market"),
    ],
)
def test_a_broken_strategy_is_found(factory, rule) -> None:
    """By the rule that it breaks."""
    with pytest.raises(ConformanceError, match=rule):
        check_strategy(factory)


def test_a_sound_strategy_passes() -> None:
    """Woken in every way that it asks for."""
    check_strategy(Sound)


class Pairs:
    """Trades the second instrument by the first one's price, and knows its orders by their ids."""

    subscription = Subscription(bbo=True)

    def __init__(self, instruments: tuple[Instrument, ...]) -> None:
        self.first, self.second = instruments[0], instruments[1]
        self.mid = 0
        self.seen_ns = 0
        self.ids: set[int] = set()

    def on_bbo(self, market: MarketView, orders: Orders) -> None:
        if market.now_ns < self.seen_ns:
            raise ValueError("time ran backwards")
        self.seen_ns = market.now_ns
        if market.instrument is self.first:
            self.mid = market.bid_ticks
        elif self.mid and market.bid_lots:
            order_id = orders.submit(Side.BUY, 1, market.bid_ticks)
            if order_id in self.ids:
                raise ValueError("two orders of one id")
            self.ids.add(order_id)


def test_a_strategy_of_two_instruments_passes() -> None:
    """It is given two, on one clock, with ids that are the session's."""
    assert check_offer("strategy", "pairs", Pairs, seed=3).ok is True


def test_a_strategy_of_more_says_how_many() -> None:
    """The capability `instruments` is how many it gets at least."""

    class Basket(Pairs):
        def __init__(self, instruments: tuple[Instrument, ...]) -> None:
            super().__init__(instruments)
            self.last = instruments[4]

    assert check_offer("strategy", "basket", Basket).ok is False
    assert check_offer("strategy", "basket", Basket, capabilities={"instruments": 5}).ok is True


def test_a_feed_that_read_nothing_is_not_ok() -> None:
    """A declared feed brings no messages: the verdict is that nothing was checked, with what to run instead."""
    offer = Registry.load(["mainspring"]).get("feed", "binance-spot")
    verdict = check_offer("feed", offer.name, offer.factory, capabilities=offer.capabilities)
    assert verdict.ok is None
    assert "it read nothing" in verdict.detail
    assert "check_feed(factory, messages)" in verdict.detail


def test_a_feed_is_checked_on_its_own_messages() -> None:
    """One that generates them is, and the verdict says on how many."""
    offer = Registry.load(["mainspring"]).get("feed", "simulated")
    verdict = check_offer(
        "feed", offer.name, offer.factory, options=offer.options, capabilities=offer.capabilities, seed=1
    )
    assert (verdict.ok, verdict.detail) == (True, "on 300 messages of its own")


@pytest.mark.parametrize("where", ["factory", "callback"])
def test_a_plugin_that_exits_has_failed(where: str) -> None:
    """`sys.exit(0)` doesn't end the check with a good verdict."""

    class Exits:
        subscription = Subscription(bbo=True)

        def __init__(self, instruments: tuple[Instrument, ...]) -> None:
            if where == "factory":
                raise SystemExit(0)

        def on_bbo(self, market: MarketView, orders: Orders) -> None:
            raise SystemExit(0)

    verdict = check_offer("strategy", "exits", Exits)
    assert verdict.ok is False
    assert verdict.detail == "SystemExit: 0"
