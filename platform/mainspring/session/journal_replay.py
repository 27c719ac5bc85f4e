"""Runs a journalled session again, and compares everything that it does with what it did."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

import msgspec

from mainspring.errors import ConfigError, DataError, PluginError
from mainspring.host.config import parse_config
from mainspring.host.plan import LanePlan, Setting
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.journal import Input, JournalledSession, JournalLog
from mainspring.lane import Event
from mainspring.model import LogRecord, SubmitRequested
from mainspring.orders import Header, decode_header
from mainspring.seams import RawMessage
from mainspring.session.lane_run import LaneRun
from mainspring.session.script import Script
from mainspring.session.takeover import TakeOver

__all__ = ["Difference", "Replayed", "replay_session"]

_Decode: TypeAlias = Callable[[bytes, int], tuple[list[LogRecord], int]]


class Difference(NamedTuple):
    """The first record that differs: its number, from 1, the journal's and the replay's; None if there is none."""

    record: int
    journalled: LogRecord | None
    replayed: LogRecord | None


class Replayed(NamedTuple):
    """The outcome of a replay. `records` is how many were equal; `event` counts the events up to the one looked for.

    `event` is None if no order was looked for, or it wasn't requested.
    """

    records: int
    difference: Difference | None
    event: int | None


class _Done(DataError):  # noqa: N818  nothing is wrong
    """Ends the run: everything was compared that is to be compared, or something differs."""


class _Comparison:
    """A `Sink` that compares an order log with a journalled one."""

    def __init__(self, log: JournalLog, session: JournalledSession, decode: _Decode, until: int | None) -> None:
        self.records = 0
        self.difference: Difference | None = None
        self.reached = False
        self._header = log.header
        self._expected = iter(log)
        self._decode = decode
        self._until = until
        ending = session.ending
        # A session that was cut short says nothing of what would have come.
        self._whole = ending is not None and not ending.failure and not ending.stopped_early
        self._start = b""
        self._seen_header = False

    def write(self, data: bytes, /) -> None:
        """Compares what was logged. Raises `_Done` at the first difference, and at the order that is looked for."""
        if not self._seen_header:
            header = decode_header(data)
            if header is None or self._header is None or header.instruments != self._header.instruments:
                raise ConfigError(
                    f"the session's instruments were {_names(self._header)}, and the replay has {_names(header)}: "
                    "were files of its config changed since?"
                )
            self._seen_header, data = True, data[header.length :]
        for record in self._decode(data, 0)[0]:
            expected = next(self._expected, None)
            if expected is None and not self._whole:
                raise _Done("the journal ends here")
            if expected != record:
                self.difference = Difference(self.records + 1, expected, record)
                raise _Done("it differs")
            self.records += 1
            if type(record) is SubmitRequested and record.order.order_id == self._until:
                self.reached = True
                raise _Done("the order was requested")

    def finish(self) -> None:
        """Compares the ends."""
        if self.difference is None and not self.reached and (left := next(self._expected, None)) is not None:
            self.difference = Difference(self.records + 1, left, None)


class _Counter:
    """Counts the events that a lane is fed, and calls `stop` before a given one."""

    def __init__(self, before: int | None = None, stop: Callable[[], None] | None = None) -> None:
        self.events = 0
        self._before = before
        self._stop = stop

    def record(self, event: Event, messages: Sequence[RawMessage]) -> None:
        """Counts an event."""
        self.events += 1
        if self._stop is not None and self.events + 1 == self._before:
            self._stop()


def replay_session(
    session: JournalledSession,
    log: JournalLog,
    registry_of: Callable[[Sequence[str]], Registry],
    decode: _Decode,
    *,
    until: int | None = None,
    stop: Callable[[], None] | None = None,
    see: Callable[[LaneRun], object] | None = None,
) -> Replayed:
    """Runs a session again from its config and captures, and compares its order log record by record.

    `log` is the session's in its journal, `registry_of` loads the plugins of some distributions, `decode` is that of a
    `mainspring.seams.Records`. With `until` it ends where that order is requested; `stop` is then called before that
    event, in a second run. A session that was cut short is compared up to its end. `see` is called with the lane once
    it has run.

    Raises `ConfigError` if it can't be run again: its captures have changed, say.
    """
    if log.header is None:
        # It was cut short before it did anything.
        return Replayed(0, None, None)
    lane, registry = _lane(session, registry_of)
    if until is not None:
        # So that an event is one message.
        one = Setting(slot="chunk", value=1)
        parts = tuple(msgspec.structs.replace(part, chunk=one) for part in lane.parts)
        lane = msgspec.structs.replace(lane, parts=parts)
    before = session.opening.continues
    takeover = None if before is None else TakeOver(log.journal, before, lane, decode)
    comparison, counter = _Comparison(log, session, decode, until), _Counter()
    _run(lane, registry, comparison, counter, log, takeover, see)
    event = counter.events + 1 if comparison.reached else None
    if event is not None and stop is not None:
        _run(lane, registry, _Comparison(log, session, decode, until), _Counter(event, stop), log, takeover)
    return Replayed(comparison.records, comparison.difference, event)


def _run(
    lane: LanePlan,
    registry: Registry,
    comparison: _Comparison,
    counter: _Counter,
    log: JournalLog,
    takeover: TakeOver | None,
    see: Callable[[LaneRun], object] | None = None,
) -> None:
    script = Script(one for one in log.entries() if isinstance(one, Input))
    with LaneRun(lane, registry, {}, compare=comparison, recorder=counter, script=script, takeover=takeover) as run:
        try:
            while run.step():
                pass
            run.finish()
        except _Done:
            return
        except PluginError:
            # Its records were compared; that it failed is in the journal's end.
            run.abandon("")
        finally:
            if see is not None:
                see(run)
    comparison.finish()


def _lane(session: JournalledSession, registry_of: Callable[[Sequence[str]], Registry]) -> tuple[LanePlan, Registry]:
    """Plans the journalled session again, without a journal, and returns its lane."""
    opening = session.opening
    config = opening.config
    if config is None:
        raise ConfigError(f"session {session.number} was made by a program, not from a config: it can't be run again")
    for name, size in opening.captures:
        found = Path(name).stat().st_size if Path(name).is_file() else None
        if found != size:
            now = "is gone" if found is None else f"has {found:,} bytes now"
            raise ConfigError(f"{name} had {size:,} bytes when session {session.number} ran, and {now}: bring it back")
    loaded = parse_config(config.text, config.origin, Path(config.folder), config.overrides)
    registry = registry_of(loaded.config.plugins.loaded)
    lanes = {lane.name: lane for lane in make_session(loaded, registry).lanes}
    if opening.lane not in lanes:
        raise ConfigError(f"the config makes no lane {opening.lane} here: the session ran on another host")
    lane = lanes[opening.lane]
    parts = tuple(msgspec.structs.replace(part, journal=None, journal_waits=False) for part in lane.parts)
    return msgspec.structs.replace(lane, parts=parts), registry


def _names(header: Header | None) -> str:
    return ", ".join(f"{one.name} in ticks of {one.tick_size}" for one in header.instruments) if header else "none"
