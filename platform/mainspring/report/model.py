"""The report of a session, as frozen values. Text, JSON and HTML are made from this and nothing else."""

import msgspec

from mainspring.report.machine import ActionReport, DriftReport, LaneTiming, PacePoint, RaceReport, ThreadReport

__all__ = [
    "BookReport",
    "FeedReport",
    "FillMark",
    "InstrumentReport",
    "LaneReport",
    "MidPoint",
    "OrderLogReport",
    "OrderMark",
    "SessionReport",
    "SlippageReport",
    "SlotReport",
    "StageReport",
    "TimingReport",
]


class SlotReport(msgspec.Struct, frozen=True, kw_only=True):
    """Who fills a slot. `rule` is "pinned", "flag", "profile" or "default"; `because` says it in words."""

    slot: str
    plugin: str
    distribution: str
    version: str
    rule: str
    because: str


class FeedReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came in. `by_kind` and `not_applied` (by cause) count messages.

    `times_back` counts the messages that were received before the one above them: the recorder's clock was set back, or
    a time is wrong. `warning` says what a reader should know of how the messages were come by. `name` is the feed's in
    the config, empty where there is one feed. Of a feed that several lanes read, each message counts once, and gaps and
    resyncs are those of all its instruments.
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
    warning: str | None = None
    name: str = ""


class BookReport(msgspec.Struct, frozen=True, kw_only=True):
    """The book at the end. Prices are decimal text, None where a side is empty.

    `crossed` counts the crossed states that were seen.
    """

    bid: str | None
    ask: str | None
    levels: int
    live: bool
    crossed: int


class SlippageReport(msgspec.Struct, frozen=True, kw_only=True):
    """Estimated cost against the realised one, both size-weighted means over the filled lots, in basis points.

    Measured from the mid price at the time of the order; positive is a cost. None where nothing was filled.
    `causes_bps` splits the estimate.
    """

    role: str
    fills: int
    estimated_bps: float | None
    realised_bps: float | None
    causes_bps: dict[str, float]


class MidPoint(msgspec.Struct, frozen=True, array_like=True):
    """A sample of the mid price (in price units), for the chart."""

    time_ns: int
    price: float


class FillMark(msgspec.Struct, frozen=True, kw_only=True):
    """A fill, for the charts and the table. Price and size are decimal text.

    The costs, what the order was expected to have and what the fill had, are in basis points as in `SlippageReport`;
    None in reports of versions that didn't keep them.
    """

    time_ns: int
    side: str
    price: str
    size: str
    maker: bool
    strategy: str
    estimated_bps: float | None = None
    realised_bps: float | None = None


class OrderMark(msgspec.Struct, frozen=True, kw_only=True):
    """An order that was sent, for the chart. `price` is decimal text, None for a market order.

    `replaces` says that it changed an order that stood at the venue already.
    """

    time_ns: int
    side: str
    price: str | None
    replaces: bool


class InstrumentReport(msgspec.Struct, frozen=True, kw_only=True):
    """One instrument. Amounts are decimal text, in `profit_currency`; sizes in base currency or contracts.

    With several feeds, `symbol` begins with the feed's name: "spot:BTC/USDT".

    `profit` is realised plus unrealised, before fees; `net` is after them. `unrealised` marks the position to the mid,
    and is None, as `profit` and `net` are, where the position is open and no mid price is known.

    `mids`, `marks` and `sent` are samples for the charts: all there were up to a bound (4,000 mids, 2,000 fills and
    2,000 orders), beyond it every second, every fourth, and so on. `orders_sent` counts them all, replaces included.
    """

    symbol: str
    tick_size: str
    lot_size: str
    origin: str
    orders: int
    accepted: int
    cancelled: int
    replaced: int
    fills: int
    maker_fills: int
    bought: str
    sold: str
    position: str
    realised: str
    unrealised: str | None
    fees: str
    profit: str | None
    net: str | None
    profit_currency: str
    book: BookReport
    slippage: list[SlippageReport]
    mids: list[MidPoint]
    marks: list[FillMark]
    sent: list[OrderMark] = []
    orders_sent: int = 0


class StageReport(msgspec.Struct, frozen=True, kw_only=True):
    """How long a stage took, in nanoseconds. `percentiles` are (percentile, ns) pairs for the chart.

    `over_budget` counts the passes above the budget. `budget_us` is None where the stage has none.
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
    whether it holds: nothing where nothing was raced.
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


class OrderLogReport(msgspec.Struct, frozen=True, kw_only=True):
    """One of several order logs: a lane keeps one for each feed. `file` is where it was kept, None where it wasn't."""

    lane: str
    feed: str
    records: int
    bytes: int
    sha256: str
    file: str | None = None


class LaneReport(msgspec.Struct, frozen=True, kw_only=True):
    """One of several lanes: what it traded, and how it ended.

    `ended` is "finished", "stopped" (by a signal, in order) or "failed": then `failure` says how, with its process, and
    nothing that its instruments did is in the report. `messages` are those that it is known to have run.
    """

    name: str
    instruments: list[str]
    ended: str
    messages: int
    failure: str | None = None


class SessionReport(msgspec.Struct, frozen=True, kw_only=True):
    """A whole session. `refusals` counts refused orders by reason code; `order_log_sha256` is over the encoded log.

    `stopped_early` says why the session ended before its input did, None where it didn't. `feed` is all that came in;
    where there are several feeds, `feeds` has each of them. `lanes` are there where there are several. Of several order
    logs `order_log_sha256` is the SHA-256 of their digests, one a line, in the order of `order_logs`.
    """

    schema: int = 1
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
    timing: TimingReport
    feeds: list[FeedReport] = []
    lanes: list[LaneReport] = []
    order_logs: list[OrderLogReport] = []
