"""Makes a realistic report of a made-up session, the same on every machine."""

import math
from random import Random
from typing import Any, TypeVar

import msgspec

from mainspring.report import (
    BookReport,
    CandidateReport,
    DriftReport,
    FeedReport,
    FillSample,
    InstrumentReport,
    MarkoutReport,
    MidPoint,
    OpenOrderReport,
    OrderSample,
    PacePoint,
    RaceReport,
    SessionReport,
    SlippagePart,
    SlippageReport,
    SlotReport,
    ThreadReport,
    TimingReport,
    stage_report,
)
from mainspring.session.currency_totals import currency_totals
from mainspring.telemetry import Budget, Histogram

_Value = TypeVar("_Value", bound=msgspec.Struct)

START_NS = 1_723_118_400_000_000_000
SESSION_NS = 346_000_000_000

# Stage, passes, median latency in nanoseconds.
STAGES = (
    ("feed", 41_249, 3_400),
    ("book", 3_288, 21_000),
    ("strategy", 28_190, 1_900),
    ("slippage", 1_812, 2_300),
    ("risk", 1_812, 3_100),
    ("route", 1_790, 4_200),
    ("venue", 284, 250_000),
    ("whole path", 41_249, 7_800),
)


def changed(value: _Value, **changes: Any) -> _Value:
    """A copy of a report, or of a part of one, with some fields changed."""
    return msgspec.structs.replace(value, **changes)


def sample_mids(random: Random, count: int) -> list[MidPoint]:
    """A random walk in half ticks with an occasional jump, at irregular times."""
    times = sorted(random.randrange(SESSION_NS) for _ in range(count))
    mids = []
    price_half_ticks = 12_368_000
    for time_ns in times:
        jump = random.gauss(0, 400) if random.random() < 0.004 else random.gauss(0, 6)
        price_half_ticks += round(jump)
        mids.append(MidPoint(START_NS + time_ns, price_half_ticks / 200))
    return mids


def sample_marks(random: Random, mids: list[MidPoint], count: int) -> list[FillSample]:
    """Fills near the mid at times when one was known, two in three of them as maker."""
    marks = []
    costs = Random(11)
    for mid in sorted(random.sample(mids, count), key=lambda mid: mid.time_ns):
        buy = random.random() < 0.5
        maker = random.random() < 0.66
        away = (-0.4 if buy == maker else 0.4) * random.random()
        marks.append(
            FillSample(
                time_ns=mid.time_ns,
                side="buy" if buy else "sell",
                price=f"{mid.price + away:.2f}",
                size=f"{random.expovariate(200):.5f}",
                maker=maker,
                strategy="maker",
                mid=mid.price,
                mid_after=mid.price,
                estimated_bps=costs.gauss(0.2, 0.1) if maker else costs.gauss(1.5, 0.4),
                realised_bps=costs.gauss(-0.1, 0.3) if maker else costs.gauss(1.9, 0.8),
            )
        )
    return marks


def sample_sent(random: Random, mids: list[MidPoint], count: int) -> list[OrderSample]:
    """Orders a little away from the mid, the last of them a market order."""
    sent = []
    for mid in sorted(random.sample(mids, count), key=lambda mid: mid.time_ns):
        buy = random.random() < 0.5
        price = f"{mid.price + (-0.5 if buy else 0.5):.2f}"
        side = "buy" if buy else "sell"
        sent.append(OrderSample(time_ns=mid.time_ns, side=side, price=price, replaces=random.random() < 0.7))
    return [*sent[:-1], changed(sent[-1], price=None)] if sent else []


def sample_pace(random: Random) -> list[PacePoint]:
    """Samples every 512 messages, the last one where the session ends."""
    pace, wall_ns, receive_ns = [], 0, START_NS
    for messages in range(512, 41_249 + 512, 512):
        step = min(messages, 41_249) - (messages - 512)
        wall_ns += int(step * random.uniform(11_000, 19_000))
        receive_ns += int(step * random.uniform(4e6, 12e6))
        pace.append(PacePoint(wall_ns, min(messages, 41_249), receive_ns))
    return pace


