"""The plan: what will run, who fills each slot, and why. A plain value; wiring makes a lane of it."""

from pathlib import Path
from typing import Final, Generic, TypeVar

import msgspec

from mainspring import __version__
from mainspring.host.profiles.describe import describe_found
from mainspring.host.profiles.model import Found
from mainspring.lane import StatisticsOptions
from mainspring.model import Instrument
from mainspring.telemetry import Budget

__all__ = [
    "DEFAULT_CHUNK",
    "DEFAULT_GC",
    "Choice",
    "HardwarePlan",
    "LanePlan",
    "Place",
    "Plan",
    "SessionPlan",
    "Setting",
    "SourcePlan",
    "StrategyPlan",
]

DEFAULT_CHUNK: Final = 512
DEFAULT_GC: Final = "as-is"

_T = TypeVar("_T")


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


class Setting(msgspec.Struct, Generic[_T], frozen=True, kw_only=True):
    """A slot that no plugin fills but a value of the machine's own: "chunk" or "gc".

    `rule` and `because` are as in `Choice`.
    """

    slot: str
    value: _T
    rule: str = "default"
    because: str = "the default"

    def row(self) -> Choice:
        """The setting among the choices, for whoever shows them: the value stands in the plugin's place."""
        return Choice(
            slot=self.slot,
            seam=self.slot,
            plugin=str(self.value),
            distribution="mainspring",
            version=__version__,
            rule=self.rule,
            because=self.because,
        )


class SourcePlan(msgspec.Struct, frozen=True, kw_only=True):
    """Where the messages come from: captures, one after the other, or the feed's own generator if there are none.

    `encoding` is the format that the messages are in: "json" or "msgpack". `instruments` are those of the whole feed,
    which a generator makes messages of, whichever of them a lane takes.
    """

    name: str
    captures: tuple[Path, ...]
    skip_bad: bool
    encoding: str = "json"
    instruments: tuple[Instrument, ...] = ()


class StrategyPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A strategy by its name in the config."""

    name: str
    choice: Choice


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one feed's part of a session is made of: the whole of it, where there is one feed.

    `name` is the feed's in the config, empty where that has one feed only. `missing_limits` are the required
    risk checks that the config sets no limit for: while there is one, no order goes out. `chunk` is how many messages a
    lane takes at a time, and `gc` what the garbage collector does while it runs: "as-is", "freeze", "rare" or
    "off"; both are the session's own.
    """

    name: str = ""
    origin: str
    mode: str
    seed: int
    instruments: tuple[Instrument, ...]
    source: SourcePlan
    feed: Choice
    decoder: Choice
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
    chunk: Setting[int] = Setting(slot="chunk", value=DEFAULT_CHUNK)
    gc: Setting[str] = Setting(slot="gc", value=DEFAULT_GC)

    @property
    def feed_codec(self) -> Choice:
        """The codec that the feed reads with: that of the slot which its messages' encoding asks for."""
        return self.json_codec if self.source.encoding == "json" else self.binary_codec

    def choices(self) -> tuple[Choice, ...]:
        """Every choice, in the order in which data moves."""
        trading = [self.slippage, *self.risk, self.router]
        return (
            self.feed,
            self.decoder,
            self.json_codec,
            self.book,
            *(strategy.choice for strategy in self.strategies),
            *(choice for choice in trading if choice is not None),
            self.binary_codec,
        )

    def of(self, instruments: tuple[Instrument, ...]) -> "Plan":
        """The part of it that trades these instruments only, over the same messages."""
        return msgspec.structs.replace(self, instruments=instruments)

    def label(self, instrument: Instrument) -> str:
        """What an instrument is called where several feeds may have one of its name: "spot:BTC/USDT"."""
        return f"{self.name}:{instrument.symbol}" if self.name else instrument.symbol


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where something is to run: on one of the CPUs, with memory of the node. No CPUs: it is left to the scheduler."""

    cpus: tuple[int, ...] = ()
    node: int | None = None
    because: str = ""


class HardwarePlan(msgspec.Struct, frozen=True, kw_only=True):
    """How lanes are held to their places: see `mainspring.host.config.HardwareConfig`.

    `pin` is the strategy's name, "cpus" for an explicit list, or "off". `rest` is where everything but the lanes' own
    threads runs. `usable` are the CPUs that may be named. `violations` says in sentences which constraints don't hold.
    """

    pin: str = "off"
    rest: Place = Place()
    usable: tuple[int, ...] = ()
    violations: tuple[str, ...] = ()
    memory: bool = False
    lock_memory: bool = False
    timer_slack_ns: int | None = None
    fifo_priority: int | None = None
    reserve: bool = False


class LanePlan(msgspec.Struct, frozen=True, kw_only=True):
    """One lane: of each feed that it runs, the part that it takes; and its place.

    `stages_ns` is what its stages are expected to take by this host's profile, each a median; those that aren't there
    aren't watched. See `mainspring.host.profiles.expected`.
    """

    name: str
    parts: tuple[Plan, ...]
    place: Place = Place()
    stages_ns: dict[str, float] = {}

    @property
    def instruments(self) -> tuple[str, ...]:
        """What it trades, each with its feed."""
        return tuple(part.label(instrument) for part in self.parts for instrument in part.instruments)


class SessionPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A whole session: its feeds, the lanes that their instruments are shared among, and where these run.

    `allow` are the distributions whose plugins it loads. With one lane it runs in the process that it is started in.
    `profiles` is what was found of each feed's workload on this host, in the feeds' order; empty where nobody looked.
    """

    feeds: tuple[Plan, ...]
    lanes: tuple[LanePlan, ...]
    hardware: HardwarePlan = HardwarePlan()
    lanes_because: str = ""
    allow: tuple[str, ...] = ()
    profiles: tuple[Found, ...] = ()

    @property
    def first(self) -> Plan:
        """The first feed's plan. What is the session's own (mode, seed, budget) is the same in each."""
        return self.feeds[0]

    def describe_profile(self) -> tuple[tuple[Found, str], ...]:
        """What was found of each feed's workload, with its words: one line, which names the feed if it has a name."""
        return tuple(
            (found, f"{feed.name}: {describe_found(found)}" if feed.name else describe_found(found))
            for feed, found in zip(self.feeds, self.profiles, strict=False)
        )

    def choices(self) -> tuple[Choice, ...]:
        """Every choice once, in the order in which data moves, and the session's settings.

        Where feeds differ, the slot names those for which it holds: "feed [spot]".
        """
        return tuple(choice for choice, _ in self.choices_with_lanes())

    def choices_with_lanes(self) -> tuple[tuple[Choice, tuple[LanePlan, ...]], ...]:
        """Every choice as in `choices`, with the lanes that it runs in."""
        slots: dict[str, list[tuple[Choice, list[str]]]] = {}
        for feed in self.feeds:
            for choice in feed.choices():
                alike = slots.setdefault(choice.slot, [])
                for other, names in alike:
                    if other == choice:
                        names.append(feed.name)
                        break
                else:
                    alike.append((choice, [feed.name]))
        everywhere = [feed.name for feed in self.feeds]
        found = []
        for choice, names in (one for alike in slots.values() for one in alike):
            lanes = tuple(lane for lane in self.lanes if any(part.name in names for part in lane.parts))
            slot = choice.slot if names == everywhere else f"{choice.slot} [{', '.join(names)}]"
            found.append((msgspec.structs.replace(choice, slot=slot), lanes))
        found += [(setting.row(), self.lanes) for setting in (self.first.chunk, self.first.gc)]
        return tuple(found)

    def missing_limits(self) -> tuple[str, ...]:
        """Required checks without a limit, with the feed where they are missing for some only."""
        missing = [feed.missing_limits for feed in self.feeds]
        if all(one == missing[0] for one in missing):
            return missing[0]
        return tuple(f"{name} [{feed.name}]" for feed in self.feeds for name in feed.missing_limits)
