"""The report of a session, as frozen values. Text, JSON and HTML are made from these alone."""

import msgspec

from mainspring.report.live import LiveReport
from mainspring.report.machine import ActionReport, DriftReport, LaneTiming, PacePoint, RaceReport, ThreadReport
from mainspring.report.trading import ConvertedTotal, CurrencyTotal, InstrumentReport

__all__ = [
    "ClockStep",
    "FeedReport",
    "LaneReport",
    "OrderLogReport",
    "SessionReport",
    "SlotReport",
    "StageReport",
    "TimingReport",
]


class SlotReport(msgspec.Struct, frozen=True, kw_only=True):
    """The plugin in a slot. `rule` is "pinned", "flag", "profile" or "default"; `because` explains the choice."""

    slot: str
    plugin: str
    distribution: str
    version: str
    rule: str
    because: str


class ClockStep(msgspec.Struct, frozen=True, kw_only=True):
    """A receive time that went back: that of the message of this number, counted from 1, and the one above it."""

    message: int
    from_ns: int
    to_ns: int


class FeedReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was received. `by_kind` and `not_applied` (by cause) count messages.

    `times_back` counts the messages received before their predecessor: the recorder's clock was set back, or a time is
    wrong; `first_back` is the first of them. `warning` holds caveats about where the messages came from. `name` is the
    feed's in the config, empty if there is only one. If several lanes read a feed, each message counts once, and gaps
    and resyncs are those of all its instruments.
    """

    plugin: str
    source: str
    messages: int
    bad_lines: int
    first_receive_ns: int
    last_receive_ns: int
    by_kind: dict[str, int]
    not_applied: dict[str, int]
    gaps: int
    resyncs: int
    times_back: int = 0
    first_back: ClockStep | None = None
    warning: str | None = None
    name: str = ""


class StageReport(msgspec.Struct, frozen=True, kw_only=True):
    """How long a stage took, in nanoseconds. `percentiles` are (percentile, ns) pairs for the chart.

    `over_budget` counts the passes above the budget. `budget_us` is None if the stage has none.
    """

    stage: str
    count: int
    mean_ns: float
    p50_ns: int
    p99_ns: int
    p99_9_ns: int
    max_ns: int
    budget_us: float | None
    over_budget: int
    percentiles: list[tuple[float, int]]


class TimingReport(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that differs between two runs of the same input. All else in a report is the same.

    `pace` has at most 2,000 samples, taken between chunks of messages: of more, every second, every fourth, and so on.
    `races` are those that this host's profile holds for the slots of the session. With several lanes `wall_seconds` is
    the longest of theirs, `stages` are those of all, and `peak_rss_bytes` the sum of their peaks. `actions` are what
    held threads and memory in their places, and their undoing. `drift` has the stages that have parted from this host's
    profile: nothing where there is none. `profiles` says of each feed in a line what was raced of it on this host, and
    whether it holds: nothing where nothing was raced. `live` says how the connections performed, of a session that has
    any.
    """

    wall_seconds: float
    messages_per_second: float
    stages: list[StageReport]
    peak_rss_bytes: int
    host: dict[str, str]
    pace: list[PacePoint] = []
    races: list[RaceReport] = []
    threads: list[ThreadReport] = []
    lanes: list[LaneTiming] = []
    actions: list[ActionReport] = []
    drift: list[DriftReport] = []
    profiles: list[str] = []
    live: LiveReport | None = None


class OrderLogReport(msgspec.Struct, frozen=True, kw_only=True):
    """A lane's order log.

    `file` is its path, or None if it wasn't written; `journal_session` its session in the journal, if there is one.
    """

    lane: str
    records: int
    bytes: int
    sha256: str
    file: str | None = None
    journal_session: int | None = None


class LaneReport(msgspec.Struct, frozen=True, kw_only=True):
    """One of several lanes: what it traded, and how it ended.

    `ended` is "finished", "stopped" (by a signal, in order) or "failed": `failure` then says how, and unless it
    `has_figures` up to that point, its instruments are missing from the report. `messages` are those that it is known
    to have run.
    """

    name: str
    instruments: list[str]
    ended: str
    messages: int
    failure: str | None = None
    has_figures: bool = True


class RecoveryReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a lane took over from its journal: of which sessions, how many records, and after how many messages.

    `open_orders` is how many orders were open then.
    """

    sessions: list[int]
    records: int
    messages: list[int]
    open_orders: int


class DifferenceReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a venue said of orders or positions against what was known: see `mainspring.recovery.Difference`.

    An empty `explanation` means that new orders stopped in the instrument until a person resolves it.
    """

    time_ns: int
    instrument: str
    order_id: int
    what: str
    detail: str
    explanation: str


class SessionReport(msgspec.Struct, frozen=True, kw_only=True):
    """A whole session. `refusals` counts refused orders by reason; `order_log_sha256` is over the encoded log.

    `discrepancies` counts what venues reported against what was known of an order, by `mainspring.orders` code.

    `totals` has one entry per currency: those of profit in the order of the instruments, then those of fees alone.
    `converted` is their sum in one currency, if the config states rates. `stopped_early` says why the session
    ended before its input did, or None; `failure` is the error that ended it, and all figures are up to that point
    (for several lanes see `lanes`). `feed` is everything received; `feeds` lists the feeds if there are several, and
    `lanes` the lanes. With several order logs, `order_log_sha256` is the SHA-256 of their digests, one per line, in
    the order of `order_logs`. `journal_sessions` are the numbers that the lanes' sessions have in their journal;
    `recovered` is what they took over from earlier ones, `differences` what reconciliation with the venues found.
    """

    schema: int = 2
    mainspring: str
    config: str
    mode: str
    seed: int
    slots: list[SlotReport]
    feed: FeedReport
    instruments: list[InstrumentReport]
    refusals: dict[str, int]
    order_log_records: int
    order_log_bytes: int
    order_log_sha256: str
    stopped_early: str | None
    failure: str | None = None
    timing: TimingReport
    feeds: list[FeedReport] = []
    lanes: list[LaneReport] = []
    order_logs: list[OrderLogReport] = []
    journal_sessions: list[int] = []
    recovered: list[RecoveryReport] = []
    differences: list[DifferenceReport] = []
    totals: list[CurrencyTotal] = []
    discrepancies: dict[str, int] = {}
    converted: ConvertedTotal | None = None
