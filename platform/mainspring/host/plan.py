"""The plan: which plugin runs in each slot, and why. A plain value from which wiring makes lanes."""

from pathlib import Path
from typing import Final, Generic, TypeVar

import msgspec

from mainspring import __version__
from mainspring.flags import Flag
from mainspring.host.guard_config import GuardConfig
from mainspring.host.profiles.describe import describe_found
from mainspring.host.profiles.model import Found
from mainspring.host.slots import ConnectConfig
from mainspring.journal import ConfigText
from mainspring.lane import StatisticsOptions
from mainspring.model import DEFAULT_MAX_ANSWERS, Instrument
from mainspring.portfolio import PortfolioOptions
from mainspring.telemetry import Budget

__all__ = [
    "DEFAULT_CHUNK",
    "DEFAULT_GC",
    "KEPT_APART",
    "Choice",
    "ControlPlan",
    "FlagPlan",
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

KEPT_APART: Final = ("book", "decoder", "codec")
"""Slots that a fused run of the decoder would run as one. A flag for one of them keeps them apart."""

_T = TypeVar("_T")


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """The plugin chosen for a slot.

    `rule` is what decided: "pinned" (the config names it), "flag", "profile" (this host's measured winner) or
    "default". `because` explains it. `options` are the plugin's, decoded.
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
    """A slot that takes a value instead of a plugin: "chunk" or "gc".

    `rule` and `because` are as in `Choice`.
    """

    slot: str
    value: _T
    rule: str = "default"
    because: str = "the default"

    def row(self) -> Choice:
        """Returns the setting as a row among the choices, with the value as the plugin."""
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
    """Where the messages come from: captures in sequence, the venue with `connect`, or else the feed's own generator.

    `encoding` is the format of the messages: "json" or "msgpack". `instruments` are those of the whole feed, for which
    a generator makes messages whichever lane takes them. `others` are venue symbols that were found in the captures and
    aren't among them: a message that names no instrument may be about one of these.
    """

    name: str
    captures: tuple[Path, ...]
    skip_bad: bool
    encoding: str = "json"
    instruments: tuple[Instrument, ...] = ()
    others: tuple[str, ...] = ()
    connect: ConnectConfig | None = None


class StrategyPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A strategy, by its name in the config."""

    name: str
    choice: Choice


class FlagPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A flag of the config, with the choice that its candidate is, None if strategies read it.

    With `shadow` the candidate stands by for those that the flag doesn't take. `guards` stop its ramps.
    """

    flag: Flag
    choice: Choice | None = None
    shadow: bool = False
    guards: GuardConfig = GuardConfig()


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One feed's part of a session, or all of it if there is one feed.

    `name` is the feed's name in the config, empty if there is only one. `missing_limits` are the required risk checks
    that the config sets no limit for: unless it is empty, every order is refused. `answer_timeout_ns` is how long a
    venue may take to answer a request before the order's state is unknown; 0 means for ever. `poll_executions_ns` is
    how often venues are asked for executions that never came, 0 for never. With `compare_balances` the account's cash
    is compared with what fills make of it. `recovers` says that the session goes on
    from the last one in its journal. With `cancel_on_disconnect` a lost connection cancels its orders. `terms` are the
    terms of orders that the router's venue does, and `day_ends` is when day orders end, empty if nobody says.
    `stop_trigger` is the price that sets stops off: "last" or "mark". `flags` are those of the session. `slots` are the
    choices for seams without a field here. With `journal_waits` what the lane sends waits until the journal has its
    request. `outside_runs` are the choices that keep fused runs of the decoder from working off orders without Python.
    `chunk` is how many messages a lane processes at a time, and `gc` what the garbage collector does while it runs:
    "as-is", "freeze", "rare" or "off"; both are the same for the whole session.
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
    codec: Choice
    slippage: Choice | None
    router: Choice | None
    queue: Choice | None = None
    latency: Choice | None = None
    records: Choice | None = None
    journal: Choice | None = None
    journal_waits: bool = False
    strategies: tuple[StrategyPlan, ...]
    risk: tuple[Choice, ...]
    missing_limits: tuple[str, ...]
    answer_timeout_ns: int = 0
    poll_executions_ns: int = 0
    compare_balances: bool = False
    recovers: bool = False
    max_answers: int = DEFAULT_MAX_ANSWERS
    terms: tuple[str, ...] = ()
    day_ends: str = ""
    cancel_on_disconnect: bool = False
    stop_trigger: str = "last"
    flags: tuple[FlagPlan, ...] = ()
    slots: tuple[Choice, ...] = ()
    outside_runs: tuple[Choice, ...] = ()
    market: StatisticsOptions
    portfolio: PortfolioOptions = PortfolioOptions()
    budget: Budget
    chunk: Setting[int] = Setting(slot="chunk", value=DEFAULT_CHUNK)
    gc: Setting[str] = Setting(slot="gc", value=DEFAULT_GC)

    def choices(self) -> tuple[Choice, ...]:
        """Every choice, in the order of the data flow."""
        trading = [self.slippage, *self.risk, self.router, self.queue, self.latency, self.records, self.journal]
        return (
            self.feed,
            self.decoder,
            self.codec,
            self.book,
            *(strategy.choice for strategy in self.strategies),
            *(choice for choice in trading if choice is not None),
            *self.slots,
        )

    def of(self, instruments: tuple[Instrument, ...]) -> "Plan":
        """Returns the part that trades only these instruments, over the same messages."""
        return msgspec.structs.replace(self, instruments=instruments)

    def label(self, instrument: Instrument) -> str:
        """Returns an instrument's name, with the feed's if there are several: "spot:BTC/USDT"."""
        return f"{self.name}:{instrument.symbol}" if self.name else instrument.symbol


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where something runs: on one of the CPUs, with memory from the node. Without CPUs, the scheduler decides."""

    cpus: tuple[int, ...] = ()
    node: int | None = None
    because: str = ""


class HardwarePlan(msgspec.Struct, frozen=True, kw_only=True):
    """How lanes are pinned: see `mainspring.host.config.HardwareConfig`.

    `pin` is the strategy's name, "cpus" for an explicit list, or "off". `rest` is where everything but the lanes' own
    threads runs. `usable` are the CPUs that may be used. `violations` lists the violated constraints as sentences.
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


class ControlPlan(msgspec.Struct, frozen=True, kw_only=True):
    """How people reach a session while it runs: its control folder, and its dead-man's timer in seconds, if any.

    `flag_provider` is what makes the provider of its flags, None if the config has them, and `allow` the distributions
    that it may be of.
    """

    folder: Path
    dead_man_s: float | None = None
    flag_provider: str | None = None
    allow: tuple[str, ...] = ()


class LanePlan(msgspec.Struct, frozen=True, kw_only=True):
    """One lane: its part of each feed that it runs, and its place. `number` counts the session's lanes from 0.

    `config` is what the session was made of, for the journal; None if it was made of something else. `control` is how
    people reach it while it runs, None if they can't.
    `stages_ns` are the medians that this host's profile expects of its stages; stages without one aren't watched. See
    `mainspring.host.profiles.expected`.
    """

    name: str
    number: int = 0
    parts: tuple[Plan, ...]
    place: Place = Place()
    config: ConfigText | None = None
    control: ControlPlan | None = None
    stages_ns: dict[str, float] = {}

    @property
    def instruments(self) -> tuple[str, ...]:
        """The instruments that it trades, each with its feed."""
        return tuple(part.label(instrument) for part in self.parts for instrument in part.instruments)


class SessionPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A whole session: its feeds, the lanes that share their instruments, and where these run.

    `allow` are the distributions whose plugins it loads. A session with one lane runs in the process that starts it.
    `profiles` is what was found of each feed's workload on this host, in the order of the feeds; empty if profiles
    weren't consulted. `state` is the file of strategies' states, None if there is none.
    """

    feeds: tuple[Plan, ...]
    lanes: tuple[LanePlan, ...]
    hardware: HardwarePlan = HardwarePlan()
    lanes_because: str = ""
    allow: tuple[str, ...] = ()
    profiles: tuple[Found, ...] = ()
    state: Path | None = None

    def recovering(self, *, recover: bool) -> "SessionPlan":
        """Returns the plan with lanes that go on from their journal's last sessions, if `recover` says so."""
        lanes = tuple(
            msgspec.structs.replace(
                lane,
                parts=tuple(msgspec.structs.replace(part, recovers=recover or part.recovers) for part in lane.parts),
            )
            for lane in self.lanes
        )
        return msgspec.structs.replace(self, lanes=lanes)

    @property
    def first(self) -> Plan:
        """The first feed's plan. The session's own settings (mode, seed, budget) are the same in each."""
        return self.feeds[0]

    def describe_profile(self) -> tuple[tuple[Found, str], ...]:
        """Describes in one line what was found of each feed's workload, with the feed's name if it has one."""
        return tuple(
            (found, f"{feed.name}: {describe_found(found)}" if feed.name else describe_found(found))
            for feed, found in zip(self.feeds, self.profiles, strict=False)
        )

    def choices(self) -> tuple[Choice, ...]:
        """Every distinct choice, in the order of the data flow, and the session's settings.

        If feeds differ, the slot names those that the choice is for: "feed [spot]".
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
        """Required checks without a limit, with the feed if only some feeds lack them."""
        missing = [feed.missing_limits for feed in self.feeds]
        if all(one == missing[0] for one in missing):
            return missing[0]
        return tuple(f"{name} [{feed.name}]" for feed in self.feeds for name in feed.missing_limits)
