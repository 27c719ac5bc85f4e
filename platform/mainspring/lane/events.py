"""What a lane is fed, and what it returns: see `mainspring.lane.Lane`."""

import enum
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

from mainspring.flags import Flag
from mainspring.model import Approved, Fill, Funding, OrderEvent, OrderRequest, Side
from mainspring.orders.persons_word import Outcome
from mainspring.seams import NEVER_NS, RawMessage, ResyncRequest

if TYPE_CHECKING:
    from mainspring.errors import PluginError
    from mainspring.orders import EncodedRecords, LogRecord

__all__ = [
    "Answer",
    "BookFill",
    "CancelAll",
    "ClearDiscrepancy",
    "ClockCompared",
    "Command",
    "Connection",
    "Disputed",
    "Durable",
    "Effects",
    "Event",
    "Execution",
    "Flatten",
    "FundingSettled",
    "Kill",
    "LiftCheck",
    "LiftKill",
    "Messages",
    "Mode",
    "ResolveOrder",
    "RouterFailed",
    "Send",
    "SetFlag",
    "SetLimit",
    "SetMode",
    "Started",
    "Stopped",
    "SwapPart",
    "Time",
]


class Mode(enum.StrEnum):
    """What a lane may do.

    `RUNNING`: everything. `CANCEL_ONLY`: new and replaced orders are refused, cancels go out. `HALTED`: strategies
    aren't called and nothing goes out.
    """

    RUNNING = "running"
    CANCEL_ONLY = "cancel-only"
    HALTED = "halted"


class Started(msgspec.Struct, frozen=True, tag="started"):
    """The session starts. `session` is its part of client order ids: see `mainspring.orders.client_order_id`."""

    now_ns: int
    session: str


class Messages(msgspec.Struct, frozen=True):
    """Messages of one feed, from index `start` on, of which those received before `until_ns` are to be run."""

    feed: int
    messages: Sequence[RawMessage]
    start: int = 0
    until_ns: int = NEVER_NS


class Execution(msgspec.Struct, frozen=True, tag="execution"):
    """A venue's word on an order, received through a router at `now_ns`."""

    now_ns: int
    router: int
    event: OrderEvent


class RouterFailed(msgspec.Struct, frozen=True, tag="router-failed"):
    """A router raised. `order_id` is the order that it was to send something about; None if it was polled."""

    now_ns: int
    router: int
    order_id: int | None
    problem: str


class Time(msgspec.Struct, frozen=True, tag="time"):
    """It is `now_ns`: what is due by then is to be done."""

    now_ns: int


class SetMode(msgspec.Struct, frozen=True, tag="set-mode"):
    """Puts the lane into a mode; `why` is for people."""

    now_ns: int
    mode: Mode
    why: str = ""


class CancelAll(msgspec.Struct, frozen=True, tag="cancel-all"):
    """Cancels every open order of a market, or of all. Works in every mode."""

    now_ns: int
    market: int | None = None


class Flatten(msgspec.Struct, frozen=True, tag="flatten"):
    """Closes the positions of a market, or of all, with market orders that pass every risk check.

    Works while the lane is running; first cancel what is open. Each strategy's own position is closed by an order of
    its own, of which it hears as of any other, so that all are flat and not just their sum. What fills of unfamiliar
    orders left is closed as nobody's.
    """

    now_ns: int
    market: int | None = None


class ClearDiscrepancy(msgspec.Struct, frozen=True, tag="clear-discrepancy"):
    """Lets new orders go out again in a market where a venue contradicted what we know.

    `who` and `why` are for people.
    """

    now_ns: int
    market: int
    who: str = ""
    why: str = ""


class ResolveOrder(msgspec.Struct, frozen=True, tag="resolve-order"):
    """A person says what became of an order: see `mainspring.orders.resolved_by_person`.

    New orders may then go out in its market. `price_ticks` is where the rest was filled, None if at its limit.
    """

    now_ns: int
    order_id: int
    outcome: Outcome
    price_ticks: int | None = None
    who: str = ""
    why: str = ""


class BookFill(msgspec.Struct, frozen=True, tag="book-fill"):
    """A person books an execution of no order of ours: what made the venue's position another one than all fills.

    It moves the position of the strategy without a name, and new orders may then go out in its market. `fill_id` is
    below zero, and size and price are in lots and ticks.
    """

    now_ns: int
    market: int
    side: Side
    size_lots: int
    price_ticks: int
    fill_id: int
    who: str = ""
    why: str = ""

    def fill(self) -> Fill:
        """Returns the execution."""
        at = (0, self.market, self.now_ns, self.fill_id, self.side)
        return Fill(*at, self.price_ticks, self.size_lots, maker=False, fee_ppb=0)


class Kill(msgspec.Struct, frozen=True, tag="kill"):
    """Stops trading in an instrument, of a strategy, or altogether, until a `LiftKill` says otherwise.

    New orders and changes are refused, and working orders cancelled. `flatten` also closes what is held, at once and
    again when the last working order has ended. `target` is the instrument's symbol or label, or the strategy's name;
    empty for "all". `who` and `why` are for people.
    """

    now_ns: int
    level: Literal["instrument", "strategy", "all"]
    target: str = ""
    flatten: bool = False
    who: str = ""
    why: str = ""


