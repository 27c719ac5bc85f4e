"""Random orders for the built-in risk checks: the kernel's decisions against those of `mainspring.risk.Gate`."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from random import Random
from types import SimpleNamespace
from typing import Any, Final

import numpy as np

from mainspring.lane.order_manager import REFUSAL_NS
from mainspring.model import Instrument, NewOrder, Refusal, ReplaceRequest, Side
from mainspring.risk import Gate
from mainspring.seams import ClockReading
from mainspring.testing import NaiveBook
from mainspring_native.checks import described
from mainspring_native.replay import (
    APPROVED,
    BUY,
    CLEAR,
    EVENT,
    LEVEL,
    REASONS,
    REFUSED,
    SELL,
    TRADE,
    ReplayMarket,
    cancel,
    fill_or_kill,
    immediate,
    level_lots,
    level_ticks,
    limit,
    market_order,
    own_orders,
    post_only,
    replace,
    replay,
    strategy,
)
from mainspring_plugins.risk._exposure import ExposureOptions
from mainspring_plugins.risk._limit import FlagOptions, LimitOptions
from mainspring_plugins.risk.allowed_instruments import AllowedInstruments, AllowedOptions
from mainspring_plugins.risk.buying_power import BuyingPower, BuyingPowerOptions
from mainspring_plugins.risk.collar_bps import CollarBps, CollarOptions
from mainspring_plugins.risk.max_book_age_ms import MaxBookAgeMs
from mainspring_plugins.risk.max_clock_skew_ms import MaxClockSkewMs
from mainspring_plugins.risk.max_feed_lag_ms import MaxFeedLagMs
from mainspring_plugins.risk.max_gross_exposure import MaxGrossExposure
from mainspring_plugins.risk.max_net_exposure import MaxNetExposure
from mainspring_plugins.risk.max_open_orders import MaxOpenOrders, OpenOrdersOptions
from mainspring_plugins.risk.max_order_notional import MaxOrderNotional
from mainspring_plugins.risk.max_order_size import MaxOrderSize
from mainspring_plugins.risk.max_position import MaxPosition, MaxPositionValue
from mainspring_plugins.risk.reduce_only import ReduceOnly
from mainspring_plugins.risk.restricted_instruments import RestrictedInstruments, RestrictedOptions
from mainspring_plugins.risk.trading_hours import HoursOptions, TradingHours
from mainspring_plugins.risk.venue_connected import VenueConnected
from mainspring_plugins.routers.paper import PaperOptions

__all__ = ["compare_gate"]

_OF_CANCEL: Final = 32
_STATES: Final = ("in-flight", "accepted", "partially-filled", "cancel-pending", "replace-pending")
_LEVELS: Final = 6
_MOST_OPEN: Final = 8
_TRADED: Final = 1
_GRID: Final = Decimal("0.01")


def compare_gate(seed: int, *, commands: int = 10_000) -> Counter[str]:
    """Asks for that many random orders and replaces; returns how often they were approved, or refused for what.

    Prices and sizes are small in one session and near the ends of 64 bits in another, and so are limits, ages and
    spreads. Raises `AssertionError` where the kernel decides otherwise than the gate in Python.
    """
    random = Random(seed)
    asked = _Asked(random)
    # Most calls ask for something, and each event leads to a call.
    events = _events(random, asked.base, commands + commands // 4)
    # A timer asks in silence, when prices have grown old.
    made = strategy(state=[("unused", "i8")], on=("bbo", "trade"), every_seconds=random.choice((0, 15e-6)))
    body = made(asked.call)
    result = replay(
        events,
        body,
        markets=[ReplayMarket(checks=asked.checks)],
        latency_ns=random.choice((0, 0, 40, 700)),
        paper=PaperOptions(maker_fee_bps=asked.fee_bps, taker_fee_bps=-asked.fee_bps),
        compiled=False,
    )
    log = result.log
    decided = log[((log["kind"] == APPROVED) | (log["kind"] == REFUSED)) & ((log["flags"] & _OF_CANCEL) == 0)]
    reasons = [REASONS[int(reason)] if reason else "" for reason in decided["reason"]]
    for at, (expected, reason, order_id) in enumerate(zip(asked.expected, reasons, decided["order_id"], strict=True)):
        assert reason == expected[0], f"seed {seed}: decision {at} on order {order_id} is {reason!r}, not {expected}"
    counts = Counter(reason or "approved" for reason in reasons)
    counts["fills"] = len(result.fills)
    return counts


def _events(random: Random, base: int, count: int) -> Any:
    """Books that are replaced, halved or crossed, and trades, so that each message leads to a call."""
    rows: list[tuple[int, ...]] = []
    now_ns = 1_000
    spread = random.choice((1, 1, 3, base // 50 + 1))
    for number in range(count):
        now_ns += random.choice((0, 1, 50, 20_000, 3_000_000 if random.random() < 0.01 else 7))
        middle = base + number % 3
        if number % 4:
            side = random.choice((1, -1))
            price = middle - side * random.randrange(8) * spread
            rows.append((now_ns, max(price, 1), 0 if random.random() < 0.3 else _lots(random), LEVEL, 0, side, 0))
            rows.append((now_ns, middle, 1, TRADE, 0, random.choice((-1, 0, 1)), 1))
            continue
        rows.append((now_ns, 0, 0, CLEAR, 0, 0, 0))
        gap = random.randrange(2)
        for side in (1, -1):
            shown = 0 if random.random() < 0.02 else _LEVELS
            crossed = random.random() < 0.01
            for at in range(shown):
                price = middle - side * (at - (3 if crossed else 0)) * spread - (side > 0) + (side < 0) * gap
                rows.append((now_ns, max(price, 1), _lots(random), LEVEL, 0, side, 0))
        rows.append((now_ns, middle, 1, TRADE, 0, 0, 1))
    return np.array(rows, EVENT)


def _some(random: Random, chance: float) -> frozenset[str]:
    """A list of instruments that has the session's with that chance."""
    return frozenset({"BTC/USDT", "ETH/USDT"} if random.random() < chance else {"ETH/USDT"})


