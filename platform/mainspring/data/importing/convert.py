"""Reads files of any known form into one capture."""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Final

import msgspec

from mainspring.data.capture import CaptureWriter
from mainspring.data.compression import BrokenCompressionError, InputFile, decompressed
from mainspring.data.cryptofeed import is_cryptofeed, read_cryptofeed
from mainspring.data.importing.columns import read_table
from mainspring.data.importing.hftbacktest import is_hftbacktest, read_hftbacktest
from mainspring.data.importing.messages import Received, Snapshot
from mainspring.data.importing.recorded import is_recorded, read_recorded
from mainspring.data.importing.tables import members_of, open_table
from mainspring.errors import DataError
from mainspring.seams import RawMessage

__all__ = ["Found", "import_files"]

_FAR_NS: Final = 24 * 3_600 * 10**9
_HEAD_BYTES: Final = 4_096
_STEP: Final = 10_000


class Found(msgspec.Struct):
    """What was found in a file, or a table of one.

    `kinds` counts messages by kind; a recording's own messages are of kind "message". `rewound` counts those that were
    received before the one ahead of them in the file. Times are in nanoseconds since the Unix epoch.
    """

    name: str
    form: str
    symbols: list[str] = []
    kinds: dict[str, int] = {}
    first_ns: int = 0
    last_ns: int = 0
    rewound: int = 0
    notes: list[str] = []

    @property
    def messages(self) -> int:
        """All messages."""
        return sum(self.kinds.values())


def import_files(
    paths: Sequence[Path], to: Path, *, symbol: str = "", progress: Callable[[int], None] | None = None
) -> list[Found]:
    """Writes one capture of all messages of the files, in the order of their receive times, and says what was found.

    `symbol` names the instrument of a file that doesn't. `progress` is called with the number of messages now and then.
    The file appears when all is read. Raises `DataError`, which names file and row, for what can't be read.
    """
    found: list[Found] = []
    sources = [source for path in paths for source in _sources(path, symbol, found)]
    encode = msgspec.json.Encoder().encode
    count = 0
    with CaptureWriter(to) as writer:
        for received_ns, message in heapq.merge(*sources, key=itemgetter(0)):
            writer.write(received_ns, message if isinstance(message, bytes) else encode(message))
            count += 1
            if progress is not None and not count % _STEP:
                progress(count)
        if not count:
            raise DataError(f"{', '.join(map(str, paths))}: there is no message in it, so {to} isn't written")
    return found


def _sources(path: Path, symbol: str, found: list[Found]) -> Iterator[Iterator[RawMessage | Received]]:
    """The messages of a file, by table, each counted in an entry of `found`."""

    def entry(name: str, form: str = "") -> Found:
        found.append(Found(name=name, form=form))
        return found[-1]

    try:
        with InputFile(path) as file:
            events = is_hftbacktest(path, file.magic)
            head = b"" if events else decompressed(file, path).read(_HEAD_BYTES)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from error
    except BrokenCompressionError as error:
        raise DataError(f"{path}: the compressed data is damaged: {error}") from error
    if events:
        yield _counted(read_hftbacktest(path, symbol), entry(path.name, "hftbacktest's events"))
    elif is_cryptofeed(head):
        yield _counted(read_cryptofeed(path), entry(path.name, "a recording of cryptofeed"))
    elif is_recorded(head):
        yield _counted(read_recorded(path), entry(path.name, "a recording of a venue's messages"))
    else:
        for member in members_of(path):
            yield _table(path, member, symbol, entry(f"{path.name}: {member}" if member else path.name))


def _table(path: Path, member: str, symbol: str, entry: Found) -> Iterator[RawMessage | Received]:
    with open_table(path, member) as table:
        columns, messages = read_table(table, symbol)
        entry.form = f"{columns.kind}, {table.form}"
        if not columns.received():
            entry.notes.append("it has no receive times; the venue's times stand for them")
        yield from _counted(messages, entry)


def _counted(messages: Iterable[RawMessage | Received], entry: Found) -> Iterator[RawMessage | Received]:
    started: dict[str, bool] = {}
    far = 0
    for received in messages:
        received_ns, message = received
        kind = "message"
        if not isinstance(message, bytes):
            kind = type(message).__name__.lower()
            started[message.symbol] = started.get(message.symbol, False) or isinstance(message, Snapshot)
            far += abs(received_ns - message.time) > _FAR_NS
        entry.kinds[kind] = entry.kinds.get(kind, 0) + 1
        entry.first_ns = entry.first_ns or received_ns
        entry.rewound += received_ns < entry.last_ns
        entry.last_ns = max(received_ns, entry.last_ns)
        yield received
    entry.symbols = list(started)
    if far:
        entry.notes.append(f"by their times, {far:,} messages were received more than a day from when they happened")
    if "change" in entry.kinds:
        without = [symbol for symbol, whole in started.items() if not whole]
        entry.notes += [f"{symbol}: changes, but no whole book for them to change" for symbol in without]
    if entry.rewound:
        entry.notes.append(f"{entry.rewound:,} messages were received before the one ahead of them")
