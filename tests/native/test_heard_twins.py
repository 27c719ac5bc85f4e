"""What checks have counted, in Python and in Rust: the same commands lead to the same answers and the same state."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from mainspring.testing import FakeMarket, FakeRiskSession
from mainspring_native import _native
from mainspring_native.session_checks import decider
from mainspring_plugins.risk import _loss_marks, duplicate_order_ms, max_cancel_to_fill, max_message_rate, self_trade
from mainspring_plugins.risk import max_repeated_executions as repeated

_NS = 10**9
_DAY_NS = 86_400 * _NS
_START_NS = 1_704_067_200 * _NS


class _Twins:
    """A plain one and a native one. What is done with both has to return the same."""

    def __init__(self, plain: Any, native: Any) -> None:
        self.plain, self.native = plain, native

    def do(self, name: str, *arguments: Any, **named: Any) -> Any:
        found = getattr(self.plain, name)(*arguments, **named)
        other = getattr(self.native, name)(*arguments, **named)
        assert _plain(other) == _plain(found), f"{name}{arguments}"
        return found

    def agree(self) -> None:
        assert _plain(self.native.state()) == _plain(self.plain.state())


def _plain(found: Any) -> Any:
    return tuple(found) if isinstance(found, list | tuple) else found


def _rates(random: Random) -> _Twins:
    rules = [(random.randrange(2, 9), random.choice((5, 40)) * _NS) for _ in range(random.randrange(1, 4))]
    return _Twins(max_message_rate.RateCounts(rules), _native.RateCounts(rules))


def _ask_rates(twins: _Twins, random: Random, now_ns: int) -> None:
    venue, weight = random.randrange(2), random.randrange(4)
    twins.do("room", venue)
    if twins.do("above", venue, now_ns, weight) is None or random.random() < 0.3:
        twins.do("add", venue, now_ns, weight)


def _executions(_random: Random) -> _Twins:
    return _Twins(repeated.ExecutionCounts(), _native.ExecutionCounts())


def _ask_executions(twins: _Twins, random: Random, now_ns: int) -> None:
    strategy = random.choice(("one", "two", ""))
    twins.do("add", strategy, random.choice((1, -1)), now_ns, 20 * _NS, random.choice((6, 9)))
    twins.do("stop_of", strategy)
    assert twins.native.stopped is twins.plain.stopped
    if random.random() < 0.02:
        twins.do("lift")


def _sent(_random: Random) -> _Twins:
    return _Twins(duplicate_order_ms.SentOrders(), _native.SentOrders())


def _ask_sent(twins: _Twins, random: Random, now_ns: int) -> None:
    order = random.choice(("one", "two")), random.choice((1, -1)), random.randrange(3), random.choice((1, 2**70))
    change = random.randrange(1, 4), random.randrange(3), random.randrange(1, 3)
    twins.do("order_ns", *order)
    twins.do("change_ns", *change)
    # What the native tracker takes fits 64 bits.
    order = (*order[:3], random.choice((1, 2)))
    window_ns = random.choice((0, 5, 30)) * _NS
    if random.random() < 0.5:
        twins.do("add_order", *order, now_ns, window_ns)
    else:
        twins.do("add_change", *change, now_ns, window_ns)


def _cancels(_random: Random) -> _Twins:
    return _Twins(max_cancel_to_fill.CancelCounts(), _native.CancelCounts())


def _ask_cancels(twins: _Twins, random: Random, now_ns: int) -> None:
    # Days pass quickly.
    twins.do(random.choice(("add_cancel", "add_fill", "begin_day")), _START_NS + (now_ns - _START_NS) * 600)


def _changes(_random: Random) -> _Twins:
    return _Twins(self_trade.ChangesUnderWay(), _native.ChangesUnderWay())


def _ask_changes(twins: _Twins, random: Random, _now_ns: int) -> None:
    order_id = random.randrange(1, 6)
    twins.do("of", order_id)
    if random.random() < 0.5:
        twins.do("add", order_id, random.randrange(1, 9))
    else:
        twins.do("hear", order_id, answered=random.random() < 0.5, ended=random.random() < 0.2)


_KINDS: dict[str, tuple[Callable[[Random], _Twins], Callable[[_Twins, Random, int], None]]] = {
    "rates": (_rates, _ask_rates),
    "executions": (_executions, _ask_executions),
    "sent": (_sent, _ask_sent),
    "cancels": (_cancels, _ask_cancels),
    "changes": (_changes, _ask_changes),
}


@pytest.mark.parametrize("kind", _KINDS)
def test_counts_are_alike(kind: str) -> None:
    """Random commands at rising times, and now and then one takes over the state of the other."""
    make, ask = _KINDS[kind]
    for seed in range(20):
        random, now_ns = Random(seed), _START_NS
        twins = make(random)
        for _ in range(300):
            now_ns += random.choice((0, 1, 3 * _NS))
            ask(twins, random, now_ns)
            if random.random() < 0.1:
                twins.agree()
        fresh = make(Random(seed))
        fresh.native.restore(twins.plain.state())
        fresh.plain.restore(twins.native.state())
        fresh.agree()
        for _ in range(50):
            now_ns += _NS
            ask(fresh, random, now_ns)
        fresh.agree()


def test_marks_of_losses_are_alike() -> None:
    """What is measured from, and the profits that need no look, also beyond 128 bits."""
    for seed in range(50):
        random = Random(seed)
        ratio = random.choice((None, (7, 3), (10**20, 10**9)))
        best = random.random() < 0.5
        plain = _loss_marks.LossMarks(follows_best=best, ratio=ratio)
        native = _native.LossMarks(follows_best=best, ratio=ratio)
        twins = _Twins(plain, native)
        for _ in range(100):
            currency = "USDT" if ratio else random.choice(("USDT", "BTC"))
            measured_from, limit = (
                random.choice((1, 10**30, 2**140)) * random.randrange(-9, 10),
                random.randrange(10**6),
            )
            draw = random.random()
            if draw < 0.3:
                twins.do("put", currency, measured_from)
                twins.do("bound", currency, measured_from, limit)
            elif draw < 0.5:
                twins.do("unbound", currency)
            elif draw < 0.6:
                twins.do("look_again")
            elif draw < 0.7:
                twins.do("restore", {currency: measured_from})
            else:
                twins.do("set_day", measured_from % 7 * _DAY_NS, _DAY_NS)
            twins.do("get", currency)
            twins.agree()
            figures = [
                (one.least_ppb, one.beyond_ppb, one.begins_ns, one.ends_ns, one.ratio) for one in (plain, native)
            ]
            assert figures[0] == figures[1]


def test_a_run_moves_what_a_check_has_counted() -> None:
    """The check goes on with it, in Rust; what was counted before stays counted, and a second run changes nothing."""
    options = max_message_rate.RateOptions(limit=3)
    session = FakeRiskSession([FakeMarket()])
    check = max_message_rate.MaxMessageRate([market.instrument for market in session.markets], options=options)
    check.bind(session)
    check.counts.add(0, 1, 2)
    found = decider(check, 0)
    assert found is not None
    assert found[1] is check.counts
    assert type(check.counts) is _native.RateCounts
    assert check.counts.state() == {0: [(1, 2)]}
    assert decider(check, 0) == found
