"""What a simulated market can be asked for, and the key that its bytes are known by."""

import hashlib
from collections.abc import Mapping
from decimal import Decimal

import msgspec

from mainspring.model import Instrument

__all__ = ["GENERATOR_VERSION", "SimulatedFaults", "SimulatedOptions", "recipe_digest"]

_MAX_SECONDS = 1_000_000_000
_MAX_START_NS = 2**62

GENERATOR_VERSION = 2
"""Rises whenever the same options would give other bytes than before."""


class SimulatedFaults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes wrong on the way. Each of the first six is the chance, from 0 to 1, that it happens to a depth message.

    `drop`: it never comes, so that the update ids have a gap. `duplicate`: it comes twice. `reorder`: it comes right
    after the next depth message of its instrument. `stale`: it comes once more, some seconds late. `truncate`: its
    end is missing, so that it is no JSON. `off_tick`: one price lies between two ticks.

    `silent_from_ms` and `silent_ms` cut the line: what would be received from the one on, counted from the session's
    start, and for as long as the other says, is lost, whatever kind of message it is.
    """

    drop: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    stale: float = 0.0
    truncate: float = 0.0
    off_tick: float = 0.0
    silent_from_ms: int = 0
    silent_ms: int = 0

    def __post_init__(self) -> None:
        for name in ("drop", "duplicate", "reorder", "stale", "truncate", "off_tick"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is a chance, from 0 to 1, not {getattr(self, name)}")
        if self.silent_from_ms < 0 or self.silent_ms < 0:
            raise ValueError("silent_from_ms and silent_ms can't be below zero")


class SimulatedOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A session of the simulated market. The same options and instruments give the same bytes, on every machine.

    The session ends after `seconds` of market time, or after `messages` if that comes first (0: no such limit).
    `rate` multiplies the speed of the order flow: at 2, twice as many orders a second. `open_prices` gives the price
    at which an instrument opens, by symbol, as decimal text; the others open at 6,183,764 ticks, which is 61,837.64 at
    a tick of 0.01. `start_ns` is the market's time at the start, in nanoseconds since the Unix epoch.
    """

    seed: int = 1
    seconds: float = 346.0
    messages: int = 0
    rate: float = 1.0
    open_prices: Mapping[str, str] = {}
    start_ns: int = 1_704_067_200_000_000_000
    faults: SimulatedFaults = SimulatedFaults()

    def __post_init__(self) -> None:
        if not 0 < self.seconds <= _MAX_SECONDS or self.messages < 0:
            raise ValueError(f"seconds must be above zero, at most {_MAX_SECONDS}, and messages can't be below zero")
        if not 0.01 <= self.rate <= 100:
            raise ValueError(f"rate must be from 0.01 to 100, not {self.rate}")
        if not 0 <= self.start_ns <= _MAX_START_NS:
            raise ValueError(f"start_ns must be from 0 to {_MAX_START_NS}")


def recipe_digest(instruments: tuple[Instrument, ...], options: SimulatedOptions) -> str:
    """A key for a cache of sessions: it differs wherever the bytes might.

    It is the SHA-256, in hexadecimal, of the generator's version, the instruments' names and grids, and the options.
    """
    recipe = (
        GENERATOR_VERSION,
        [(i.symbol, i.venue_symbol, _plain(i.tick_size), _plain(i.lot_size)) for i in instruments],
        msgspec.json.encode(options, order="sorted").decode(),
    )
    return hashlib.sha256(msgspec.json.encode(recipe)).hexdigest()


def _plain(step: Decimal) -> str:
    return f"{step.normalize():f}"
