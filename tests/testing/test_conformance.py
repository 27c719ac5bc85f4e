"""Shows that check_offer gives a verdict whatever an offer does."""

from decimal import Decimal
from pathlib import Path
from typing import Literal

import msgspec
import pytest

from mainspring.host.registry import Registry
from mainspring.testing import CheckOutcome, NaiveBook, PlainJsonCodec, check_offer, sample_options
from mainspring_plugins.codecs.json import JsonCodec
from mainspring_plugins.journals.sqlite import SqliteJournal, SqliteOptions


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
    stated: dict[str, str | int | bool] = {"format": "json", "strict": False}
    verdict = check_offer("codec", "plain", PlainJsonCodec, capabilities=stated)
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


class _Either(msgspec.Struct, frozen=True, kw_only=True):
    edge: int = 2
    size: Decimal | None = None
    notional: Decimal | None = None

    def __post_init__(self) -> None:
        if (self.size is None) == (self.notional is None):
            raise ValueError("set size or notional")


class _Never(msgspec.Struct, frozen=True, kw_only=True):
    size: Decimal | None = None

    def __post_init__(self) -> None:
        raise ValueError("never")


def test_one_of_several_options_is_set_where_one_is_needed() -> None:
    """The first that makes the others allowed; an error is what was wrong without it."""
    assert sample_options(_Either) == _Either(size=Decimal(1000))
    with pytest.raises(msgspec.ValidationError, match="never"):
        sample_options(_Never)


def test_options_are_their_defaults_the_first_allowed_or_1000() -> None:
    """The factory gets an instance, and what can't be filled so is left out with a word."""

    class Options(msgspec.Struct):
        limit: int
        side: Literal["buy", "sell"]
        depth: int = 3

    class Unfillable(msgspec.Struct):
        venue: str

    given: list[Options] = []

    def factory(instrument: object, *, options: Options) -> NaiveBook:
        given.append(options)
        return NaiveBook()

    assert check_offer("book", "naive", factory, options=Options).ok
    assert given[0] == Options(1000, "buy", 3)
    verdict = check_offer("book", "naive", factory, options=Unfillable)
    assert verdict.ok is None
    assert "venue" in verdict.detail


def test_an_unknown_seam_is_not_checked() -> None:
    """A dashboard, so far."""
    assert check_offer("dashboard", "web", NaiveBook).ok is None


def test_files_are_written_in_a_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Checking a journal whose default is a file in the working folder leaves nothing there."""
    monkeypatch.chdir(tmp_path)
    assert check_offer("journal", "sqlite", SqliteJournal, options=SqliteOptions).ok
    assert list(tmp_path.iterdir()) == []


def test_a_feed_that_read_nothing_is_not_ok() -> None:
    """A declared feed brings no messages: the verdict is that nothing was checked, with what to run instead."""
    offer = Registry.load(["mainspring"]).get("feed", "binance-spot")
    verdict = check_offer("feed", offer.name, offer.factory, capabilities=offer.capabilities)
    assert verdict.ok is None
    assert "it read nothing" in verdict.detail
    assert "plugins check DISTRIBUTION --capture FILE" in verdict.detail


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
        def __init__(self) -> None:
            if where == "factory":
                raise SystemExit(0)

        def on_bbo(self, market: object) -> None:
            raise SystemExit(0)

    verdict = check_offer("strategy", "exits", Exits)
    assert verdict.ok is False
    assert verdict.detail == "SystemExit: 0"