def sample_races() -> list[RaceReport]:
    def candidate(plugin: str, distribution: str, *gain: float, note: str = "") -> CandidateReport:
        middle, low, high = gain or (None, None, None)
        return CandidateReport(
            plugin=plugin, distribution=distribution, version="0.1.0", gain=middle, low=low, high=high, note=note
        )

    return [
        RaceReport(
            slot="book",
            default="bisect-list",
            winner="ladder",
            rounds=240,
            noise=0.013,
            because="1.92x as fast as the default, raced on 2026-11-20, fresh",
            candidates=[
                candidate("bisect-list", "mainspring", 1.0, 1.0, 1.0, note="the default"),
                candidate("ladder", "mainspring-native", 1.92, 1.87, 1.97),
                candidate("sorted-vec", "mainspring-native", 1.61, 1.55, 1.66, note="beaten by ladder"),
                candidate("sorted-dict", "mainspring", 0.58, 0.55, 0.62, note="left after 40 rounds"),
                candidate("acme-book", "acme", note="its answers differ from the reference"),
            ],
        )
    ]


def sample_threads() -> list[ThreadReport]:
    def thread(
        role: str, number: int, wanted: list[int] | None, seen: list[tuple[int, int]], **more: Any
    ) -> ThreadReport:
        outcome = more.pop("outcome", "free" if wanted is None else "applied")
        return ThreadReport(
            role=role,
            thread=number,
            wanted=wanted,
            seen=seen,
            voluntary_switches=more.pop("voluntary", 12),
            involuntary_switches=more.pop("involuntary", 3),
            outcome=outcome,
            **more,
        )

    return [
        thread("lane 0", 4711, [2], [(2, 173)]),
        thread("lane 1", 4712, [3], [(3, 171), (0, 2)], involuntary=41),
        thread("housekeeping", 4710, None, [(0, 90), (1, 83)], involuntary=1_290),
        thread("capture reader", 4713, [1], [(1, 20)], outcome="refused", reason="CPU 1 isn't ours to use"),
    ]


def sample_drift() -> list[DriftReport]:
    """A stage that has become slower in the session's middle, and one that was faster from the start."""
    return [
        DriftReport(
            lane="1",
            stage="book",
            message=16_385,
            receive_ns=START_NS + 137_000_000_000,
            certain_at=40_960,
            factor=1.62,
            expected_ns=21_000.0,
        ),
        DriftReport(
            lane="1",
            stage="whole_path",
            message=1,
            receive_ns=START_NS + 4_000_000_000,
            certain_at=32_768,
            factor=0.481,
            expected_ns=7_800.0,
        ),
    ]


def sample_timing(random: Random) -> TimingReport:
    budget = Budget()
    stages = []
    for stage, passes, median_ns in STAGES:
        histogram = Histogram()
        body = (random.lognormvariate(math.log(median_ns), 0.35) for _ in range(passes))
        histogram.record_many(int(ns * (30 if random.random() < 0.0008 else 1)) for ns in body)
        stages.append(stage_report(stage, histogram, budget.of(stage.replace(" ", "_"))))
    return TimingReport(
        wall_seconds=0.6231,
        messages_per_second=66_199.6,
        stages=stages,
        peak_rss_bytes=87_412_736,
        host={"cpu": "AMD EPYC 9R14", "python": "CPython 3.11.7", "system": "Linux 6.1"},
        pace=sample_pace(Random(13)),
        races=sample_races(),
        threads=sample_threads(),
    )


def sample_slippage(maker_fills: int, taker_fills: int) -> list[SlippageReport]:
    def part(name: str, estimated: float, realised: float | None = None) -> SlippagePart:
        return SlippagePart(name=name, estimated_bps=estimated, realised_bps=realised)

    return [
        SlippageReport(
            role="maker",
            fills=maker_fills,
            measured_fills=max(maker_fills - 2, 0),
            estimated_bps=0.093,
            realised_bps=0.032,
            parts=[part("spread-capture", -0.112, -0.092), part("adverse-selection", 0.205, 0.124)],
            queue_risk_bps=0.121,
            horizon_s=5.0,
        ),
        SlippageReport(
            role="taker",
            fills=taker_fills,
            measured_fills=taker_fills,
            estimated_bps=1.482,
            realised_bps=1.931,
            parts=[part("spread", 0.641), part("impact", 0.841)],
        ),
    ]


def sample_markouts(role: str, fills: int, means: tuple[float, ...], amounts: tuple[str, ...]) -> list[MarkoutReport]:
    """Of each horizon one fill more is too near the end."""
    return [
        MarkoutReport(role=role, horizon_s=horizon, fills=max(fills - at, 0), not_measurable=at, bps=bps, amount=amount)
        for at, (horizon, bps, amount) in enumerate(zip((0.1, 1.0, 5.0, 30.0), means, amounts, strict=True))
    ]


