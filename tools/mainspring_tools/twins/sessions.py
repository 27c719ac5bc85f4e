"""Generated sessions that trade, plain against native: whatever goes wrong, both do the same, to the last byte."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from importlib.util import find_spec
from random import Random
from typing import TYPE_CHECKING, Any, Final, get_args

from mainspring.errors import CodecError, PluginError, WireError
from mainspring.host.wiring import Wired
from mainspring.lane import Event
from mainspring.model import LogRecord, OrderEvent, decode_records
from mainspring.orders import EncodedRecords, OrderLog, RequestRefused
from mainspring.seams import RawMessage
from mainspring.session.driver import Driver
from mainspring_tools.twins.chaos import Chaos
from mainspring_tools.twins.faults import Hostility, spoilt
from mainspring_tools.twins.lanes import (
    SLIPPAGE_MODELS,
    generated_config,
    interrupted_messages,
    make_lane,
    state_of,
)
from mainspring_tools.twins.session_checks import StatesJournal, commands, draw_checks, draw_habit

if TYPE_CHECKING:
    from mainspring.journal import CheckStates

__all__ = ["SessionTwins", "compare_orders", "compare_session"]

_EVENTS: Final = get_args(OrderEvent)


def compare_session(
    seed: int,
    *,
    seconds: float = 2,
    hostile: float | None = None,
    compiled: bool = True,
    config: str = "",
    ends: bool = True,
    checked: bool = True,
) -> Counter[str]:
    """Runs one session on plain and on native parts, step by step; returns how often what happened.

    The market lasts `seconds`, and is interrupted half way. `hostile` is the chance that something happens to the lane
    after a chunk of messages; None draws it. With `compiled` half of the sessions have a strategy that Numba compiles
    where parts are native, and that runs as it stands where they aren't. With `checked` half have further risk checks,
    which people lift and change, and half of these journal what checks save. `config` is put before the config that is
    drawn; `ends` is as for `Chaos`. Raises `AssertionError` where they differ.
    """
    random = Random(seed)
    restless = _restless(seed) if compiled and find_spec("numba") else None
    people = Random(f"checks of {seed}")
    habit = draw_habit(people) if checked and people.random() < 0.5 else None
    checks = {} if habit is None else draw_checks(people, habit)
    strategies = ("chaos", "restless") if restless else ("chaos",)
    text = config + generated_config(seed, strategies, seconds=seconds / 2, checks=checks)
    bad_line = random.choice((0, 0.0005, 0.002))
    messages = list(spoilt(interrupted_messages(text, seconds=seconds / 2), random, bad_line))
    drawn = random.choice((0, 0, 0.05, 0.3))
    twins = SessionTwins(
        text,
        random.choice(SLIPPAGE_MODELS),
        seed,
        chunk=random.choice((7, 64, 512)) if hostile is None else 7,
        hostile=drawn if hostile is None else hostile,
        restless=restless,
        ends=ends,
        habit=habit or "",
        commands=partial(commands, people, checks) if checks else None,
        journalled=bool(checks) and people.random() < 0.5,
    )
    try:
        twins.run(messages)
    except BaseException as error:
        error.add_note(f"the session of seed {seed}")
        raise
    return twins.counts


def compare_orders(seed: int) -> Counter[str]:
    """Runs a long session in which something contradicts the lane every few messages: see `compare_session`.

    "commands" counts what was asked for and what happened to the lane.
    """
    counts = compare_session(seed, seconds=60, hostile=0.3, compiled=False, checked=False)
    asked = ("SubmitRequested", "CancelRequested", "ReplaceRequested", "events")
    counts["commands"] = sum(counts[name] for name in asked)
    return counts


def _restless(seed: int) -> Any:
    """The strategy for both worlds that a session has; None for half of them."""
    from mainspring_tools.twins.restless import EVERYTHING, QUIETER

    return (None, QUIETER, None, EVERYTHING)[seed % 4]


class _Side:
    """One lane with its driver, its strategies, and the records that its log was given since the last comparison."""

    def __init__(self, text: str, model: str, chaos: Chaos, restless: Any, journalled: bool, *, native: bool) -> None:
        self.chaos = chaos
        self.restless: Any = None
        strategies: dict[str, Any] = {"chaos": self.chaos}
        if restless is not None:
            from mainspring_native.replay import in_session

            self.restless = strategies["restless"] = in_session(restless)()
        self.wired = make_lane(text, model, strategies, native=native)
        self.lane = self.wired.lane
        self.log = _Kept(self.wired)
        journal: Any = StatesJournal(self.log.records_kept) if journalled else None
        self.driver = Driver(self.wired, journal=journal)
        self.driver.log = self.log

    def run_messages(self, messages: Sequence[RawMessage]) -> list[str]:
        """Runs messages, and passes over those that can't be read; returns what was said of them."""
        at, problems = 0, []
        while at < len(messages):
            try:
                self.driver.run(messages, at)
                break
            except (WireError, CodecError) as error:
                at = self.lane.at + 1
                problems.append(f"{at}: {error}")
        self.lane.fold()
        return problems

    def feed(self, event: Event) -> None:
        """Feeds the lane an event, after what was due by then."""
        self.driver.settle(self.lane.now_ns)
        self.driver.feed(event)


