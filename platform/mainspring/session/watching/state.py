"""What a running lane shows of itself, as values that one process writes and another reads."""

from typing import Any

import msgspec

from mainspring.report import LiveReport, SlotReport

__all__ = ["AccountState", "LaneAbout", "LaneState", "MarketState", "OrderState", "ShownInstrument", "StageState"]


class ShownInstrument(msgspec.Struct, frozen=True, kw_only=True):
    """An instrument of a lane: its name, with its feed's if there are several, its grids, and its profit's currency."""

    name: str
    tick_size: str
    lot_size: str
    currency: str


class LaneAbout(msgspec.Struct, frozen=True, kw_only=True):
    """What stays the same while a lane runs. `shared` is where its state is, `slots` the plan with its reasons.

    `budget_us` are the budgets of the stages that have one, in microseconds. `started_at` is the time in UTC.
    """

    lane: str
    process: int
    shared: str
    started_at: str
    mode: str
    seed: int
    sources: list[str]
    instruments: list[ShownInstrument]
    slots: list[SlotReport]
    budget_us: dict[str, float]
    cpus: list[int] = []


class MarketState(msgspec.Struct, frozen=True, array_like=True):
    """An instrument's best prices in ticks and lots, its last trade's price, and whether it can be trusted."""

    bid_ticks: int
    bid_lots: int
    ask_ticks: int
    ask_lots: int
    last_ticks: int
    live: bool
    halted: bool
    connected: bool
    crossed: int


class OrderState(msgspec.Struct, frozen=True, array_like=True):
    """An open order. `side` is 1 for a buy and -1 for a sell; a market order has a price of 0."""

    order_id: int
    instrument: int
    strategy: str
    side: int
    price_ticks: int
    size_lots: int
    filled_lots: int
    state: str
    created_ns: int


class AccountState(msgspec.Struct, frozen=True, array_like=True):
    """A strategy's account in an instrument, or in all of one currency, as decimal text; None where it isn't known."""

    position: str | None
    average_entry: str | None
    realised: str | None
    unrealised: str | None
    fees: str | None
    funding: str | None
    net: str | None
    exposure: str | None


class StageState(msgspec.Struct, frozen=True, array_like=True):
    """A stage's latencies since the session began, as `mainspring.telemetry.Histogram.add` takes them."""

    stage: str
    buckets: dict[int, int]
    total_ns: int
    largest_ns: int


class LaneState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A lane between two events. Instruments are named by their index.

    `shown_ns` is the wall clock, `now_ns` the lane's. `markets` are all. `ladders` (bids and asks, each a price in
    ticks and lots), `accounts` (by instrument and strategy; under the empty name that of all) and stages take turns.
    `more_orders` counts open orders that aren't among `orders`. `connections` is None if it has none, or another state
    has them. `problem` says what couldn't be shown.
    """

    shown_ns: int
    now_ns: int
    messages: int
    fraction: float | None = None
    mode: str
    markets: list[MarketState]
    ladders: dict[int, tuple[list[tuple[int, int]], list[tuple[int, int]]]] = {}
    accounts: dict[int, dict[str, AccountState]] = {}
    orders: list[OrderState] = []
    more_orders: int = 0
    refusals: dict[str, int] = {}
    discrepancies: dict[str, int] = {}
    gaps: dict[str, int] = {}
    stage: StageState | None = None
    connections: LiveReport | None = None
    kills: list[str] = []
    limits: list[tuple[str, str, Any]] = []
    problem: str = ""
