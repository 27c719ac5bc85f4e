"""Random commands for the order tracker, plain and native: the whole state is compared after each."""

from collections import Counter, deque
from random import Random
from typing import TYPE_CHECKING, Any, Final

from mainspring.errors import OrderStateError
from mainspring.model import (
    Accepted,
    Cancelled,
    Expired,
    Fill,
    NewOrder,
    OrderEvent,
    Rejected,
    Replaced,
    RequestKind,
    Side,
)
from mainspring.orders import OrderState, OrderTracker
from mainspring.orders.discrepancy import OUTLIVED, OVER_REDUCED
from mainspring.testing import INSTRUMENT
from mainspring_native._native import OrderTracker as NativeTracker

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["TrackerTwins", "compare_tracker", "figures"]

_INSTRUMENTS: Final = 3
_STRATEGIES: Final = ("", "a", "b")
_LIMITS: Final = (2**63 - 1, -(2**63), 2**63 - 2, 1 - 2**63)
_RECENT: Final = 12
_OPEN: Final = 16
_LARGE: Final = 60

Command = tuple[str, tuple[Any, ...]]


class TrackerTwins:
    """Both trackers, given the same commands. `seen` counts states, discrepancies and errors."""

    def __init__(self, answer_timeout_ns: int) -> None:
        instruments = (INSTRUMENT,) * _INSTRUMENTS
        self.plain = OrderTracker(instruments, answer_timeout_ns=answer_timeout_ns)
        self.native = NativeTracker(instruments, answer_timeout_ns=answer_timeout_ns)
        self.recent: deque[tuple[Any, Any]] = deque(maxlen=_RECENT)
        self.ids: list[int] = []
        self.seen: Counter[str] = Counter()
        self.live_views = [
            (self.plain.open_orders(place, strategy), self.native.open_orders(place, strategy))
            for place in range(-1, _INSTRUMENTS + 1)
            for strategy in _STRATEGIES
        ]

    def do(self, name: str, arguments: tuple[Any, ...]) -> None:
        results = []
        for tracker in (self.plain, self.native):
            try:
                results.append(getattr(tracker, name)(*arguments))
            except OrderStateError as error:
                results.append(str(error))
        plain, native = results
        if name == "add" and not isinstance(plain, str):
            assert not isinstance(native, str), native
            self.recent.append((plain, native))
            self.ids.append(plain.order.order_id)
        if name.startswith("take_") and name != "take_overdue":
            assert native == plain
            assert type(native) is list
            return
        if isinstance(plain, str):
            self.seen[plain.rsplit(": ", 1)[-1] if "allow" in plain else plain.split(" ", 2)[-1][:12]] += 1
        assert _identities(native) == _identities(plain)

    def agree(self) -> None:
        """The state after a command, with all open and the latest orders."""
        plain, native = self.plain, self.native
        assert native.due_ns == plain.due_ns
        assert [(lots.buy, lots.sell) for lots in native.open_lots] == [(one.buy, one.sell) for one in plain.open_lots]
        assert native.stops == plain.stops
        assert native.fills == plain.fills
        assert native.discrepancies == plain.discrepancies
        plain_open, native_open = plain.all_open(), native.all_open()
        exposed = [0] * _INSTRUMENTS
        for order in plain_open:
            exposed[order.order.instrument] += order.exposure_lots
        assert [lots.buy + lots.sell for lots in plain.open_lots] == exposed
        assert list(map(figures, native_open)) == list(map(figures, plain_open))
        for plain_order, native_order in self.recent:
            assert figures(native_order) == figures(plain_order)

    def agree_on_all(self) -> None:
        """Every order so far, the dropped ones included, and the live views."""
        for order_id in self.ids:
            plain, native = self.plain.find(order_id), self.native.find(order_id)
            assert (native is None) == (plain is None)
            if plain is not None:
                assert figures(native) == figures(plain)
        for plain_view, native_view in self.live_views:
            assert len(native_view) == len(plain_view)
            assert list(map(figures, native_view)) == list(map(figures, plain_view))
            assert all(one in native_view for one in native_view)


def figures(order: Any) -> tuple[Any, ...]:
    """All that is to be known of an order."""
    assert type(order.state) is OrderState
    return (
        id(order.order),
        order.price_ticks,
        order.size_lots,
        order.filled_lots,
        order.exposure_lots,
        order.state,
        order.ended,
        order.awaits_answer,
    )