class LiftKill(msgspec.Struct, frozen=True, tag="lift-kill"):
    """Lifts the `Kill` of that level and target."""

    now_ns: int
    level: Literal["instrument", "strategy", "all"]
    target: str = ""
    who: str = ""
    why: str = ""


class SetLimit(msgspec.Struct, frozen=True, tag="set-limit"):
    """Changes the limit of a risk check: tighter at once, looser only if it is `confirmed`.

    `value` is JSON: the limit, or an object with all of the check's options. `instrument` is a symbol or label; None
    for all. `who` and `why` are for people.
    """

    now_ns: int
    check: str
    value: str
    instrument: str | None = None
    confirmed: bool = False
    who: str = ""
    why: str = ""


class LiftCheck(msgspec.Struct, frozen=True, tag="lift-check"):
    """Lets a risk check, or all if it is empty, pass orders that it has stopped until a person allows them."""

    now_ns: int
    check: str = ""
    who: str = ""
    why: str = ""


class SetFlag(msgspec.Struct, frozen=True, tag="set-flag"):
    """Puts a flag as it is here in the place of the one of that name. `who` and `why` are for people."""

    now_ns: int
    flag: Flag
    who: str = ""
    why: str = ""


class SwapPart(msgspec.Struct, frozen=True, tag="swap-part"):
    """Exchanges the part in a slot, or runs a candidate next to it: see `mainspring.lane.SwapControl`.

    "shadow" runs `plugin` with `options` next to what is active; "swap" makes it active, and keeps the part before it
    running next to it; "back" returns to that; "end" drops what runs next to the active part. `target` is one of the
    slot's keys, such as an instrument's label; empty for all. `who` and `why` are for people.
    """

    now_ns: int
    action: Literal["shadow", "swap", "back", "end"]
    slot: str
    target: str = ""
    plugin: str = ""
    options: dict[str, Any] = {}
    who: str = ""
    why: str = ""


Command: TypeAlias = (
    SetMode
    | CancelAll
    | Flatten
    | ClearDiscrepancy
    | ResolveOrder
    | BookFill
    | Kill
    | LiftKill
    | SetLimit
    | LiftCheck
    | SetFlag
    | SwapPart
)


class Connection(msgspec.Struct, frozen=True, tag="connection"):
    """A feed's connection changed: while it isn't "up", none of its markets is live."""

    now_ns: int
    feed: int
    state: Literal["up", "down", "stale"]


class ClockCompared(msgspec.Struct, frozen=True, tag="clock-compared"):
    """The driver compared clocks: see `mainspring.seams.ClockReading`, which this is from `now_ns` on."""

    now_ns: int
    lag_ns: int
    skew_ns: int | None
    valid_until_ns: int


class Disputed(msgspec.Struct, frozen=True, tag="disputed"):
    """Reconciliation found a difference that no missed event explains: new orders stop in the market.

    `what` is a code of `mainspring.recovery`, `detail` gives the figures. `order_id` is 0 if it is of no order of ours.
    """

    now_ns: int
    market: int
    order_id: int
    what: str
    detail: str


class FundingSettled(msgspec.Struct, frozen=True, tag="funding-settled"):
    """A venue settled a perpetual contract's funding, as reported through a router or its private feed at `now_ns`."""

    now_ns: int
    funding: Funding


class Durable(msgspec.Struct, frozen=True, tag="durable"):
    """The journal has made everything up to record number `record` durable."""

    now_ns: int
    record: int


class Stopped(msgspec.Struct, frozen=True, tag="stopped"):
    """The session ends: strategies are called for the last time, and only executions follow."""

    now_ns: int


Event: TypeAlias = (
    Started
    | Messages
    | Execution
    | RouterFailed
    | Time
    | Command
    | Connection
    | ClockCompared
    | Disputed
    | FundingSettled
    | Durable
    | Stopped
)


class Send(msgspec.Struct, frozen=True, gc=False):
    """An approved request for a router."""

    router: int
    request: Approved[OrderRequest]


class Answer(msgspec.Struct, frozen=True, gc=False):
    """What became of a request, for the strategy that made it."""

    strategy: str
    event: OrderEvent


class Effects:
    """What a lane wants done, in order. The driver does it and then calls `clear`.

    `sends` are requests for routers, `records` go to the journal, `resyncs` are snapshots to fetch (by feed), and
    `failures` are plugins that raised: the lane is in cancel-only mode then, and the driver decides what goes on.
    `compared` is how many of the sends were compared with what was requested.
    """

    __slots__ = ("compared", "failures", "records", "resyncs", "sends")

    def __init__(self) -> None:
        self.sends: list[Send] = []
        self.compared = 0
        self.records: list[LogRecord | EncodedRecords] = []
        self.resyncs: list[tuple[int, ResyncRequest]] = []
        self.failures: list[PluginError] = []

    def __bool__(self) -> bool:
        return bool(self.records or self.sends or self.failures or self.resyncs)

    def clear(self) -> None:
        """Forgets what has been done."""
        self.sends.clear()
        self.compared = 0
        self.records.clear()
        self.resyncs.clear()
        self.failures.clear()
