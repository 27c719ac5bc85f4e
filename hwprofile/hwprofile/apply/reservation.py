"""CPUs that one process has for itself, as other processes that ask see it.

Reserving is an agreement between those that use this module; the kernel knows nothing of it. A reserved CPU is a file
in a folder that all processes of the host share. Its name says it all: the CPU, the process, the start time of the
process (so that a later one of the same number isn't taken for it), the namespace that process numbers count in, and
the host's boot. So a file is whole as soon as it is there, and a process that was killed leaves nothing that lasts.
"""

import atexit
import contextlib
import errno
import os
import re
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from hwprofile.actions import Action, Undo
from hwprofile.apply.ask import Ask
from hwprofile.apply.kernel import KERNEL, Kernel
from hwprofile.cpu_lists import cpu_list

__all__ = ["Holder", "Reservation", "reservation_folder", "reserve", "taken_cpus"]

_NAME = re.compile(r"cpu(\d+)-pid(\d+)-start(\d+)-ns(\d+)-boot([0-9a-f]*)")
_LOCK = "lock"
_SHARED_FOLDERS = ("/run/lock", "/dev/shm", "/tmp")  # noqa: S108  looked at, for whether all may write there
_OVERRIDE = "HWPROFILE_RESERVATIONS"


@dataclass(frozen=True, kw_only=True, order=True)
class Holder:
    """The process that has a CPU reserved. `started` is in clock ticks since boot, `namespace` that of its number."""

    cpu: int
    pid: int
    started: int
    namespace: int
    boot: str

    @property
    def file_name(self) -> str:
        """The name of the file that says so."""
        return f"cpu{self.cpu}-pid{self.pid}-start{self.started}-ns{self.namespace}-boot{self.boot}"

    @classmethod
    def from_name(cls, name: str) -> "Holder | None":
        """The holder that a file's name tells of; None for other files."""
        match = _NAME.fullmatch(name)
        if match is None:
            return None
        cpu, pid, started, namespace = map(int, match.groups()[:4])
        return cls(cpu=cpu, pid=pid, started=started, namespace=namespace, boot=match[5])


class Reservation:
    """What came of reserving CPUs. `action` tells; `cpus` are those that are reserved now, none if it was refused.

    They are free again when it is released, at the end of a `with` block, and when the process ends, however it ends.
    A process that this one forks doesn't hold them, and releases nothing.
    """

    def __init__(self, action: Action, holders: Collection[Holder], folder: Path, kernel: Kernel) -> None:
        self.action = action
        self._holders = tuple(holders)
        self._folder = folder
        self._kernel = kernel
        if self._holders:
            atexit.register(self.release)

    @property
    def cpus(self) -> tuple[int, ...]:
        """The CPUs that are reserved."""
        return tuple(holder.cpu for holder in self._holders)

    @property
    def undo(self) -> Undo | None:
        """The way back, for a `Scope`; None where there is none to go."""
        return self.release if self._holders else None

    def release(self) -> Action:
        """Frees the CPUs. A second time there is nothing left to free."""
        holders, self._holders = self._holders, ()
        atexit.unregister(self.release)
        ask = Ask(name="reserve", subject=self.action.subject, wanted=f"CPUs {cpu_list([h.cpu for h in holders])} free")
        if not holders or holders[0].pid != self._kernel.pid():
            return ask.applied("nothing is held by this process", str(self._folder))
        left = [holder.cpu for holder in holders if not _removed(self._folder / holder.file_name)]
        evidence = f"files removed from {self._folder}"
        if left:
            return ask.partial(f"CPUs {cpu_list(left)} reserved", evidence, "their files can't be removed", "its owner")
        return ask.applied(ask.wanted, evidence)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def reserve(cpus: Collection[int], *, folder: Path | None = None, kernel: Kernel = KERNEL) -> Reservation:
    """Reserves CPUs for this process: all of them or, where another process has one of them, none.

    `folder` is where processes agree; without it, `reservation_folder()`.
    """
    folder = reservation_folder() if folder is None else folder
    cpus = tuple(sorted(set(cpus)))
    ask = Ask(name="reserve", subject=f"process {kernel.pid()}", wanted=f"CPUs {cpu_list(cpus)} reserved")

    def none(action: Action) -> Reservation:
        return Reservation(action, (), folder, kernel)

    if not cpus or cpus[0] < 0:
        return none(ask.refused("nothing reserved", "the request", "it names no CPU, or none that there is", "CPUs"))
    try:
        own = [_own(cpu, kernel) for cpu in cpus]
        _prepare(folder)
        with _locked(folder):
            live = _live(folder, kernel, remove=True)
            others = [holder for holder in live if holder.cpu in cpus]
            if others:
                who = ", ".join(f"CPU {holder.cpu} by process {holder.pid}" for holder in others)
                reason = f"reserved already: {who}"
                return none(ask.refused("nothing reserved", f"files in {folder}", reason, "other CPUs, or its end"))
            _create(folder, own)
            there = set(_live(folder, kernel, remove=False))
    except OSError as error:
        evidence = f"{error.filename or folder}: {error.strerror}"
        needs = f"Linux, and a folder that every user may write to ({_OVERRIDE} names another)"
        return none(ask.refused("nothing reserved", evidence, "processes can't agree on CPUs here", needs))
    if not there.issuperset(own):
        return Reservation(ask.unknown(f"files in {folder}", "they are gone again"), own, folder, kernel)
    return Reservation(ask.applied(ask.wanted, f"{len(own)} files in {folder}"), own, folder, kernel)