def _identities(result: Any) -> Any:
    if isinstance(result, list):
        return [_identities(one) for one in result]
    return result if result is None or isinstance(result, str) else figures(result)


class _Commands:
    """Random commands: most of them plausible, the others as hostile as 64 bits allow."""

    def __init__(self, random: Random, twins: TrackerTwins) -> None:
        self.random = random
        self.twins = twins
        self.now_ns = 0
        self.last_id = -3
        self.kinds: tuple[Callable[[Any], Command], ...] = (
            *(
                self.add,
                self.add,
                self.send,
                self.send,
                self.send,
                self.accepted,
                self.accepted,
                self.fill,
                self.fill,
                self.fill,
            ),
            *(self.request_cancel, self.cancelled, self.request_replace, self.replaced, self.rejected, self.rejected),
            *(self.expired, self.mark_unknown),
        )

    def next(self) -> Command:
        random, draw = self.random, self.random.random()
        self.now_ns += random.choice((0, 1, 1, 5, 20))
        if draw < 0.01:
            return "lose_connection", (random.sample((-1, 0, 1, 2, 3, 9), random.randrange(4)),)
        if draw < 0.06:
            return "take_overdue", (self.time(),)
        if draw < 0.09:
            return "clear_discrepancy", (random.choice((0, 1, 2, 0, 1, 2, -1, 3, *_LIMITS)),)
        if draw < 0.1:
            found = random.choice((OUTLIVED, OVER_REDUCED))
            return "dispute", (found, random.randrange(1, 9), random.randrange(3), "as the lane has it", self.now_ns)
        if draw < 0.14:
            return random.choice(("take_fills", "take_discrepancies")), ()
        if len(opened := self.twins.plain.all_open()) > _OPEN:
            return self.end(opened[0].order)
        order = random.choice(self.twins.recent)[0] if self.twins.recent else None
        # A large order is in most commands, and few end it, so that it has many fills.
        large = next((one for one, _ in self.twins.recent if one.order.size_lots == _LARGE and not one.ended), None)
        if large is not None and random.random() < 0.6:
            return random.choice((self.send, self.accepted, self.fill, self.fill, self.request_cancel))(large)
        return random.choice(self.kinds)(order)

    def end(self, order: NewOrder) -> Command:
        """Ends an old order, so that few are open and each is compared after every command."""
        if self.twins.plain.get(order.order_id).state == OrderState.APPROVED:
            return "send", (order.order_id, self.now_ns)
        return "apply", (Cancelled(order.order_id, order.instrument, self.now_ns, 0, "old"), self.now_ns)

    def time(self) -> int:
        """The present; now and then the past, what is far ahead, or the ends of time."""
        draw = self.random.random()
        if draw < 0.97:
            return self.now_ns
        return self.random.choice(_LIMITS) if draw < 0.98 else self.now_ns + self.random.choice((-50, 500))

    def lots(self, plausible: int) -> int:
        draw = self.random.random()
        if draw < 0.6:
            return plausible
        if draw < 0.97:
            return self.random.randrange(1, 9)
        return self.random.choice((0, -1, *_LIMITS))

    def ticks(self) -> int:
        return self.random.randrange(1, 99) if self.random.random() < 0.97 else self.random.choice((0, -1, *_LIMITS))

    def order_id(self, order: Any) -> int:
        if order is not None and self.random.random() < 0.97:
            return int(order.order.order_id)
        return self.random.choice((self.last_id + 9, -99, self.last_id // 2, *_LIMITS))

    def named(self, order: Any) -> tuple[int, int, int]:
        """The id, instrument and time of an event: now and then another instrument's, or none's."""
        place = 0 if order is None else order.order.instrument
        if self.random.random() < 0.03:
            place = self.random.choice((0, 1, 2, -1, _INSTRUMENTS, *_LIMITS))
        return self.order_id(order), place, self.time()

    def add(self, order: Any) -> Command:
        random, draw = self.random, self.random.random()
        order_id = self.last_id + random.randrange(1, 4) if draw < 0.97 else self.last_id - random.randrange(3)
        place = random.randrange(_INSTRUMENTS) if draw > 0.03 else random.choice((-1, _INSTRUMENTS, *_LIMITS))
        size = self.lots(_LARGE if random.random() < 0.03 else random.randrange(1, 9))
        self.last_id = max(self.last_id, order_id) if size > 0 and 0 <= place < _INSTRUMENTS else self.last_id
        side = random.choice((Side.BUY, Side.SELL))
        new = NewOrder(order_id, place, side, "limit", self.ticks(), size, self.now_ns, strategy=random.choice("ab"))
        return "add", (new if random.random() < 0.7 else _unowned(new),)

    def send(self, order: Any) -> Command:
        # Of the latest orders, the one that waits for it longest.
        waiting = next((one for one, _ in self.twins.recent if one.state == OrderState.APPROVED), order)
        return "send", (self.order_id(waiting), self.time())

    def request_cancel(self, order: Any) -> Command:
        return "request_cancel", (self.order_id(order), self.time())

    def request_replace(self, order: Any) -> Command:
        size = self.lots(1 if order is None else min(order.filled_lots + self.random.randrange(-1, 7), 2**63 - 1))
        return "request_replace", (self.order_id(order), self.ticks(), size, self.time())

    def mark_unknown(self, order: Any) -> Command:
        return "mark_unknown", (self.order_id(order),)

    def apply(self, event: OrderEvent) -> Command:
        return "apply", (event, self.time())

    def accepted(self, order: Any) -> Command:
        waiting = next((one for one, _ in self.twins.recent if one.state == OrderState.IN_FLIGHT), order)
        return self.apply(Accepted(*self.named(waiting)))

    def fill(self, order: Any) -> Command:
        random = self.random
        side = Side.BUY if order is None else order.order.side
        if random.random() < 0.03:
            side = Side(-side)
        fill_id = random.choice(_LIMITS) if random.random() < 0.01 else random.randrange(40)
        lots = self.lots(random.randrange(1, 4))
        return self.apply(Fill(*self.named(order), fill_id, side, self.ticks(), lots, random.random() < 0.5, 7))

    def left(self, order: Any) -> int:
        left = 0 if order is None else order.size_lots - order.filled_lots
        left = max(left, -(2**63))
        return self.lots(left) if self.random.random() < 0.3 else left

    def cancelled(self, order: Any) -> Command:
        return self.apply(Cancelled(*self.named(order), self.left(order), "too far away"))

    def expired(self, order: Any) -> Command:
        return self.apply(Expired(*self.named(order), self.left(order), "IOC … Ende"))

    def replaced(self, order: Any) -> Command:
        return self.apply(Replaced(*self.named(order), self.ticks(), self.lots(self.random.randrange(1, 12))))

    def rejected(self, order: Any) -> Command:
        kinds: tuple[RequestKind, ...] = ("new", "cancel", "replace", "cancel", "replace")
        return self.apply(Rejected(*self.named(order), "no", self.random.choice(kinds)))


def _unowned(order: NewOrder) -> NewOrder:
    return NewOrder(
        order.order_id, order.instrument, order.side, "market", 0, order.size_lots, 0, "ioc", post_only=True
    )


def compare_tracker(seed: int, *, commands: int = 200_000) -> Counter[str]:
    """Gives both trackers that many random commands; returns how often what happened.

    The state of all open and of the latest orders is compared after each, now and then that of every order so far.
    Ended orders are forgotten on the way. Raises `AssertionError` where the trackers differ.
    """
    random = Random(seed)
    timeout_ns = (0, 100, 7, 2**63 - 1, -5)[seed % 5]
    twins = TrackerTwins(timeout_ns)
    made = _Commands(random, twins)
    seen: Counter[str] = Counter(commands=commands)
    done: deque[Command] = deque(maxlen=20)
    try:
        for number in range(commands):
            command = made.next()
            done.append(command)
            twins.do(*command)
            twins.agree()
            seen.update(one.what for one in twins.plain.discrepancies[-1:])
            seen.update(str(plain.state) for plain, _ in twins.recent)
            if number % (commands // 5) == 0:
                twins.agree_on_all()
        twins.agree_on_all()
        last = NewOrder(2**63 - 1, 0, Side.BUY, "limit", 1, 2**63 - 1, 0)
        for command in (("add", (last,)), ("add", (last,)), ("send", (last.order_id, 0))):
            done.append(command)
            twins.do(*command)
            twins.agree()
    except BaseException as error:
        error.add_note("\n".join((f"seed {seed}, the latest commands:", *map(str, done))))
        raise
    seen["forgotten"] = sum(twins.plain.find(order_id) is None for order_id in twins.ids)
    return seen + twins.seen
