"""Shows that check_offer gives a verdict whatever an offer does, and that check_strategy finds what is broken."""

import msgspec
import pytest

from mainspring.errors import ConformanceError
from mainspring.model import Side
from mainspring.seams import Subscription
from mainspring.testing import CheckOutcome, NaiveBook, PlainJsonCodec, check_offer, check_strategy
from mainspring_plugins.codecs.json import JsonCodec
from mainspring_plugins.codecs.ormsgpack import OrmsgpackCodec


def test_a_sound_book_is_ok() -> None:
    """With no rule and the seed that it was checked with."""
    assert check_offer("book", "naive", NaiveBook, seed=7) == CheckOutcome(seam="book", name="naive", ok=True, seed=7)


def test_a_broken_codec_is_not() -> None:
    """The verdict has the rule and the detail."""
    stated = {"format": "json", "strict": True}
    assert check_offer("codec", "json", JsonCodec, capabilities=stated).ok
    verdict = check_offer("codec", "plain", PlainJsonCodec, capabilities=stated)
    assert verdict.ok is False
    assert verdict.rule == "what is valid decodes to its value"
    assert verdict.detail


def test_a_codec_must_state_its_format_and_what_it_lets_through() -> None:
    """Both are asked for by the seam."""
    assert check_offer("codec", "json", JsonCodec).rule == "the format is stated"
    pytest.importorskip("ormsgpack")
    stated = {"format": "msgpack", "strict": False}
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
    on_timer = None


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
