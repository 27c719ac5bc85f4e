"""One seeded run of a lane against a venue that loses, delays, doubles and reorders, through crashes and restarts."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

import msgspec

from mainspring.host.config import parse_config
from mainspring.host.plan import LanePlan, Plan
from mainspring.host.planning import make_plan
from mainspring.host.registry import Registry
from mainspring.host.wiring import wire
from mainspring.journal import Opening, SyncWriter
from mainspring.lane import CancelAll, ClearDiscrepancy, Kill, LiftKill, Mode, Send, SetMode, Stopped, Time
from mainspring.model import NewOrder, OrderEvent
from mainspring.orders import replay_session_part
from mainspring.recovery import recover
from mainspring.seams import RawMessage
from mainspring.session import open_messages
from mainspring.session.driver import Driver
from mainspring.testing import Faults, HostileVenue
from mainspring_tools.recovery import KeptJournal, make_offer, with_offers
from mainspring_tools.twins.chaos import Chaos

__all__ = ["PARTS", "Crash", "Sent", "World"]

PARTS: Final = (
    *("crashes", "commands", "lose_request", "lose_message", "double_message", "late_message", "disconnect"),
    "fail_query",
)
"""What a run can go without: what goes wrong, and what people say."""

_SECOND: Final = 1_000_000_000
_START_NS: Final = 1_704_067_200 * _SECOND
_SEGMENTS: Final = 12
_NAMES: Final = ("BTC/USDT", "ETH/USDT")
_TEXT: Final = """
instruments = ["BTC/USDT", "ETH/USDT"]
feed = { plugin = "simulated", seconds = 2 }
market = { daily_volume = 20_000, daily_volatility = 0.03 }
router.plugin = "hostile"
journal.plugin = "kept"
orders.answer_timeout_ms = 2500
orders.poll_executions_s = 10
[strategy.chaos]
plugin = "chaos"
[risk]
max_order_size = 5
max_order_notional = 50_000
max_position = 0.5
max_book_age_ms = 60_000
collar_bps = 50
"""
_PARTS: Final = {
    False: ("decoder.plugin=python", "book.plugin=bisect-list"),
    True: ("decoder.plugin=native", "book.plugin=ladder"),
}


class Crash(Exception):  # noqa: N818  no error: the process ends here
    """The process ends at this point: nothing after it happens."""


class _Current:
    """The world that the parts of the one plan belong to."""

    world: "World"


@cache
def _registry() -> Registry:
    return with_offers(
        Registry.load(),
        make_offer(
            "router",
            "hostile",
            lambda context: _Current.world.venue.connect(context),
            simulated=True,
            answers_queries=True,
        ),
        make_offer("journal", "kept", lambda: _Current.world.journal, durable=True),
        make_offer("strategy", "chaos", lambda: _Current.world.strategy),
    )


@cache
def _plan(native: bool) -> Plan:
    return make_plan(parse_config(_TEXT, "model.toml", Path(), _PARTS[native]), _registry())


@cache
def _segment(number: int) -> tuple[RawMessage, ...]:
    """The messages of a second of the market; each segment begins with books of its own."""
    overrides = (*_PARTS[False], f"feed.start_ns={_START_NS + number * 10 * _SECOND}", f"feed.seed={number + 1}")
    return tuple(
        open_messages(make_plan(parse_config(_TEXT, "model.toml", Path(), overrides), _registry()), _registry())
    )


class Sent(NamedTuple):
    """A request that left: when, in which session, and how many blocks its journal had then."""

    now_ns: int
    session: int
    blocks: int
    client_order_id: str
    request: Any


class _Process(Driver):
    """A lane in a process that may crash at any of its effects. The rest is the product's own driver."""

    def __init__(self, world: "World") -> None:
        plan = _plan(world.native)
        lane = LanePlan(name="1", parts=(plan,))
        before = world.sessions[-1] if world.sessions else None
        opening = Opening(
            opened_at="", version="", lane="1", mode="paper", config=None, instruments=_NAMES, continues=before
        )
        writer = SyncWriter(world.journal, opening)
        world.sessions.append(writer.session)
        wired = wire(lane, _registry(), order_log=writer)
        manager = wired.lane.order_manager
        assert manager is not None
        self.world, self.manager, self.known_ns = world, manager, 0
        if before is not None:
            instruments = [(plan.label(one), one) for one in plan.instruments]
            self.known_ns = recover(world.journal, before, manager, instruments).time_ns
        super().__init__(wired, None, writer)
        poll = self._poll[0]

        def heard(now_ns: int) -> Sequence[Any]:
            said = poll(now_ns)
            for event in said:
                if isinstance(event, OrderEvent):
                    world.heard.append((manager.outbox.client_order_id(event.order_id), event))
            return said

        self._poll[0] = heard

    def begin(self, now_ns: int) -> None:
        """Starts the lane; after a crash once the venue has answered everything, as a session that takes over does."""
        part = replay_session_part(self.world.seed * 100 + len(self.world.sessions))
        if len(self.world.sessions) > 1:
            self.lane.strategies.hold()
            self.feed(Time(now_ns))
            self.resume(self.known_ns, part)
            # What people had said holds.
            self.world.say_again(self)
        self.start(max(now_ns, self.lane.now_ns), part)

    def _do(self) -> None:
        self.world.crash_point()
        super()._do()
        self.world.look(self)

    def _do_send(self, send: Send) -> None:
        world, request, now_ns = self.world, send.request.request, self.lane.now_ns
        world.crash_point()
        blocks = len(world.journal.kept[world.sessions[-1]])
        known_as = self.manager.outbox.client_order_id(request.order_id)
        world.sent.append(Sent(now_ns, world.sessions[-1], blocks, known_as, request))
        if type(request) is NewOrder:
            assert self.lane.mode is Mode.RUNNING, f"order {request.order_id} left while the lane is {self.lane.mode}"
            kills = [world.killed[at] for at in ("", _NAMES[request.instrument]) if at in world.killed]
            # One that flattens closes whatever others there are.
            closes = request.kind == "market" and any(kill.flatten for kill in kills)
            assert closes or not kills, f"order {request.order_id} outran the kill switch"
        super()._do_send(send)
        world.crash_point()


