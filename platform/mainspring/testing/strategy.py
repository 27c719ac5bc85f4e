"""Checks a strategy against the contract of `mainspring.seams.Strategy`."""

from collections.abc import Callable, Sequence
from functools import partial
from logging import NullHandler, getLogger
from typing import Any

import msgspec

from mainspring.errors import ConfigError, GridError
from mainspring.model import (
    Bar,
    Cancelled,
    CancelRequest,
    Instrument,
    NewOrder,
    OrderRequest,
    Rejected,
    ReplaceRequest,
)
from mainspring.seams import OrderHandle, State
from mainspring.testing._rules import Offered, Rules, shorten
from mainspring.testing.market import INSTRUMENT, SECOND_INSTRUMENT
from mainspring.testing.session import FakeSession

__all__ = ["check_offered", "check_strategy"]

_NAME = "check"
_MID_TICKS = 1_000_000
_STEP_S = 0.05


def check_strategy(
    factory: Callable[[], Any],
    *,
    instruments: Sequence[Instrument] = (INSTRUMENT, SECOND_INSTRUMENT),
    seed: int = 0,
    rounds: int = 300,
) -> None:
    """Runs strategies of `factory` in a seeded market, whose venue accepts, fills and rejects orders at random.

    `instruments` are the session's; each run has `rounds` steps of 50 ms. Two runs must request the same. What the
    strategy saves must be text, numbers, lists and mappings of them, and another strategy must be able to go on from
    it.

    Raises `ConformanceError`, which names the broken rule, what broke it, and the seed.
    """
    # What a strategy logs about made-up trades is nobody's concern.
    logger = getLogger(f"mainspring.strategy.{_NAME}")
    logger.propagate = False
    if not logger.handlers:
        logger.addHandler(NullHandler())
    first, second = (_Run(Rules(seed), factory, tuple(instruments)) for _ in range(2))
    for run in (first, second):
        run.play(rounds)
    rules = Rules(seed)
    rules.equal("the same market gets the same requests", second.requests, first.requests, "a second run")
    state = first.save()
    first.stop()
    if state is not None:
        resumed = _Run(rules, factory, tuple(instruments), state)
        resumed.play(rounds)
        resumed.stop()


