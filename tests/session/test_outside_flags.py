"""Another provider of flags: its answers, and what counts where it has none."""

from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest
from openfeature import api
from openfeature.flag_evaluation import FlagResolutionDetails
from openfeature.provider.in_memory_provider import InMemoryFlag, InMemoryProvider

from mainspring.errors import ConfigError
from mainspring.flags import Flag
from mainspring.session.outside_flags import OutsideFlags, connect_provider

KEYS = ("BTC/USDT", "ETH/USDT")


class Named(InMemoryProvider):
    """Takes one key, by its targeting key."""

    def resolve_boolean_details(
        self, flag_key: str, default_value: bool, evaluation_context: Any = None
    ) -> FlagResolutionDetails[bool]:
        return FlagResolutionDetails(evaluation_context.targeting_key == "ETH/USDT")


class Slow(Named):
    """Isn't ready before somebody lets it."""

    def __init__(self) -> None:
        super().__init__({})
        self.go_on = Event()

    def initialize(self, evaluation_context: Any) -> None:
        self.go_on.wait()


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    yield
    api.clear_providers()


def asked(provider: Any) -> OutsideFlags:
    api.set_provider_and_wait(provider, "test")
    return OutsideFlags(api.get_client("test"), lambda _: KEYS)


def test_a_provider_names_who_is_taken() -> None:
    """Whatever share the config says."""
    flag, said = asked(Named({}))(Flag(name="new", share_bp=10_000))
    assert (flag.members, said) == (("ETH/USDT",), "")
    assert [flag.takes(key) for key in KEYS] == [False, True]


def test_a_flag_of_orders_gets_a_share() -> None:
    """In percent; one that is none leaves the configured share."""
    flags = {"new": InMemoryFlag("on", {"on": 12.5}), "bad": InMemoryFlag("on", {"on": 150.0})}
    outside = asked(InMemoryProvider(flags))
    assert outside(Flag(name="new", unit="order", share_bp=100))[0].share_bp == 1_250
    flag, said = outside(Flag(name="bad", unit="order", share_bp=100))
    assert (flag.share_bp, said) == (100, "the provider's share of 150% is none: the configured one counts")


def test_where_it_has_no_answer_the_configured_value_counts() -> None:
    """It says which answers are missing, and why."""
    flag, said = asked(InMemoryProvider({}))(Flag(name="new", share_bp=10_000))
    assert flag.members == KEYS
    assert said.startswith("the configured value counts: ")
    assert "FLAG_NOT_FOUND" in said


def test_a_provider_that_isnt_ready_gives_the_configured_value() -> None:
    """And says so, by OpenFeature's code."""
    provider = Slow()
    api.set_provider(provider, "test")
    try:
        flag, said = OutsideFlags(api.get_client("test"), lambda _: KEYS)(Flag(name="new", share_bp=0))
    finally:
        provider.go_on.set()
    assert flag.members == ()
    assert said.startswith("the configured value counts: PROVIDER_NOT_READY")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mainspring.flags:Flag", "mainspring.flags is of no distribution that"),
        ("nobody_has_this:make", "can't be made: ModuleNotFoundError"),
        ("openfeature.client:no_such", "can't be made: AttributeError"),
    ],
)
def test_a_provider_of_another_distribution_isnt_imported(name: str, said: str) -> None:
    """Nor one that can't be made; each says why."""
    with pytest.raises(ConfigError, match=said):
        connect_provider(name, ["openfeature-sdk", "not-installed"])
