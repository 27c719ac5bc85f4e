"""Stores CPU reservations as files in a folder that every user may write to, locked for changes.

Any user of the host may put anything into that folder, and lock it. So nothing here waits without a deadline, opens
anything but a regular file, or follows a link, and a file counts only while its process is known to run.
"""

import contextlib
import errno
import os
import re
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hwprofile.apply.kernel import Kernel

__all__ = ["Holder", "LockedByOther", "create", "live_holders", "locked", "opened", "own_holder", "prepare", "remove"]

_NAME: Final = re.compile(r"cpu(\d{1,7})-pid(\d{1,10})-start(\d{1,20})-ns(\d{1,20})-boot([0-9a-f]{0,12})")
_FOLDER_FLAGS: Final = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
_FILE_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_DRAFT: Final = "."
_PAUSE_S: Final = 0.01
_ATTEMPTS: Final = 100
"""A change takes about a millisecond, so a process that holds the lock for a second isn't making one."""


class LockedByOther(OSError):  # noqa: N818  an expected outcome, not an error
    """Another process kept the folder locked until the deadline; the text names it."""


@dataclass(frozen=True, kw_only=True, order=True)
class Holder:
    """The process that has reserved a CPU. `started` is in clock ticks since boot, `namespace` its PID namespace."""

    cpu: int
    pid: int
    started: int
    namespace: int
    boot: str

    @property
    def file_name(self) -> str:
        """The name of the reservation's file."""
        return f"cpu{self.cpu}-pid{self.pid}-start{self.started}-ns{self.namespace}-boot{self.boot}"

    @classmethod
    def from_name(cls, name: str) -> "Holder | None":
        """Parses a file name; None if it isn't a reservation's."""
        match = _NAME.fullmatch(name)
        if match is None:
            return None
        cpu, pid, started, namespace = map(int, match.groups()[:4])
        return cls(cpu=cpu, pid=pid, started=started, namespace=namespace, boot=match[5])


def own_holder(cpu: int, kernel: Kernel) -> Holder:
    """This process as the holder of a CPU."""
    pid = kernel.pid()
    return Holder(
        cpu=cpu, pid=pid, started=kernel.stat(pid).started, namespace=kernel.pid_namespace(), boot=_boot(kernel)
    )