def sample_open_orders() -> list[OpenOrderReport]:
    """One that rests, partly filled, and one whose replace is on its way."""
    end_ns = START_NS + SESSION_NS
    rests = OpenOrderReport(
        client_order_id="00000000053czcz9eqbu-000-0000000001t",
        created_ns=end_ns - 900_000_000,
        strategy="maker",
        side="buy",
        price="61839.90",
        size="0.01000",
        filled="0.00250",
        state="accepted",
    )
    moves = {"created_ns": end_ns - 1_000_000, "side": "sell", "price": "61840.10", "filled": "0"}
    return [rests, changed(rests, state="pending-replace", **moves)]


def sample_instrument(
    random: Random, symbol: str = "BTC/USDT", mids: int = 12_000, fills: int = 214
) -> InstrumentReport:
    points = sample_mids(random, mids)
    marks = sample_marks(random, points, fills)
    maker_fills = sum(mark.maker for mark in marks)
    return InstrumentReport(
        symbol=symbol,
        tick_size="0.01",
        lot_size="0.00001",
        origin="feed",
        orders=1_812,
        accepted=1_774,
        cancelled=1_549,
        replaced=0,
        fills=len(marks),
        maker_fills=maker_fills,
        bought="0.53122",
        sold="0.52122",
        position="0.01000",
        realised="4.21873100",
        unrealised="-0.31250000",
        fees="6.10283271",
        profit="3.90623100",
        net="-2.19660171",
        profit_currency="USDT",
        cash="-620.59660171",
        rebates="0.75",
        exposure="618.39995",
        average_buy="61845.52",
        average_sell="61853.61",
        average_entry="61871.245",
        mark="61839.995",
        mark_source="mid",
        book=BookReport(bid="61839.99", ask="61840.00", mid="61839.995", levels=4_127, live=True, crossed=0),
        slippage=sample_slippage(maker_fills, len(marks) - maker_fills),
        markouts=[
            *sample_markouts("maker", maker_fills, (-0.02, -0.061, -0.124, -0.2), ("-0.31", "-0.9", "-1.81", "-2.75")),
            *sample_markouts("taker", len(marks) - maker_fills, (0.4, 0.51, 0.6, 0.8), ("2.1", "2.6", "3.1", "4")),
        ],
        open_orders=sample_open_orders() if fills else [],
        mids=points,
        fill_samples=marks,
        order_samples=sample_sent(Random(12), points, min(400, mids)),
        orders_sent=812 if mids else 0,
    )


def sample_slots() -> list[SlotReport]:
    def slot(name: str, plugin: str, rule: str, because: str) -> SlotReport:
        return SlotReport(
            slot=name, plugin=plugin, distribution="mainspring", version="0.1.0", rule=rule, because=because
        )

    auto = "auto, and no race was run on this host yet: the default"
    return [
        slot("feed", "simulated", "default", "the reference session, no capture was named"),
        slot("codec", "orjson", "default", auto),
        slot("book", "bisect-list", "default", auto),
        slot("slippage", "square-root", "pinned", "pinned by session.toml, slippage.plugin"),
        slot("risk", "max-order-size", "pinned", "pinned by session.toml, risk.max_order_size"),
        slot("risk", "collar-bps", "pinned", "pinned by session.toml, risk.collar_bps"),
        slot("router", "paper", "default", "mode is paper"),
        slot("strategy.maker", "quote-maker", "pinned", "pinned by session.toml, strategy.maker.plugin"),
    ]


def sample_report(seed: int = 7) -> SessionReport:
    random = Random(seed)
    return SessionReport(
        mainspring="0.1.0",
        config="session.toml",
        mode="paper",
        seed=seed,
        slots=sample_slots(),
        feed=FeedReport(
            plugin="simulated",
            source="reference session",
            messages=41_249,
            bad_lines=0,
            first_receive_ns=START_NS,
            last_receive_ns=START_NS + SESSION_NS,
            by_kind={"depth": 3_288, "quote": 28_101, "trade": 9_859, "snapshot": 1},
            not_applied={"stale": 12},
            gaps=0,
            resyncs=0,
        ),
        instruments=(instruments := [sample_instrument(random)]),
        totals=currency_totals(instruments),
        refusals={"collar-bps": 22, "max-position": 16},
        order_log_records=5_349,
        order_log_bytes=291_204,
        order_log_sha256="4be1c7" + "0" * 52 + "a31f5e",
        stopped_early=None,
        timing=sample_timing(random),
    )
