"""A disk that loses power: writes that weren't synced are lost, torn between sectors, or done in another order.

A program runs unchanged under strace, which records its writes and fsyncs, and what a loss of power leaves is made of
the recording (Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014). So the SQLite of sessions is tested,
one recording serves any number of moments, and nothing has to be mounted. A VFS of apsw would be a SQLite of its own; a
file system in user space needs privileges.
"""

import re
import shutil
import subprocess
from dataclasses import dataclass, field

__all__ = ["Disk", "Operation", "lose_power", "record"]

_SECTOR = 512
_CALLS = "openat,write,pwrite64,ftruncate,fallocate,fsync,fdatasync,unlink,unlinkat,rename,renameat,renameat2"
_LINE = re.compile(r"(?P<pid>\d+) +(?P<rest>.*)")
_CALL = re.compile(r"(?P<name>\w+)\((?P<arguments>.*)\) += (?P<result>-?\d+)")
_FD = re.compile(r"(?P<number>\d+)<(?P<path>[^>]*)>")


@dataclass(frozen=True)
class Operation:
    """What a program did, to a file of the folder or to its standard output (`path` is None)."""

    kind: str
    path: str | None
    at: int = 0
    data: bytes = b""


@dataclass
class _File:
    """A file: its content on the disk, and what was done to it since it was last synced."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[Operation] = field(default_factory=list)
    entry_is_durable: bool = False


class Disk:
    """The files of a folder, as far as they are on the disk."""

    def __init__(self):
        self.files = {}
        # Removed, which isn't on the disk yet.
        self._removed = {}

    def do(self, operation):
        """Does what the program did."""
        path = operation.path
        if operation.kind == "create":
            self.files.setdefault(path, _File())
        elif operation.kind == "sync":
            file = self.files[path]
            for one in file.pending:
                _apply(file.durable, one)
            file.pending.clear()
            # So it is on Linux: a new file that is synced has a name.
            file.entry_is_durable = True
        elif operation.kind == "failed-sync":
            # As Linux does it: what couldn't be written counts as written from then on.
            if path in self.files:
                self.files[path].pending.clear()
        elif operation.kind == "sync-folder":
            self._removed.clear()
            for file in self.files.values():
                file.entry_is_durable = True
        elif operation.kind == "remove":
            self._removed[path] = self.files.pop(path)
        else:
            self.files[path].pending.append(operation)

    def after(self, draw):
        """What is there when the power comes back: by file the content. `draw` decides what was lost."""
        how = draw.choice(("nothing", "first", "any"))
        left = {path: _content(file, draw, how) for path, file in self.files.items()}
        lost = [path for path, file in self.files.items() if not file.entry_is_durable and draw.random() < 0.5]
        back = {path: _content(file, draw, how) for path, file in self._removed.items() if draw.random() < 0.5}
        return {**back, **{path: data for path, data in left.items() if path not in lost}}


def _content(file, draw, how):
    """A file's content with nothing, the first few or any of the sectors that weren't synced."""
    data = bytearray(file.durable)
    pieces = [piece for one in file.pending for piece in _sectors(one)]
    if how == "first":
        pieces = pieces[: draw.randrange(len(pieces) + 1)]
    elif how == "any":
        chance = draw.random()
        pieces = [piece for piece in pieces if draw.random() < chance]
    else:
        pieces = []
    for piece in pieces:
        _apply(data, piece)
    return bytes(data)


def _sectors(operation):
    """The parts of a write that a disk writes whole; a truncation is one."""
    if operation.kind != "write":
        yield operation
        return
    at, end = operation.at, operation.at + len(operation.data)
    while at < end:
        until = min(end, (at // _SECTOR + 1) * _SECTOR)
        yield Operation("write", operation.path, at, operation.data[at - operation.at : until - operation.at])
        at = until


def _apply(data, operation):
    if operation.kind == "truncate":
        del data[operation.at :]
        return
    if len(data) < operation.at:
        data.extend(bytes(operation.at - len(data)))
    data[operation.at : operation.at + len(operation.data)] = operation.data


def record(command, folder, trace, failing_sync=None):
    """Runs a program and returns what it did to the files of a folder and to its standard output, in order.

    `failing_sync` is the number of the fdatasync that fails, once; None if none does.
    """
    strace = ["strace", "-f", "-qq", "-y", "-xx", "-s", "1000000", "-e", f"trace={_CALLS}", "-o", str(trace)]
    if failing_sync is not None:
        strace += ["-e", f"inject=fdatasync:error=EIO:when={failing_sync}"]
    subprocess.run(
        [*strace, *command], check=failing_sync is None, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    operations, unfinished = [], {}
    with trace.open() as lines:
        for line in lines:
            match = _LINE.match(line)
            assert match is not None
            pid, rest = match["pid"], match["rest"]
            if rest.endswith("<unfinished ...>"):
                unfinished[pid] = rest.removesuffix("<unfinished ...>").rstrip()
                continue
            if rest.startswith("<... "):
                rest = unfinished.pop(pid) + rest.partition("resumed>")[2]
            call = _CALL.match(rest)
            if call is None:
                continue
            if call["name"] == "fdatasync" and call["result"] == "-1":
                operations += [Operation("failed-sync", one.path) for one in _of(call, folder)]
            elif call["result"] != "-1":
                operations += _of(call, folder)
    return operations


def _of(call, folder):
    return _operations(call["name"], call["arguments"], str(folder))


def _operations(name, arguments, folder):
    fd = _FD.match(arguments)
    path = None if fd is None else _text(fd["path"]) if fd["path"].startswith("\\x") else fd["path"]
    if name == "write" and fd is not None and fd["number"] == "1":
        return [Operation("say", None, data=_bytes(arguments))]
    texts = re.findall(r'"((?:\\x[0-9a-f]{2})*)"', arguments)
    if name == "openat":
        opened = _text(texts[0])
        return [Operation("create", opened)] if "O_CREAT" in arguments and _is_in(opened, folder) else []
    if name in ("unlink", "unlinkat"):
        removed = _text(texts[0])
        return [Operation("remove", removed)] if _is_in(removed, folder) else []
    if path == folder:
        return [Operation("sync-folder", path)] if name in ("fsync", "fdatasync") else []
    if path is None or not _is_in(path, folder):
        return []
    if name in ("fsync", "fdatasync"):
        return [Operation("sync", path)]
    last = int(arguments.rpartition(",")[2])
    if name == "ftruncate":
        return [Operation("truncate", path, last)]
    assert name == "pwrite64", f"{name} of {path} isn't recorded"
    return [Operation("write", path, last, _bytes(arguments))]


def _is_in(path, folder):
    return path.startswith(f"{folder}/") and not path.endswith("-shm")


def _bytes(arguments):
    (text,) = re.findall(r'"((?:\\x[0-9a-f]{2})*)"', arguments)
    return bytes.fromhex(text.replace("\\x", ""))


def _text(escaped):
    return bytes.fromhex(escaped.replace("\\x", "")).decode()


def lose_power(operations, moment, draw, source, target):
    """Writes what is left of the folder `source` to `target` if the power goes after `moment` operations.

    Returns what the program had said by then.
    """
    disk = Disk()
    said = b""
    for operation in operations[:moment]:
        if operation.kind == "say":
            said += operation.data
        else:
            disk.do(operation)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for path, data in disk.after(draw).items():
        (target / path.removeprefix(f"{source}/")).write_bytes(data)
    return said
