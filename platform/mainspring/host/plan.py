"""The plan: what will run, who fills each slot, and why. A plain value; wiring makes a lane of it."""

from pathlib import Path

import msgspec

from mainspring.lane import StatisticsOptions
from mainspring.model import Instrument
from mainspring.telemetry import Budget

__all__ = ["Choice", "Plan", "SourcePlan", "StrategyPlan"]


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Who fills a slot.

    `rule` is what decided: "pinned" (the config names it), "flag", "profile" (this host's measured winner) or
    "default". `because` says it for a person. `options` are the plugin's, decoded.
    """

    slot: str
    seam: str
    plugin: str
    distribution: str
    version: str
    rule: str
    because: str
    options: msgspec.Struct | None = None


class SourcePlan(msgspec.Struct, frozen=True, kw_only=True):
    """Where the messages come from: captures, one after the other, or the feed's own generator if there are none.

    `encoding` is the format that the messages are in: "json" or "msgpack".
    """

    name: str
    captures: tuple[Path, ...]
    skip_bad: bool
    encoding: str = "json"


class StrategyPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A strategy by its name in the config."""

    name: str
    choice: Choice


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a session is made of.

    `missing_limits` are the required risk checks that the config sets no limit for: while there is one, no order goes
    out.
    """

    origin: str
    mode: str
    seed: int
    instruments: tuple[Instrument, ...]
    source: SourcePlan
    feed: Choice
    engine: Choice
    book: Choice
    json_codec: Choice
    binary_codec: Choice
    slippage: Choice | None
    router: Choice | None
    strategies: tuple[StrategyPlan, ...]
    risk: tuple[Choice, ...]
    missing_limits: tuple[str, ...]
    market: StatisticsOptions
    budget: Budget

    @property
    def feed_codec(self) -> Choice:
        """The codec that the feed reads with: that of the slot which its messages' encoding asks for."""
        return self.json_codec if self.source.encoding == "json" else self.binary_codec

    def choices(self) -> tuple[Choice, ...]:
        """Every choice, in the order in which data moves."""
        trading = [self.slippage, *self.risk, self.router]
        return (
            self.feed,
            self.engine,
            self.json_codec,
            self.book,
            *(strategy.choice for strategy in self.strategies),
            *(choice for choice in trading if choice is not None),
            self.binary_codec,
        )
