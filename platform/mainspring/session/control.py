"""The control folder of a session: how people reach it while it runs, and how a kill outlives it."""

import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec

from mainspring.data import write_atomically
from mainspring.data.lock import exclusive
from mainspring.errors import DataError
from mainspring.report import LiveReport

__all__ = [
    "Command",
    "ConnectionsQuestion",
    "ControlFolder",
    "FlagStatus",
    "KillLevel",
    "KillRecord",
    "LiftOrder",
    "LiftRecord",
    "LimitOrder",
    "Reply",
    "Status",
    "SwapOrder",
    "SwapStatus",
    "utc_now",
]

KillLevel: TypeAlias = Literal["instrument", "strategy", "all"]

_FORMAT = "mainspring kills 1"
_LOCK_S = 5.0
_MOST_LIFTED = 1_000


class KillRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kill that is in force: what it stops, whether it closes positions, and who set it, when (UTC) and why."""

    level: KillLevel
    target: str = ""
    flatten: bool = False
    who: str
    why: str
    at: str


class LiftRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kill that was lifted: by whom, when (UTC) and why."""

    level: KillLevel
    target: str = ""
    who: str
    why: str
    at: str


class LimitOrder(msgspec.Struct, frozen=True, kw_only=True, tag="limit"):
    """A person wants a check's limit changed. See `mainspring.lane.SetLimit`."""

    check: str
    value: str
    instrument: str | None = None
    confirmed: bool = False
    who: str
    why: str


class LiftOrder(msgspec.Struct, frozen=True, kw_only=True, tag="lift"):
    """A person wants a check, or all if it is empty, to let orders pass again that it has stopped."""

    check: str = ""
    who: str
    why: str


class SwapOrder(msgspec.Struct, frozen=True, kw_only=True, tag="swap"):
    """A person wants a part exchanged, or a candidate to stand by. See `mainspring.lane.SwapPart`."""

    action: Literal["shadow", "swap", "back", "end"]
    slot: str
    target: str = ""
    plugin: str = ""
    options: dict[str, Any] = {}
    who: str
    why: str


class ConnectionsQuestion(msgspec.Struct, frozen=True, kw_only=True, tag="connections"):
    """A person wants to know how the connections perform."""


Command: TypeAlias = LimitOrder | LiftOrder | SwapOrder | ConnectionsQuestion


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a command in a lane. `live` answers a `ConnectionsQuestion`."""

    lane: str
    done: bool
    text: str
    live: LiveReport | None = None


class FlagStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A flag in a lane: what it exchanges, for which share in basis points, and what there is to say of it.

    `number` is that of the last change that the lane has taken from its file of flags, 0 for none, and `finished` says
    whether its ramp has ended well.
    """

    name: str
    slot: str
    candidate: str
    share_bp: int
    unit: str
    number: int
    text: str
    finished: bool = False


class SwapStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A slot's part for one of its keys: what is active, what stands by, and how many differences there were.

    `pause_us` is the longest exchange in the slot, in microseconds, and `inputs` how many both were given.
    """

    slot: str
    key: str
    active: str
    standby: str
    differences: int
    pause_us: float
    inputs: int = 0


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """What a lane last said of itself: its process, mode, what is killed, its limits, its flags and its candidates."""

    lane: str
    process: int
    mode: str
    kills: list[str]
    limits: list[tuple[str, str, Any]]
    flags: list[FlagStatus] = []
    swaps: list[SwapStatus] = []


class _Kills(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: str
    kills: list[KillRecord]
    lifted: list[LiftRecord] = []


class ControlFolder:
    """What is in a control folder, for the commands and for the session.

    - `kills.json` has the kills in force. It is replaced as a whole and synced, so that a kill outlives any crash.
    - `KILL`, whatever is in it, stops everything: `touch KILL` works where nothing else does.
    - `alive` is touched by what watches a session with a dead-man's timer.
    - `flags.json` has what people set flags to: see `mainspring.session.flag_file`.
    - `differences` has what a candidate did otherwise than the active part: see `mainspring.session.differences`.
    - `commands` has what a person asks of running lanes, `replies` what became of it, and `lanes` what they say.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.kills_file = path / "kills.json"
        self.kill_file = path / "KILL"
        self.alive_file = path / "alive"
        self.commands = path / "commands"
        self.replies = path / "replies"
        self.lanes = path / "lanes"
        self.urgent: list[KillRecord] = []
        """Kills of this process alone, of which the disk may know nothing."""

    def make(self) -> None:
        """Makes the folder, if it isn't there. Raises `DataError` if it can't be."""
        with self._writing():
            for folder in (self.commands, self.replies, self.lanes):
                folder.mkdir(parents=True, exist_ok=True)

    def kills(self) -> list[KillRecord]:
        """Returns the kills in force. A file of kills that can't be read stops everything, and says so."""
        found = [*self._read().kills, *self.urgent]
        if self.kill_file.exists():
            found.append(KillRecord(level="all", who="the file KILL", why=f"{self.kill_file} is there", at=""))
        return found

    def lifted(self) -> list[LiftRecord]:
        """Returns what was lifted, the latest last."""
        return list(self._read().lifted)

    def kill(self, record: KillRecord) -> None:
        """Puts a kill into force, on disk once this returns. Raises `DataError` if it can't be written."""
        with self._changing():
            saved = self._read()
            others = [one for one in saved.kills if (one.level, one.target) != (record.level, record.target)]
            self._save([*others, record], saved.lifted)

    def lift(self, record: LiftRecord) -> bool:
        """Lifts a kill; returns whether there was one. Raises `DataError` if it can't be written.

        The file `KILL` stops everything, and so does a damaged file of kills: lifting "all" removes them.
        """
        with self._changing():
            key, saved = (record.level, record.target), self._read()
            if key not in [(one.level, one.target) for one in self.kills()]:
                return False
            left = [one for one in saved.kills if (one.level, one.target) != key]
            self._save(left, [*saved.lifted, record][-_MOST_LIFTED:])
            self.urgent = [one for one in self.urgent if (one.level, one.target) != key]
            if record.level == "all":
                self.kill_file.unlink(missing_ok=True)
            return True

    def ask(self, command: Command) -> str:
        """Leaves a command for the lanes that run; returns its name. Raises `DataError` if it can't be written."""
        self.make()
        name = f"{time.time_ns():020}-{os.getpid()}"
        with self._writing():
            write_atomically(self.commands / f"{name}.json", msgspec.json.encode(command))
        return name

    def take_replies(self, name: str, within_s: float) -> list[Reply]:
        """Returns what lanes said of a command, once every running one has, or the time is over, and forgets it."""
        until = time.monotonic() + within_s
        while True:
            found = [msgspec.json.decode(path.read_bytes(), type=Reply) for path in self.replies.glob(f"{name}.*.json")]
            if len(found) >= len(self.statuses()) or time.monotonic() >= until:
                break
            time.sleep(0.02)
        for path in [self.commands / f"{name}.json", *self.replies.glob(f"{name}.*.json")]:
            path.unlink(missing_ok=True)
        return sorted(found, key=lambda one: one.lane)

    def pending(self) -> list[str]:
        """Returns the names of the commands that are there, oldest first."""
        return sorted(path.stem for path in self.commands.glob("*.json"))

    def command(self, name: str) -> Command | None:
        """Returns a command; None if it was taken back. Raises `DataError` if it can't be read."""
        try:
            return msgspec.json.decode((self.commands / f"{name}.json").read_bytes(), type=Command)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError) as error:
            raise DataError(f"the command {name} in {self.commands} can't be read: {error}") from error

    def reply(self, name: str, reply: Reply) -> None:
        """Says what became of a command."""
        with self._writing():
            write_atomically(self.replies / f"{name}.{reply.lane}.json", msgspec.json.encode(reply))

    def say(self, status: Status) -> None:
        """Says how a lane is."""
        with self._writing():
            write_atomically(self.lanes / f"{status.lane}.json", msgspec.json.encode(status))

    def leave(self, lane: str) -> None:
        """Says that a lane has ended."""
        (self.lanes / f"{lane}.json").unlink(missing_ok=True)

    def statuses(self) -> list[Status]:
        """Returns what lanes say whose processes are alive."""
        found = []
        for path in sorted(self.lanes.glob("*.json")):
            try:
                status = msgspec.json.decode(path.read_bytes(), type=Status)
            except (OSError, msgspec.MsgspecError):
                # It ended, or is just being written.
                continue
            if _is_alive(status.process):
                found.append(status)
        return found

    def touch_alive(self) -> None:
        """Says that somebody watches. Raises `DataError` if it can't be."""
        self.make()
        with self._writing():
            self.alive_file.touch()

    def _read(self) -> _Kills:
        try:
            saved = msgspec.json.decode(self.kills_file.read_bytes(), type=_Kills)
            if saved.format != _FORMAT:
                raise msgspec.ValidationError(f"format {saved.format!r}")
        except FileNotFoundError:
            return _Kills(_FORMAT, [])
        except (OSError, msgspec.MsgspecError) as error:
            why = f"{self.kills_file} can't be read ({error}); lifting everything writes it again"
            return _Kills(_FORMAT, [KillRecord(level="all", who="the damaged file of kills", why=why, at="")])
        return saved

    def _save(self, kills: Sequence[KillRecord], lifted: Sequence[LiftRecord]) -> None:
        saved = _Kills(_FORMAT, list(kills), list(lifted))
        write_atomically(self.kills_file, msgspec.json.format(msgspec.json.encode(saved)) + b"\n")

    @contextmanager
    def _changing(self) -> Iterator[None]:
        self.make()
        with self._writing(), exclusive(self.path / ".lock", _LOCK_S):
            yield

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DataError(
                f"the control folder {self.path} can't be written: {error.strerror or error}. To kill all "
                "trading of a session at once, send its process the signal SIGUSR1"
            ) from error


@contextmanager
def catch_kill(folder: ControlFolder | None) -> Iterator[None]:
    """Kills all trading by a folder when SIGUSR1 comes, in a process's main thread, instead of the usual effect.

    If the folder can't be written, the kill holds in this process alone. Without a folder nothing is caught.
    """
    number = getattr(signal, "SIGUSR1", None)
    if folder is None or number is None or threading.current_thread() is not threading.main_thread():
        yield
        return

    def kill(_number: int, _frame: object) -> None:
        record = KillRecord(level="all", who="a signal", why=f"SIGUSR1 to process {os.getpid()}", at=utc_now())
        try:
            folder.kill(record)
        except DataError:
            folder.urgent.append(record)

    before = signal.signal(number, kill)
    try:
        yield
    finally:
        signal.signal(number, signal.SIG_DFL if before is None else before)


def utc_now() -> str:
    """Returns the wall clock's time in UTC, to the second, as text."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