def taken_cpus(
    *, except_pids: Collection[int] = (), folder: Path | None = None, kernel: Kernel = KERNEL
) -> tuple[int, ...]:
    """The CPUs that other processes have reserved, ascending. `except_pids` are processes whose CPUs don't count.

    That of a process which can't be seen from here, since it counts in another namespace, is taken: nothing says that
    the process has ended. Empty where nobody has reserved anything, or nobody could.
    """
    folder = reservation_folder() if folder is None else folder
    ours = {kernel.pid(), *except_pids}
    try:
        namespace = kernel.pid_namespace()
        with _locked(folder):
            live = _live(folder, kernel, remove=False)
    except OSError:
        return ()
    return tuple(sorted({holder.cpu for holder in live if holder.pid not in ours or holder.namespace != namespace}))


def reservation_folder() -> Path:
    """Where the processes of this host agree on CPUs: below the first folder that every user may write to.

    The same for every user, and settled by the environment variable HWPROFILE_RESERVATIONS where that is set.
    """
    named = os.environ.get(_OVERRIDE)
    if named:
        return Path(named)
    for folder in map(Path, _SHARED_FOLDERS):
        with contextlib.suppress(OSError):
            mode = folder.stat().st_mode
            if stat.S_ISDIR(mode) and mode & stat.S_IWOTH and mode & stat.S_ISVTX:
                return folder / "hwprofile"
    # Rarely come to, and slow to import.
    import tempfile

    return Path(tempfile.gettempdir()) / "hwprofile"


def _own(cpu: int, kernel: Kernel) -> Holder:
    pid = kernel.pid()
    return Holder(
        cpu=cpu, pid=pid, started=kernel.stat(pid).started, namespace=kernel.pid_namespace(), boot=_boot(kernel)
    )


def _boot(kernel: Kernel) -> str:
    return (kernel.read("/proc/sys/kernel/random/boot_id") or "").replace("-", "")[:12]


def _prepare(folder: Path) -> None:
    """Makes the folder, open to every user, each of whom can remove only what is theirs."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir()
        folder.chmod(0o1777)
    if folder.is_symlink() or not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "not a folder of its own", str(folder))
    with contextlib.suppress(FileExistsError):
        os.close(os.open(folder / _LOCK, os.O_CREAT | os.O_EXCL | os.O_RDONLY | os.O_CLOEXEC, 0o644))


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One process, and one thread of it, at a time. Reading suffices to lock, so that other users can."""
    try:
        import fcntl
    except ImportError:
        raise OSError(errno.ENOSYS, "this system has no flock") from None
    descriptor = os.open(folder / _LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            yield
        finally:
            # Said, and not left to closing: a child that was forked meanwhile has the file open too.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)


def _live(folder: Path, kernel: Kernel, *, remove: bool) -> list[Holder]:
    """The holders that may still run. `remove` takes away the files of those that don't, where that is permitted."""
    boot, namespace = _boot(kernel), kernel.pid_namespace()
    live = []
    for path in folder.iterdir():
        holder = Holder.from_name(path.name)
        if holder is None:
            continue
        if _runs(holder, boot, namespace, kernel):
            live.append(holder)
        elif remove:
            _removed(path)
    return sorted(live)


def _runs(holder: Holder, boot: str, namespace: int, kernel: Kernel) -> bool:
    """Whether the process may still run. One that can't be seen may."""
    if holder.boot != boot:
        return False
    if holder.namespace != namespace:
        return True
    if not kernel.exists(holder.pid):
        return False
    try:
        found = kernel.stat(holder.pid)
    except FileNotFoundError:
        # It ended just now, or /proc hides the processes of other users: then it is there still.
        return kernel.exists(holder.pid)
    except OSError:
        return True
    return found.started == holder.started and not found.ended


def _create(folder: Path, holders: Collection[Holder]) -> None:
    """Makes their files: all of them, or none."""
    made: list[Path] = []
    try:
        for holder in holders:
            path = folder / holder.file_name
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o644))
            made.append(path)
    except OSError:
        for path in made:
            _removed(path)
        raise


def _removed(path: Path) -> bool:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return False
    return True
