"""Names the files of order logs: one for each lane."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from mainspring.data.outputs import check_outputs
from mainspring.data.replace import replacing
from mainspring.errors import DataError
from mainspring.host.plan import SessionPlan

__all__ = ["LogFile", "open_order_log", "order_log_files"]


def order_log_files(session: SessionPlan, wanted: Path | None) -> dict[str, Path]:
    """The file of each lane, by the lane's name; empty if no log is wanted.

    The only log of a session has the name that was wanted. Of several, each has its lane put before the name's ending:
    `orders.2.log`. Raises `ConfigError` if one can't be written, or is a capture of the session.
    """
    if wanted is None:
        return {}
    several = len(session.lanes) > 1
    files: dict[str, Path] = {}
    named: dict[str, Path] = {}
    for lane in session.lanes:
        path = wanted.with_name(f"{wanted.stem}.{lane.name}{wanted.suffix}") if several else wanted
        files[lane.name] = path
        named[f"the order log of lane {lane.name}" if several else "the order log"] = path
    check_outputs(named, [capture for feed in session.feeds for capture in feed.source.captures])
    return files


class LogFile:
    """An order log while it is written. `name` is its path; `is_worth_keeping` whether it should take its place.

    Its methods raise `OSError`; a log that couldn't be written isn't kept.
    """

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.name = str(path)
        self.is_worth_keeping = False
        self._file = file

    def write(self, data: bytes, /) -> None:
        """Takes all of the bytes."""
        self._do(self._file.write, data)

    def finish(self) -> None:
        """Says that the log is complete, though nothing may be in it."""
        self._do(self._file.flush)

    def _do(self, do: Callable[..., object], *arguments: bytes) -> None:
        self.is_worth_keeping = False
        do(*arguments)
        self.is_worth_keeping = True


class _NotKept(Exception):  # noqa: N818  nothing is wrong
    pass


@contextmanager
def open_order_log(path: Path) -> Iterator[LogFile]:
    """Opens an order log, which takes its place when the block ends, if it was finished or anything was written to it.

    Raises `DataError` if there can't be such a file.
    """
    log: LogFile | None = None
    try:
        with suppress(_NotKept), replacing(path) as file:
            log = LogFile(path, file)
            yield log
            if not log.is_worth_keeping:
                raise _NotKept
    except OSError as error:
        if log is not None and not log.is_worth_keeping:
            # Closing a log that couldn't be written fails once more, which the writer has been told.
            return
        raise DataError(f"the order log {path} can't be written: {error.strerror or error}") from error