class World:
    """A run: `run` goes through it, and `mainspring_tools.model.invariants` checks what it leaves.

    After `steps` of some messages each, nothing happens any more but that all settles; None is all there are. `without`
    are the `PARTS` that the run goes without.
    """

    def __init__(
        self, seed: int, *, segments: int = 5, steps: int | None = None, without: frozenset[str] = frozenset()
    ) -> None:
        self.seed = seed
        self.without = without
        self._left = steps
        self.random = Random(f"model {seed}")  # noqa: S311  a simulation, no secret
        self.native = seed % 2 == 1
        self.venue = HostileVenue(seed, self._faults())
        self.journal = KeptJournal()
        self.strategy = Chaos(seed)
        self.sessions: list[int] = []
        self.sent: list[Sent] = []
        self.heard: list[tuple[str, OrderEvent]] = []
        """What the venue's stream said, in the order in which it came, each with its order's id there."""
        self.cleared: set[int] = set()
        """The instruments of which a command cleared a discrepancy."""
        self.counts: Counter[str] = Counter()
        self.killed: dict[str, Kill] = {}
        """What is killed: an instrument by its name, everything by none."""
        self.limit_lots = [int(Decimal("0.5") / one.lot_size) for one in _plan(self.native).instruments]
        self.process: _Process | None = None
        self._segments = segments
        self._crashes = self.random.choice((0.0, 0.002, 0.01)) * ("crashes" not in without)
        _Current.world = self

    def _faults(self) -> Faults:
        random = self.random
        faults = Faults(
            lose_request=random.choice((0, 0.02, 0.1)),
            lose_message=random.choice((0, 0.03, 0.15)),
            double_message=random.choice((0, 0.03, 0.15)),
            late_message=random.choice((0, 0.05, 0.2)),
            disconnect=random.choice((0, 0.005, 0.03)),
            fail_query=random.choice((0, 0.1, 0.3)),
            market_ticks=6_000_000,
            way_ms=random.choice((1, 20, 200)),
            late_ms=random.choice((50, 2_000)),
            down_ms=random.choice((100, 3_000)),
        )
        return msgspec.structs.replace(faults, **{name: 0 for name in self.without if hasattr(faults, name)})

    def crash_point(self) -> None:
        """Ends the process here, now and then."""
        if self.random.random() < self._crashes:
            raise Crash

    def look(self, process: _Process) -> None:
        """Checks what must hold at every event."""
        for place, limit_lots in enumerate(self.limit_lots):
            position_lots = self.venue.position_lots(place)
            assert abs(position_lots) <= limit_lots, (
                f"{position_lots} lots of {_NAMES[place]} at the venue: {limit_lots} are allowed"
            )
        self.counts["looks"] += 1

    def say_again(self, process: _Process) -> None:
        """Has a new process hear which kills hold: they are on disk."""
        for kill in self.killed.values():
            process.feed(msgspec.structs.replace(kill, now_ns=process.lane.now_ns))

    def run(self) -> None:
        """Runs every segment with commands and crashes between, then lets everything settle."""
        now_ns, number = _START_NS - _SECOND, 0
        while number < self._segments and self._left != 0:
            try:
                if self.process is None:
                    self.process = _Process(self)
                    self.process.begin(now_ns)
                self._segment(self.process, _segment(number))
                now_ns = self.process.lane.now_ns
                number += 1
            except Crash:
                assert self.process is not None or self.sessions
                now_ns = self._after_crash()
                number += 1
        self._settle(now_ns)

    def _segment(self, process: _Process, messages: Sequence[RawMessage]) -> None:
        at = 0
        while at < len(messages) and self._left != 0:
            if self._left is not None:
                self._left -= 1
            self.counts["steps"] += 1
            end = at + self.random.randrange(1, 60)
            process.run(messages[at:end])
            at = end
            if self.random.random() < 0.25 and "commands" not in self.without:
                self._command(process)

    def _command(self, process: _Process) -> None:
        now_ns, draw = process.lane.now_ns, self.random.random()
        if draw < 0.2:
            process.feed(CancelAll(now_ns))
        elif draw < 0.25:
            process.feed(SetMode(now_ns, self.random.choice((Mode.CANCEL_ONLY, Mode.HALTED))))
        elif draw < 0.55:
            process.feed(SetMode(now_ns, Mode.RUNNING))
        elif draw < 0.6:
            target = self.random.choice(("", *_NAMES))
            kill = Kill(now_ns, "instrument" if target else "all", target, flatten=self.random.random() < 0.3)
            # It is on disk before any process takes it.
            self.killed[target] = kill
            process.feed(kill)
        elif draw < 0.72:
            target = self.random.choice(("", *self.killed))
            if self.killed.pop(target, None) is not None:
                process.feed(LiftKill(now_ns, "instrument" if target else "all", target))
        elif draw < 0.9:
            place = self.random.randrange(len(_NAMES))
            self.cleared.add(place)
            process.feed(ClearDiscrepancy(now_ns, place))
        else:
            self.venue.disconnect()

    def _after_crash(self) -> int:
        """The venue goes on without us for a while. Returns when the next process starts."""
        self.counts["crashes"] += 1
        self.process = None
        now_ns = max(self.venue.now_ns, _START_NS) + self.random.randrange(3 * _SECOND)
        self.venue.advance(now_ns)
        return now_ns

    def _settle(self, now_ns: int) -> None:
        """Nothing goes wrong from here on: everything is cancelled, and the venue is asked until it has answered."""
        self.venue.calm()
        self._crashes = 0.0
        if self.process is None:
            self.process = _Process(self)
            self.process.begin(now_ns)
        process = self.process
        process.feed(Stopped(max(now_ns, process.lane.now_ns)))
        for _ in range(10):
            now_ns = max(now_ns, process.lane.now_ns) + 20 * _SECOND
            process.settle(now_ns)
            process.feed(CancelAll(now_ns))
        now_ns += 60 * _SECOND
        process.settle(now_ns)
