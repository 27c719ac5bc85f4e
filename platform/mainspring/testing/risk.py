"""Checks a risk check against the contract of `mainspring.seams.RiskCheck`."""

from collections.abc import Callable
from random import Random

from mainspring.model import MAX_UNITS, Instrument, NewOrder, OrderKind, Refusal, Side
from mainspring.seams import RiskCheck
from mainspring.testing._rules import Offered, Rules, shorten
from mainspring.testing.market import INSTRUMENT, FakeAccount, FakeMarket, FakeStatistics

__all__ = ["check_offered", "check_risk"]


def check_risk(
    factory: Callable[[Instrument], RiskCheck],
    *,
    name: str = "",
    instrument: Instrument = INSTRUMENT,
    seed: int = 0,
    rounds: int = 300,
) -> None:
    """Asks a check of `factory` about `rounds` seeded orders, in valid and broken markets.

    The answer must be None or a `Refusal` with `name` as its reason (any reason if `name` is empty), must never be an
    exception, and must depend on order, market and account alone.

    Raises `ConformanceError`, which names the broken rule, the order, and the seed.
    """
    rules = Rules(seed)
    check = factory(instrument)
    asked = []
    for number in range(rounds):
        order = _order(rules.random, number)
        market, account = _market(rules.random, instrument), _account(rules.random)
        answer = rules.never_raises("a check never raises", check.check, order, market, account)
        detail = f"{shorten(order)} gave {shorten(answer)}"
        rules.hold("a check gives None or a Refusal", answer is None or isinstance(answer, Refusal), detail)
        if answer is not None:
            named = answer.reason == name if name else bool(answer.reason)
            rules.hold("the reason is the check's name", named, detail)
        asked.append((order, market, account, answer))
    rules.random.shuffle(asked)
    for order, market, account, before in asked:
        answer = check.check(order, market, account)
        detail = f"{shorten(order)} gave {shorten(before)}, and later {shorten(answer)}"
        rules.hold("a check keeps no state of what passed", answer == before, detail)


def _order(random: Random, number: int) -> NewOrder:
    kind: OrderKind = random.choice(("limit", "market"))
    price_ticks = 0 if kind == "market" else random.choice((1, 1_000_000, 1_000_050, MAX_UNITS))
    size_lots = random.choice((1, 100, 10**6, MAX_UNITS))
    return NewOrder(number + 1, 0, random.choice((Side.BUY, Side.SELL)), kind, price_ticks, size_lots, 0)


def _market(random: Random, instrument: Instrument) -> FakeMarket:
    statistics = random.choice(
        (FakeStatistics(), FakeStatistics(volatility_per_day=None, daily_volume_lots=None, spread_ticks=None))
    )
    market = FakeMarket(instrument, statistics=statistics, levels=2)
    broken = random.randrange(6)
    if broken in (0, 1):
        market.bid_ticks = market.bid_lots = 0
    if broken in (1, 2):
        market.ask_ticks = market.ask_lots = 0
    market.live = broken != 3
    if broken == 4:
        market.bid_ticks, market.ask_ticks = market.ask_ticks, market.bid_ticks
    market.now_ns += random.choice((0, 10**6, 10**12))
    return market


def _account(random: Random) -> FakeAccount:
    return FakeAccount(
        position_lots=random.choice((0, 100, -100, 10**9, -(10**9))),
        open_buy_lots=random.choice((0, 50)),
        open_sell_lots=random.choice((0, 50)),
    )


def check_offered(offered: Offered) -> str:
    """Checks an offered risk check for `check_offer`; returns nothing to note."""
    check_risk(offered.factory, name=offered.name, seed=offered.seed)
    return ""
