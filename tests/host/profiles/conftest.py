"""A profile of a host that isn't there, and where profiles lie."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mainspring.data.paths import state_folder
from mainspring.host.profiles.model import CandidateRecord, Decision, HostKey, Profile

HOST = HostKey(
    fingerprint="0123456789abcdef",
    cpu="c0",
    usable="0-3",
    quota=None,
    kernel="6.8",
    python="CPython 3.12.1",
    words="Acme One, 4 CPUs",
)


@pytest.fixture
def host() -> HostKey:
    """The host that the profiles were raced on."""
    return HOST


@pytest.fixture
def folder() -> Path:
    """Where profiles lie."""
    return state_folder() / "tune"


@pytest.fixture
def make_decision() -> Callable[..., Decision]:
    """Makes a race of decoder, codec and book that "fast + deep" won, the values of its fields replaced."""

    def candidate(
        decoder: str,
        book: str,
        standing: str,
        gain: float | None = None,
        low: float | None = None,
        high: float | None = None,
    ) -> CandidateRecord:
        return CandidateRecord(
            name=f"{decoder} + {book}",
            slots={"decoder": decoder, "codec (json)": "text", "book": book},
            standing=standing,
            because=f"it {standing}",
            gain=gain,
            low=low,
            high=high,
        )

    default = candidate("closures", "plain", "default", 1.0, 1.0, 1.0)
    winner = candidate("fast", "deep", "winner", 14.2, 13.8, 14.7)
    whole = Decision(
        race="pipeline",
        slots=winner.slots,
        default=default.slots,
        because="fast + deep beat it",
        grade="quiet",
        noise=0.011,
        rounds=200,
        processes=5,
        dropped=2,
        seed=7,
        candidates=(default, winner, candidate("fast", "plain", "tied", 13.9, 13.5, 14.3)),
    )
    return lambda **changed: msgspec.structs.replace(whole, **changed)


@pytest.fixture
def make_profile(make_decision: Callable[..., Decision]) -> Callable[..., Profile]:
    """Makes a profile of one decision, the values of its fields replaced."""
    whole = Profile(
        mainspring="0.1.0",
        host=HOST,
        workload="ab" * 32,
        workload_description="day.capture read as venue-a, A/B, mode replay",
        objective="throughput",
        tuned_at="2026-11-26T13:00:00+00:00",
        budget_s=60,
        seconds=57.5,
        candidates={
            "decoder closures": "acme 2.3",
            "decoder fast": "acme 2.3",
            "codec text": "acme 2.3",
            "book plain": "acme 2.3",
            "book deep": "acme 2.3",
        },
        decisions=(make_decision(),),
        stages_ns={"feed": 4_000.0},
    )
    return lambda **changed: msgspec.structs.replace(whole, **changed)


@pytest.fixture
def acme(make_offer: Callable[..., Any], make_registry: Callable[..., Any]) -> Callable[..., Any]:
    """Makes a registry of what took part in the race, with further offers."""
    there = [
        make_offer("decoder", "closures", rank=10),
        make_offer("decoder", "fast"),
        make_offer("codec", "text", rank=10, capabilities={"format": "json"}),
        make_offer("codec", "pack", rank=10, capabilities={"format": "msgpack"}),
        make_offer("book", "plain", rank=10),
        make_offer("book", "deep"),
    ]

    def make(*more: Any, without: tuple[str, ...] = ()) -> Any:
        return make_registry(*(one for one in there if one.name not in without), *more)

    return make
