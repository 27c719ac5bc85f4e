"""Checks a risk check against the contract of `mainspring.seams.RiskCheck`."""

import json
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

import msgspec

from mainspring.model import (
    MAX_UNITS,
    Accepted,
    Cancelled,
    CancelRequest,
    Fill,
    Instrument,
    NewOrder,
    OrderKind,
    Refusal,
    ReplaceRequest,
    Side,
)
from mainspring.seams import RiskCheck, make_condition
from mainspring.testing._rules import Offered, Rules, shorten
from mainspring.testing.market import INSTRUMENT, FakeAccount, FakeMarket, FakeStatistics
from mainspring.testing.risk_session import FakeOrder, FakeRiskSession

__all__ = ["check_offered", "check_risk"]


def check_risk(
    factory: Callable[..., RiskCheck],
    *,
    name: str = "",
    instrument: Instrument = INSTRUMENT,
    seed: int = 0,
    rounds: int = 300,
    across_instruments: bool = False,
) -> None:
    """Asks a check of `factory` about `rounds` seeded orders, in valid and broken markets.

    The factory is called with the instrument, or with all instruments (here one) if it says `across_instruments`.
    The answer must be None or a `Refusal` with `name` as its reason (any reason if `name` is empty), must never be an
    exception, and must depend on order, market, account and what the check heard was sent and reported: not on what
    it was asked before. It must let pass what its condition `passes_if` holds for, and `on_order` must change nothing
    where `unmoved_if` holds. What it hears, and a successor that adopts it, must not raise. What it saves must be
    plain, and restore it.

    Raises `ConformanceError`, which names the broken rule, the order, and the seed.
    """
    rules = Rules(seed)
    make: Callable[[], RiskCheck] = partial(factory, (instrument,) if across_instruments else instrument)
    session, check = FakeRiskSession([_market(rules.random, instrument)]), make()
    _tell(rules, check, "bind", session)
    passes, unmoved = (_condition(rules, check, name, session) for name in ("passes_if", "unmoved_if"))
    asked = []
    for number in range(rounds):
        order = _order(rules.random, number)
        market, account = _market(rules.random, instrument), _account(rules.random)
        session.markets, session.accounts = [market], [account]
        spared, kept = unmoved is not None and unmoved(order, market, account), _counted(check)
        _tell(rules, check, "on_order", order)
        rules.hold(
            "on_order changes nothing where unmoved_if holds", not spared or _counted(check) == kept, shorten(order)
        )
        answer = rules.never_raises("a check never raises", check.check, order, market, account)
        spared = passes is not None and passes(order, market, account)
        rules.hold("a check passes what passes_if holds for", answer is None or not spared, shorten(order))
        detail = f"{shorten(order)} gave {shorten(answer)}"
        rules.hold("a check gives None or a Refusal", answer is None or isinstance(answer, Refusal), detail)
        if answer is not None:
            named = answer.reason == name if name else bool(answer.reason)
            rules.hold("the reason is the check's name", named, detail)
        asked.append((order, market, account, answer))
    rules.random.shuffle(asked)
    for order, market, account, before in asked:
        session.markets, session.accounts = [market], [account]
        answer = check.check(order, market, account)
        detail = f"{shorten(order)} gave {shorten(before)}, and later {shorten(answer)}"
        rules.hold("a check keeps no state of what passed", answer == before, detail)
    _trade(rules, session, check, name)
    successor = make()
    _tell(rules, successor, "bind", session)
    _tell(rules, successor, "adopt", check)
    order, market, account, _ = asked[0]
    session.markets, session.accounts = [market], [account]
    rules.hold(
        "a check that adopts another one answers as it does",
        successor.check(order, market, account) == check.check(order, market, account),
        shorten(order),
    )
    if (save := getattr(check, "save", None)) is not None:
        saved = save()
        same = rules.never_raises("what a check saves is plain", _through_json, saved)
        rules.hold("what a check saves is text, numbers, lists and mappings by text", same == saved, shorten(saved))
        restarted: Any = make()
        _tell(rules, restarted, "bind", session)
        _tell(rules, restarted, "restore", same)
        rules.hold("a check saves what it was restored from", restarted.save() == saved, shorten(saved))
    _tell(rules, check, "lift")


def _condition(rules: Rules, check: RiskCheck, name: str, session: FakeRiskSession) -> Any:
    text = getattr(check, name, None)
    return None if text is None else rules.never_raises(f"{name} is a condition", make_condition, text, check, session)


def _counted(check: RiskCheck) -> dict[str, str]:
    """What a check keeps, as text, so that it can be compared with what it keeps later."""
    return {name: repr(value) for name, value in getattr(check, "__dict__", {}).items()}


def _through_json(value: Any) -> Any:
    return json.loads(json.dumps(value))


def _trade(rules: Rules, session: FakeRiskSession, check: RiskCheck, name: str) -> None:
    """Sends what passes, reports of it and asks for changes of it, as a lane would."""
    random = rules.random
    session.markets, session.accounts = [FakeMarket(session.instruments[0])], [FakeAccount()]
    market, account = session.markets[0], session.accounts[0]
    for number in range(1, 100):
        market.now_ns += random.choice((0, 10**6, 10**9))
        market.bbo_time_ns = market.now_ns
        order = msgspec.structs.replace(_order(random, number), kind="limit", price_ticks=market.bid_ticks, size_lots=1)
        _tell(rules, check, "on_order", order)
        answer = rules.never_raises("a check never raises", check.check, order, market, account)
        if answer is not None:
            continue
        _tell(rules, check, "on_sent", order)
        resting = FakeOrder(order)
        session.orders.append(resting)
        _tell(rules, check, "on_event", Accepted(number, 0, market.now_ns))
        session.changed = resting
        answer = rules.never_raises("a check never raises", check.check, order, market, account)
        rules.hold(
            "the reason is the check's name", answer is None or not name or answer.reason == name, shorten(answer)
        )
        session.changed = None
        if random.random() < 0.5:
            _tell(rules, check, "on_sent", ReplaceRequest(number, 0, order.price_ticks, 1, market.now_ns))
            _tell(
                rules, check, "on_event", Fill(number, 0, market.now_ns, 1, order.side, order.price_ticks, 1, True, 0)
            )
        else:
            _tell(rules, check, "on_sent", CancelRequest(number, 0, market.now_ns))
            _tell(rules, check, "on_event", Cancelled(number, 0, market.now_ns, 1, "requested"))
        session.orders.remove(resting)


def _tell(rules: Rules, check: RiskCheck, method: str, *arguments: Any) -> None:
    """Calls a method that a check may leave out."""
    call = getattr(check, method, None)
    if call is not None:
        rules.never_raises(f"{method} never raises", call, *arguments)


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
    across = bool(offered.capabilities.get("across_instruments"))
    check_risk(offered.factory, name=offered.name, seed=offered.seed, across_instruments=across)
    return ""