class _Kept(OrderLog):
    """A lane's order log, which keeps its records until they are compared."""

    def __init__(self, wired: Wired) -> None:
        assert wired.log is not None
        self.records_kept: list[LogRecord | CheckStates] = []
        self._log = wired.log

    def write_all(self, records: Sequence[LogRecord | EncodedRecords]) -> None:
        for one in records:
            self.records_kept += decode_records(one.data)[0] if isinstance(one, EncodedRecords) else [one]
        self._log.write_all(records)


class SessionTwins:
    """One session on plain and on native parts. `counts` says how often what happened in it."""

    def __init__(
        self,
        text: str,
        model: str,
        seed: int,
        *,
        chunk: int,
        hostile: float = 0,
        restless: Any = None,
        ends: bool = True,
        habit: str = "",
        commands: Callable[[int], Iterable[Event]] | None = None,
        journalled: bool = False,
    ) -> None:
        """`text` is the config, with a strategy of the plugin "chaos", and one of "restless" if that is given.

        `chunk` is how many messages are run at once; `hostile` is as for `compare_session`, `ends` and
        `habit` as for `Chaos`. `commands` are asked at a time, after each chunk. With `journalled` what checks save is
        compared too.
        """
        self.counts: Counter[str] = Counter()
        self._random = Random(seed)
        self._chunk = chunk
        self._hostile = hostile
        self._commands = commands
        self._sides = [
            _Side(text, model, Chaos(seed, ends=ends, habit=habit), restless, journalled, native=native)
            for native in (False, True)
        ]
        self._hostility = Hostility(self._random, len(self._sides[0].lane.markets))

    @property
    def trades_in_runs(self) -> bool:
        """Whether the native lane trades in fused runs now."""
        return self._sides[1].lane.message_loop.trades_in_runs(0)

    def run(self, messages: Sequence[RawMessage]) -> None:
        """Runs a session of these messages. Raises `AssertionError` at the first difference."""
        try:
            for start in range(0, len(messages), self._chunk):
                chunk = messages[start : start + self._chunk]
                self._both(partial(_Side.run_messages, messages=chunk))
                for event in self._commands(self._sides[0].lane.now_ns) if self._commands else ():
                    self._both(partial(_Side.feed, event=event))
                    self.counts["said"] += 1
                while self._random.random() < self._hostile:
                    event = self._hostility.next(self._sides[0].lane.now_ns)
                    self._both(partial(_Side.feed, event=event))
                    self.counts["events"] += 1
            self._both(lambda side: side.driver.stop(side.lane.now_ns))
        except PluginError:
            self.counts["failures"] += 1
        self._agree_at_the_end()

    def _both(self, do: Callable[[_Side], object]) -> None:
        """Does something with both lanes, and compares what came of it. Raises the `PluginError` that both raised."""
        results: list[object] = []
        for side in self._sides:
            try:
                results.append(do(side))
            except PluginError as error:
                results.append(error)
        plain, native = results
        if isinstance(plain, PluginError):
            assert str(native) == str(plain)
        else:
            assert native == plain
        first, second = (side.log.records_kept for side in self._sides)
        if first != second:
            _same(first, second)
        self.counts["records"] += len(first)
        for record in first:
            self.counts[type(record).__name__] += 1
            if isinstance(record, RequestRefused):
                self.counts[f"refused: {record.reason}"] += 1
            if isinstance(record, _EVENTS):
                self._hostility.reported.append(record)
        seen, also_seen = (side.chaos.seen for side in self._sides)
        if seen != also_seen:
            _same(seen, also_seen)
        for side in self._sides:
            side.log.records_kept.clear()
            side.chaos.seen.clear()
        if isinstance(plain, PluginError):
            raise plain

    def _agree_at_the_end(self) -> None:
        for side in self._sides:
            side.lane.fold()
        plain, native = (state_of(side.wired) for side in self._sides)
        for name, expected in plain.items():
            assert native[name] == expected, name
        one, other = (side.restless for side in self._sides)
        if one is not None:
            assert (one.compiled, other.compiled) == (False, True)
            assert one.state == other.state
            self.counts["compiled"] += 1


def _same(plain: Sequence[object], native: Sequence[object]) -> None:
    for at, (one, other) in enumerate(zip(plain, native, strict=False)):
        assert other == one, f"number {at}: plain {one}, native {other}, behind {plain[max(at - 3, 0) : at]}"
    assert len(native) == len(plain), f"more: {[*plain[len(native) :], *native[len(plain) :]][:3]}"
