"""The file of a control folder with which people set a session's flags, whether it runs now or not."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from mainspring.data import write_atomically
from mainspring.data.lock import exclusive
from mainspring.errors import DataError

__all__ = ["FlagFile", "FlagRecord", "RampRecord"]

_FORMAT = "mainspring flags 1"
_LOCK_S = 5.0
_MOST_CHANGES = 1_000


class RampRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Shares in basis points that a flag goes through, each for at least `every_s` seconds of the session's time."""

    steps_bp: tuple[int, ...]
    every_s: float


class FlagRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody set a flag to: a share in basis points, or a ramp; who, when (UTC) and why.

    `number` counts the changes of a file. With `configured` the flag is what the config says again.
    """

    name: str
    share_bp: int = 0
    ramp: RampRecord | None = None
    configured: bool = False
    who: str
    why: str
    at: str
    number: int = 0


class _Flags(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: str
    flags: list[FlagRecord]
    changes: list[FlagRecord]


class FlagFile:
    """The file `flags.json` of a control folder. It is replaced as a whole and synced, and so outlives any crash."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "flags.json"

    def records(self) -> dict[str, FlagRecord]:
        """Returns what each flag was set to last. Raises `DataError` if the file can't be read."""
        return {one.name: one for one in self._read().flags}

    def changes(self) -> Sequence[FlagRecord]:
        """Returns the changes, the latest last. Raises `DataError` if the file can't be read."""
        return self._read().changes

    def set(self, record: FlagRecord) -> FlagRecord:
        """Sets a flag, on disk once this returns; returns the record with its number.

        Raises `DataError` if the file can't be read or written.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with exclusive(self.path.parent / ".lock", _LOCK_S):
                saved = self._read()
                number = saved.changes[-1].number + 1 if saved.changes else 1
                record = msgspec.structs.replace(record, number=number)
                others = [one for one in saved.flags if one.name != record.name]
                changed = _Flags(_FORMAT, [*others, record], [*saved.changes, record][-_MOST_CHANGES:])
                write_atomically(self.path, msgspec.json.format(msgspec.json.encode(changed)) + b"\n")
        except OSError as error:
            raise DataError(f"the flags in {self.path} can't be written: {error.strerror or error}") from error
        return record

    def _read(self) -> _Flags:
        try:
            saved = msgspec.json.decode(self.path.read_bytes(), type=_Flags)
        except FileNotFoundError:
            return _Flags(_FORMAT, [], [])
        except (OSError, msgspec.MsgspecError) as error:
            raise DataError(
                f"the flags in {self.path} can't be read ({error}): repair or remove the file. Every flag is "
                "what the config says until then"
            ) from error
        if saved.format != _FORMAT:
            raise DataError(f"{self.path} isn't of the format {_FORMAT!r} but {saved.format!r}: remove it")
        return saved