def _lots(random: Random) -> int:
    return random.choice((1, 5, 40, 2**40)) if random.random() < 0.05 else random.randrange(1, 60)


class _Asked:
    """What the strategy asks for. `expected` has what the plain gate decides: a reason or nothing, and the details."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.base = random.choice((30, 1_000, 10_000, 6_000_000, 2**40, 2**60))
        self.large = random.choice((0, 0, 0.02))
        # A strategy reads fees in whole units, which these are.
        self.fee_bps = Decimal(random.choice((0, 0, 10_000)))
        self.instrument = Instrument(
            symbol="BTC/USDT",
            venue_symbol="X",
            tick_size=_GRID,
            lot_size=_GRID,
            contract=random.choice(("spot", "linear", "inverse")),
            contract_size=Decimal(random.choice((1, 1, 100))),
        )
        self.session = _Session(self.instrument, random)
        self.checks = self._checks()
        names = [described(check) for check in self.checks]
        self.gate = Gate([[(name[0], check) for name, check in zip(names, self.checks, strict=True) if name]])
        session: Any = self.session
        self.gate.bind(session)
        self.expected: list[tuple[str, object]] = []
        self.refused: set[int] = set()
        self.unsure: dict[int, int] = {}

    def _checks(self) -> list[Any]:
        """Some checks, in any order, with limits that let about half of the orders pass, or hardly any, or all."""
        random, instrument = self.random, self.instrument

        def near(value: int) -> LimitOptions:
            factor = random.choice((Decimal("0.3"), Decimal(1), Decimal("1.7"), Decimal(10**6)))
            return LimitOptions(limit=Decimal(value) * factor * _GRID)

        notional = near(60 * (1 if instrument.contract == "inverse" else self.base)).limit * instrument.contract_size
        if instrument.contract != "inverse":
            notional *= _GRID
        passive = random.choice((None, Decimal(random.randrange(1, 900)), Decimal(50), Decimal("0.37")))
        # Some limits are met exactly.
        limit = random.choice((Decimal(random.randrange(1, 600)) / 3, Decimal(10 * random.randrange(1, 6))))
        made = [
            MaxOrderSize(instrument, options=near(50)),
            MaxOrderNotional(instrument, options=LimitOptions(limit=notional)),
            MaxPosition(instrument, options=near(150))
            if random.random() < 0.5
            else MaxPositionValue(instrument, notional=notional * 2),
            CollarBps(instrument, options=CollarOptions(limit=limit, passive=passive)),
            MaxBookAgeMs(instrument, options=LimitOptions(limit=random.choice((Decimal("0.001"), Decimal(2000))))),
            RestrictedInstruments(instrument, options=RestrictedOptions(limit=_some(random, 0.15))),
            AllowedInstruments(instrument, options=AllowedOptions(limit=_some(random, 0.85))),
            ReduceOnly(instrument, options=FlagOptions(limit=random.random() < 0.3)),
            MaxGrossExposure([instrument], options=self._exposure(near)),
            MaxNetExposure([instrument], options=self._exposure(near)),
            MaxOpenOrders([instrument], options=OpenOrdersOptions(limit=random.choice((1, 3, 100)))),
            TradingHours(
                instrument, options=HoursOptions(limit=random.choice(("00:00-00:00",) * 5 + ("00:01-00:00",)))
            ),
            VenueConnected(instrument, options=FlagOptions(limit=random.random() < 0.9)),
            MaxFeedLagMs(instrument, options=LimitOptions(limit=random.choice((Decimal(1), Decimal(3))))),
            MaxClockSkewMs(instrument, options=LimitOptions(limit=random.choice((Decimal(1), Decimal(3))))),
        ]
        # What is held is worth figures that a strategy can read.
        if not self.large and self.base <= 2**40:
            made.append(BuyingPower([instrument], options=self._capital(near)))
        for check in made:
            # What a check reads of the session is described with it.
            if (bind := getattr(check, "bind", None)) is not None:
                bind(self.session)
        chosen = [check for check in random.sample(made, random.randrange(1, 12)) if described(check)]
        return chosen or [MaxPosition(instrument, options=near(150))]

    def _exposure(self, near: Any) -> ExposureOptions:
        """A limit that about half of the orders reach, in profit currency."""
        limit = near(150 * self.base).limit * self.instrument.contract_size * _GRID
        return ExposureOptions(limit=limit, instrument=self.random.choice((None, limit / 2)))

    def _capital(self, near: Any) -> BuyingPowerOptions:
        limit = near(100 * self.base).limit * self.instrument.contract_size * _GRID
        return BuyingPowerOptions(limit=limit, initial_margin=self.random.choice((Decimal(1), Decimal("0.3"))))

    def call(self, market: Any, orders: Any, state: Any) -> None:
        """Asks for one thing, and notes what the plain gate says."""
        random, own = self.random, own_orders(market)
        standing = [one for one in own if one.order_id not in self.refused]
        if len(standing) > _MOST_OPEN:
            cancel(orders, random.choice(standing).order_id)
            return
        side = random.choice((BUY, SELL))
        near = market.bid_ticks if random.random() < 0.5 else market.ask_ticks
        width = random.choice((1, 1, max(self.base // 200, 1), self.base))
        price = min(max(near + random.randrange(-5, 6) * width, 1), 2**63 - 1)
        size = random.choice((1, 2**40, 2**55)) if random.random() < self.large else random.randrange(1, 90)
        if own and random.random() < 0.3:
            self._replace(
                market,
                orders,
                random.choice(standing if standing and random.random() < 0.9 else list(own)),
                price,
                size,
            )
            return
        ask = random.choice((limit, limit, post_only, immediate, fill_or_kill, None))
        order_id = ask(orders, side, price, size) if ask else market_order(orders, side, size)
        kind: Any = "limit" if ask else "market"
        terms: Any = {immediate: "ioc", fill_or_kill: "fok", None: "ioc"}.get(ask, "gtc")
        order = NewOrder(
            order_id, 0, Side(side), kind, price if ask else 0, size, market.time_ns, terms, ask is post_only
        )
        seen, account = self._look(market, own)
        if self._note(seen.unpriced() or self.gate.approve(order, seen, account), order, seen):
            self.refused.add(order_id)

    def _replace(self, market: Any, orders: Any, own: Any, price: int, size: int) -> None:
        random = self.random
        # Until it hears of a refused replace, the strategy takes it to be under way, which the gate doesn't.
        if not own.price_ticks or market.time_ns <= self.unsure.get(own.order_id, -1):
            return
        price = own.price_ticks if random.random() < 0.4 else price
        size = max(own.size_lots + random.choice((-3, -1, 0, 1, 3)), 1) if random.random() < 0.6 else size
        replace(orders, own.order_id, price, size)
        sent = NewOrder(own.order_id, 0, Side(own.side), "limit", own.price_ticks, own.size_lots, 0)
        known = SimpleNamespace(
            order=sent,
            price_ticks=own.price_ticks,
            size_lots=own.size_lots,
            filled_lots=own.filled_lots,
            state=_STATES[own.state],
            ended=False,
        )
        seen, account = self._look(market, ())
        request = ReplaceRequest(own.order_id, 0, price, size, market.time_ns)
        # The strategy doesn't know of a refusal before its time.
        named = None if own.order_id in self.refused else known
        decision = "unknown-order" if named is None else seen.unpriced()
        self.session.changed = named
        decided = decision or self.gate.approve_replace(request, named, seen, account)
        self.session.changed = None
        if self._note(decided, request, seen):
            self.unsure[own.order_id] = market.time_ns + REFUSAL_NS

    def _look(self, market: Any, own: Any) -> tuple[Any, Any]:
        """The market and the account as checks read them; the session has the time and the open orders too."""
        self.session.now_ns = market.time_ns
        half_units = 2 * market.cash_units + market.position_lots * (market.bid_ticks + market.ask_ticks)
        self.session.profit_ppb = half_units * 500_000_000 - market.fees_units * 10**9
        self.session.open = sum(one.order_id not in self.refused for one in own)
        return _seen(market)

    def _note(self, decision: object, request: object, seen: "_Seen") -> str:
        """Notes a decision; returns the reason of a refusal, or nothing."""
        reason = decision if isinstance(decision, str) else decision.reason if isinstance(decision, Refusal) else ""
        self.expected.append((reason, (decision, request, vars(seen))))
        return reason


class _Session:
    """What checks see of a lane of one instrument."""

    def __init__(self, instrument: Instrument, random: Random) -> None:
        self.instruments = (instrument,)
        self.changed: Any = None
        self.open = 0
        self.now_ns = 1_000
        self.profit_ppb = 0
        self.up = random.random() < 0.7
        lag_ns, skew_ns = (random.choice((0, 0, 0, 2, -2)) * 1_000_000 for _ in range(2))
        skew = random.choice((skew_ns,) * 5 + (None,))
        self.clock = ClockReading(0, lag_ns, skew, random.choice((2**62,) * 3 + (2_000_000,)))

    def net_profit_ppb(self, instrument: int) -> int:
        return self.profit_ppb

    def connected(self, instrument: int) -> bool:
        return self.up

    def count_open(self, instrument: int, strategy: str | None = None) -> int:
        return self.open


class _Seen:
    """A market as checks read it, with a plain book of the kernel's levels."""

    def __init__(self, market: Any) -> None:
        self.live = bool(market.live)
        self.bid_ticks, self.bid_lots = market.bid_ticks, market.bid_lots
        self.ask_ticks, self.ask_lots = market.ask_ticks, market.ask_lots
        self.now_ns, self.bbo_time_ns = market.time_ns, market.bbo_time_ns
        self._market = market

    @property
    def book(self) -> NaiveBook:
        """Made only where a check walks it."""
        book = NaiveBook()
        bids, asks = ([*_levels(self._market, side)] for side in (BUY, SELL))
        book.apply_snapshot(bids, asks)
        return book

    def unpriced(self) -> str:
        """Why no slippage model prices an order here."""
        if not self.live:
            return "book-not-live"
        if self.bid_lots <= 0 or self.ask_lots <= 0:
            return "no-mid-price"
        return "book-crossed" if self.bid_ticks >= self.ask_ticks else ""


def _seen(market: Any) -> tuple[Any, Any]:
    """The market and the account as checks read them."""
    names = "position_lots", "open_buy_lots", "open_sell_lots"
    return _Seen(market), SimpleNamespace(**{name: getattr(market, name) for name in names})


def _levels(market: Any, side: int) -> Sequence[tuple[int, int]]:
    levels, at = [], 0
    while lots := level_lots(market, side, at):
        levels.append((level_ticks(market, side, at), lots))
        at += 1
    return levels
