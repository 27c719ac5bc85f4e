"""Follows the lanes of a control folder from another process."""

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from mainspring.errors import DataError
from mainspring.model import LogRecord, decode_records
from mainspring.session.watching.shared_file import SharedReader
from mainspring.session.watching.state import AccountState, LaneAbout, LaneState, StageState
from mainspring.telemetry import Histogram

if TYPE_CHECKING:
    from mainspring.report import LiveReport

__all__ = ["Follower", "LaneView", "Numbered"]

_KEPT: Final = 2_000
_RECENT_NS: Final = 10_000_000_000

Decode = Callable[[bytes, int], tuple[list[LogRecord], int]]


class Numbered(msgspec.Struct, frozen=True):
    """A record of an order log, with its number among those that were seen, from 1."""

    number: int
    record: LogRecord


class LaneView:
    """What is known of a lane: its latest state, and of what takes turns the latest of each.

    `records` are the latest 2,000 of its order log, and `lost` how often it wrote more of them than could be read.
    `ended` says that nothing shows it any more.
    """

    def __init__(self, about: LaneAbout, decode: Decode) -> None:
        self.about = about
        self.state: LaneState | None = None
        self.ladders: dict[int, tuple[list[tuple[int, int]], list[tuple[int, int]]]] = {}
        self.accounts: dict[int, dict[str, AccountState]] = {}
        self.stages: dict[str, StageState] = {}
        self.gaps: dict[str, int] = {}
        self.limits: list[tuple[str, str, object]] = []
        self.connections: LiveReport | None = None
        self.records: deque[Numbered] = deque(maxlen=_KEPT)
        self.numbered = 0
        self.lost = 0
        self.ended = False
        self._decode = decode
        self._recent: dict[str, deque[tuple[int, StageState]]] = {}
        self._number = self._place = 0
        self._rest = b""

    def read(self, shared: SharedReader) -> bool:
        """Takes what is new of a lane; returns whether there was anything."""
        shared.want()
        new = self._read_records(shared)
        number = shared.number
        if number == self._number or (raw := shared.state()) is None:
            return new
        self._number = number
        state = msgspec.msgpack.decode(raw, type=LaneState)
        self.state = state
        self.ladders |= state.ladders
        for place, accounts in state.accounts.items():
            self.accounts.setdefault(place, {}).update(accounts)
        self.gaps |= state.gaps
        if (stage := state.stage) is not None:
            self.stages[stage.stage] = stage
            recent = self._recent.setdefault(stage.stage, deque())
            recent.append((state.shown_ns, stage))
            while len(recent) > 1 and recent[1][0] <= state.shown_ns - _RECENT_NS:
                recent.popleft()
        self.limits = state.limits or self.limits
        self.connections = state.connections or self.connections
        return True

    def histograms(self, stage: str) -> tuple[Histogram, Histogram]:
        """Returns a stage's latencies since the session began, and those of the last ten seconds that were seen."""
        latest, (_, oldest) = self.stages[stage], self._recent[stage][0]
        whole, recent = Histogram(), Histogram()
        whole.add(latest.buckets, latest.total_ns, latest.largest_ns)
        if oldest is latest:
            return whole, whole
        added = {at: hits - oldest.buckets.get(at, 0) for at, hits in latest.buckets.items()}
        recent.add(
            {at: hits for at, hits in added.items() if hits}, latest.total_ns - oldest.total_ns, latest.largest_ns
        )
        return whole, recent

    def _read_records(self, shared: SharedReader) -> bool:
        found = shared.records(self._place)
        if found.lost:
            self.lost += 1
            self._rest = b""
        self._place = found.place
        if not found.data:
            return False
        data = self._rest + found.data
        records, used = self._decode(data, 0)
        self._rest = data[used:]
        for record in records:
            self.numbered += 1
            self.records.append(Numbered(self.numbered, record))
        return bool(records)


class Follower:
    """Follows all lanes that have run with a control folder. `decode` is that of a `mainspring.seams.Records`."""

    def __init__(self, folder: Path, decode: Decode = decode_records) -> None:
        self.lanes: dict[str, LaneView] = {}
        self._folder = folder / "about"
        self._decode = decode
        self._readers: dict[str, SharedReader] = {}

    def look(self) -> bool:
        """Finds lanes that have begun or ended; returns whether there are any changes."""
        changed = False
        for path in sorted(self._folder.glob("*.json")):
            try:
                about = msgspec.json.decode(path.read_bytes(), type=LaneAbout)
            except (OSError, msgspec.MsgspecError):
                # Of another release, or it vanished just now.
                continue
            known = self.lanes.get(about.lane)
            if known is None or known.about != about:
                self._drop(about.lane)
                self.lanes[about.lane] = LaneView(about, self._decode)
                changed = True
            changed |= self._connect(self.lanes[about.lane])
        return changed

    def read(self) -> bool:
        """Takes what is new of the lanes; returns whether there was anything."""
        new = False
        for name, shared in self._readers.items():
            new |= self.lanes[name].read(shared)
        return new

    def close(self) -> None:
        """Lets go of all lanes."""
        for name in list(self._readers):
            self._drop(name)

    def _connect(self, view: LaneView) -> bool:
        """Opens or drops what shows a lane; returns whether that has changed."""
        lane, there = view.about.lane, Path(view.about.shared).exists()
        if there and lane not in self._readers and not view.ended:
            with suppress(DataError):
                self._readers[lane] = SharedReader(Path(view.about.shared))
                return True
        if not there and not view.ended:
            view.ended = True
            if lane in self._readers:
                # The last words are still in memory.
                view.read(self._readers[lane])
            self._drop(lane)
            return True
        return False

    def _drop(self, lane: str) -> None:
        shared = self._readers.pop(lane, None)
        if shared is not None:
            shared.close()