class _Run:
    """One run of a strategy."""

    def __init__(
        self, rules: Rules, factory: Callable[[], Any], instruments: tuple[Instrument, ...], state: State | None = None
    ) -> None:
        self._rules = rules
        self._random = rules.random
        self._session = FakeSession(instruments, name=_NAME)
        self._mids = [_MID_TICKS] * len(instruments)
        self._answered = 0
        self._accepted: set[int] = set()
        strategy = rules.never_raises("a strategy can be made", factory)
        refusal = self._call(self._start, strategy, state)
        rules.hold("its callbacks are right, and it starts in its markets", refusal is None, str(refusal))

    @property
    def requests(self) -> list[OrderRequest]:
        """What the strategy has requested."""
        return self._session.requests

    def play(self, rounds: int) -> None:
        """Plays `rounds` steps."""
        random = self._random
        for _ in range(rounds):
            self._call(partial(self._session.advance, seconds=_STEP_S))
            index = random.randrange(len(self._mids))
            self._move(index)
            if random.random() < 0.5:
                self._print(index)
            self._answer_requests()
            self._meet_orders()

    def save(self) -> State | None:
        """Returns what the strategy saves, or None. It must be plain, and saving must change nothing."""
        state = self._call(self._session.save)
        if state is None:
            return None
        rule = "it saves text, numbers, lists and mappings"
        try:
            plain = msgspec.json.decode(msgspec.json.encode(state))
        except (TypeError, ValueError, msgspec.MsgspecError) as error:
            plain = str(error)
        self._rules.hold(rule, plain == state, shorten(state))
        self._rules.equal("saving changes nothing", self._call(self._session.save), state, "a second save")
        decoded: State = plain
        return decoded

    def stop(self) -> None:
        """Ends the session."""
        seen = len(self.requests)
        self._call(self._session.stop)
        late = [request for request in self.requests[seen:] if not isinstance(request, CancelRequest)]
        self._rules.hold("on_stop requests nothing but cancels", not late, shorten(late))

    def _start(self, strategy: Any, state: State | None) -> Exception | None:
        try:
            self._session.start(strategy, state)
        except (ConfigError, GridError) as error:
            return error
        return None

    def _call(self, call: Callable[..., Any], *arguments: Any) -> Any:
        return self._rules.never_raises("a strategy never raises", call, *arguments)

    def _move(self, index: int) -> None:
        """Moves the best prices; now and then a side is empty, or they can't be trusted."""
        random = self._random
        self._mids[index] += random.randint(-20, 20)
        mid_ticks = self._mids[index]
        fake = self._session.fakes[index]
        empty = random.random() < 0.05
        bids = [] if empty else [(mid_ticks - distance, random.randint(1, 100)) for distance in range(1, 6)]
        fake.book.apply_snapshot(bids, [(mid_ticks + distance, random.randint(1, 100)) for distance in range(1, 6)])
        fake.update_bbo()
        self._call(partial(self._session.show, index, live=random.random() > 0.05))

    def _print(self, index: int) -> None:
        """Prints a trade, and now and then a bar."""
        random, session = self._random, self._session
        mid_ticks = self._mids[index]
        aggressor = random.choice((1, -1))
        lots = random.randint(1, 50)
        trade = partial(
            session.print_trade, index, price_ticks=mid_ticks + aggressor, size_lots=lots, aggressor=aggressor
        )
        self._call(trade)
        if random.random() < 0.1:
            now_ns = session.now_ns
            bar = Bar(
                index,
                now_ns,
                now_ns - 1_000_000_000,
                mid_ticks,
                mid_ticks + 3,
                mid_ticks - 3,
                mid_ticks,
                lots,
                3,
                float(mid_ticks),
            )
            self._call(session.print_bar, bar)

    def _answer_requests(self) -> None:
        """Answers some of the requests, in order."""
        while self._answered < len(self.requests) and self._random.random() < 0.7:
            request = self.requests[self._answered]
            self._answered += 1
            order = self._open().get(request.order_id)
            if isinstance(request, NewOrder):
                assert order is not None
                self._answer_new(request, order)
            elif isinstance(request, CancelRequest):
                self._answer_cancel(request, order)
            else:
                self._answer_replace(request, order)

    def _answer_new(self, request: NewOrder, order: OrderHandle) -> None:
        session, random = self._session, self._random
        if random.random() < 0.1:
            self._call(session.reject, order)
            return
        self._call(session.accept, order)
        self._accepted.add(order.order_id)
        if request.time_in_force != "gtc" and not order.ended:
            lots = random.randint(0, order.leaves_lots)
            if request.time_in_force == "fok" and lots:
                lots = order.leaves_lots
            if lots:
                self._call(partial(session.fill, order, lots=lots, maker=False))
            if not order.ended:
                self._call(session.expire, order)

    def _answer_cancel(self, request: CancelRequest, order: OrderHandle | None) -> None:
        if order is None or self._random.random() < 0.1:
            self._reject(request, "cancel")
        else:
            self._call(self._session.cancelled, order)

    def _answer_replace(self, request: ReplaceRequest, order: OrderHandle | None) -> None:
        if order is None or request.size_lots <= order.filled_lots or self._random.random() < 0.1:
            self._reject(request, "replace")
        else:
            self._call(self._session.replaced, request)

    def _reject(self, request: CancelRequest | ReplaceRequest, kind: Any) -> None:
        self._call(
            self._session.answer,
            Rejected(request.order_id, request.instrument, self._session.now_ns, "rejected", kind),
        )

    def _meet_orders(self) -> None:
        """Fills some of the orders that the venue has, cancels a few, and loses sight of a few."""
        session, random = self._session, self._random
        for order in self._open().values():
            if order.order_id not in self._accepted or order.ended:
                continue
            chance = random.random()
            if chance < 0.1:
                self._call(partial(session.fill, order, lots=random.randint(1, order.leaves_lots)))
            elif chance < 0.11:
                event = Cancelled(order.order_id, order.market.index, session.now_ns, order.leaves_lots, "by the venue")
                self._call(session.answer, event)
            elif chance < 0.12:
                session.lose(order)

    def _open(self) -> dict[int, OrderHandle]:
        return {order.order_id: order for market in self._session.markets for order in market.open_orders}


def check_offered(offered: Offered) -> str:
    """Checks an offered strategy for `check_offer`; returns nothing to note."""
    fewest = int(offered.capabilities.get("instruments", 1))
    more = tuple(
        msgspec.structs.replace(INSTRUMENT, symbol=f"GAMMA{number}/USD", venue_symbol=f"GAMMA{number}USD")
        for number in range(2, fewest)
    )
    check_strategy(offered.factory, instruments=(INSTRUMENT, SECOND_INSTRUMENT, *more), seed=offered.seed)
    return ""