def prepare(folder: Path) -> None:
    """Creates the folder, writable by every user, with the sticky bit. Raises `OSError`."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir()
        folder.chmod(0o1777)


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[int]:
    """Opens the folder and yields its descriptor.

    Raises `OSError` if it isn't a folder, or if users could remove each other's files.
    """
    try:
        descriptor = os.open(folder, _FOLDER_FLAGS | getattr(os, "O_CLOEXEC", 0))
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            raise NotADirectoryError(errno.ENOTDIR, "it isn't a folder", str(folder)) from None
        raise
    try:
        mode = os.fstat(descriptor).st_mode
        if mode & (stat.S_IWGRP | stat.S_IWOTH) and not mode & stat.S_ISVTX:
            reason = "other users could remove what is reserved there: it lacks the sticky bit (chmod +t)"
            raise PermissionError(errno.EPERM, reason, str(folder))
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def locked(folder: int, kernel: Kernel) -> Iterator[None]:
    """Locks the folder against other processes and other threads.

    Raises `LockedByOther` if another process keeps it locked for a second.
    """
    try:
        import fcntl
    except ImportError:
        raise OSError(errno.ENOSYS, "this system has no flock") from None
    for attempt in range(_ATTEMPTS):
        if attempt:
            kernel.pause(_PAUSE_S)
        if _lock(folder):
            break
    else:
        held_by = _lock_holder(folder, kernel)
        raise LockedByOther(errno.EWOULDBLOCK, f"{held_by} has kept it locked for {_ATTEMPTS * _PAUSE_S:g} s")
    try:
        yield
    finally:
        # Unlocked explicitly: a child forked in the meantime has the folder open too.
        fcntl.flock(folder, fcntl.LOCK_UN)


def live_holders(folder: int, kernel: Kernel, *, clean: bool) -> list[Holder]:
    """Returns the holders that still run. `clean` removes the files of the others, as far as permissions allow."""
    boot, namespace = _boot(kernel), kernel.pid_namespace()
    live = []
    for name in os.listdir(folder):
        holder = Holder.from_name(name.removeprefix(_DRAFT))
        if holder is None:
            continue
        is_draft = name != holder.file_name
        if not is_draft and holder.boot == boot and _holds(holder, folder, namespace, kernel):
            live.append(holder)
        elif clean:
            # Drafts are written under the lock, so this one is left over from a killed process.
            remove(folder, name)
    return sorted(live)


def create(folder: int, holders: Collection[Holder], *, inheritable: bool) -> list[int]:
    """Creates the holders' files, all or none, and returns their descriptors; their locks show that the process runs.

    `inheritable`: the descriptors stay open if this process becomes another program.
    """
    made: list[str] = []
    descriptors: list[int] = []
    try:
        for holder in holders:
            # Locked before it gets its name, so that no process finds it unlocked.
            draft = f"{_DRAFT}{holder.file_name}"
            remove(folder, draft)
            descriptors.append(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o644, dir_fd=folder))
            made.append(draft)
            if not _lock(descriptors[-1]):
                raise LockedByOther(errno.EWOULDBLOCK, "another process locked the new file")
            os.set_inheritable(descriptors[-1], inheritable)
            os.rename(draft, holder.file_name, src_dir_fd=folder, dst_dir_fd=folder)
            made[-1] = holder.file_name
    except OSError:
        for name in made:
            remove(folder, name)
        for descriptor in descriptors:
            os.close(descriptor)
        raise
    return descriptors


def remove(folder: int, name: str) -> bool:
    """Removes a file of the folder, and returns whether it is gone."""
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _holds(holder: Holder, folder: int, namespace: int, kernel: Kernel) -> bool:
    """Whether the process named in the file runs and may own the file."""
    try:
        file = os.stat(holder.file_name, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return False
    if not stat.S_ISREG(file.st_mode):
        return False
    if holder.namespace != namespace:
        # Its number means nothing in this namespace, but only a running process can hold the file's lock.
        return _is_locked(folder, holder.file_name)
    return _runs(holder, kernel) and _may_own(file.st_uid, holder.pid, kernel)


def _runs(holder: Holder, kernel: Kernel) -> bool:
    """Whether the process still runs. A process that exists but can't be inspected counts as running."""
    if not kernel.exists(holder.pid):
        return False
    try:
        found = kernel.stat(holder.pid)
    except FileNotFoundError:
        # It has just ended, or /proc hides other users' processes, in which case it still exists.
        return kernel.exists(holder.pid)
    except OSError:
        return True
    return found.started == holder.started and not found.ended


def _may_own(uid: int, pid: int, kernel: Kernel) -> bool:
    """Whether a file owned by that user can be the process's own: a user can't reserve for another user's process."""
    status = kernel.read(f"/proc/{pid}/status") or ""
    users = re.search(r"^Uid:\s+([\d\t ]+)$", status, re.MULTILINE)
    # A reservation made as root stays valid if the process drops its privileges.
    return users is None or uid == 0 or uid in map(int, users[1].split())


def _is_locked(folder: int, name: str) -> bool:
    import fcntl

    try:
        descriptor = os.open(name, _FILE_FLAGS | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        return False
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return False
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno == errno.EWOULDBLOCK
    finally:
        os.close(descriptor)
    return False


def _lock(descriptor: int) -> bool:
    """Locks a file or folder without waiting, and returns whether that succeeded."""
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock_holder(descriptor: int, kernel: Kernel) -> str:
    """Describes the process that holds the lock, from /proc/locks: "process 4711 (python3)"."""
    status = os.fstat(descriptor)
    device = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}"
    for line in (kernel.read("/proc/locks") or "").splitlines():
        fields = line.split()
        if len(fields) > 5 and fields[1] == "FLOCK" and fields[5] == f"{device}:{status.st_ino}":
            pid = fields[4]
            command = kernel.read(f"/proc/{pid}/comm") or ""
            # A process chooses its own name, so unprintable characters could control the terminal.
            shown = "".join(character if character.isprintable() else "?" for character in command)
            return f"process {pid}{f' ({shown})' if shown else ''}"
    return "a process that /proc/locks doesn't name"


def _boot(kernel: Kernel) -> str:
    return (kernel.read("/proc/sys/kernel/random/boot_id") or "").replace("-", "")[:12]
