"""Reserves CPUs for a process, by agreement with other processes that use this module.

The kernel knows nothing of a reservation: it is a file in a folder that all processes of the host share. The file's
name holds the CPU, the process, its start time (so that a later process with the same number isn't mistaken for it),
its PID namespace, and the host's boot. So the reservations of a killed process end with it.
"""

import atexit
import contextlib
import os
import stat
from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import Self

from hwprofile.actions import Action, Undo
from hwprofile.apply._reservation_files import (
    Holder,
    LockedByOther,
    create,
    live_holders,
    locked,
    opened,
    own_holder,
    prepare,
    remove,
)
from hwprofile.apply.ask import Ask
from hwprofile.apply.kernel import KERNEL, Kernel
from hwprofile.cpu_lists import cpu_list

__all__ = ["Reservation", "reservation_folder", "reserve", "taken_cpus"]

_SHARED_FOLDERS = ("/run/lock", "/dev/shm", "/tmp")  # noqa: S108  only checked for being writable by all
_OVERRIDE = "HWPROFILE_RESERVATIONS"


class Reservation:
    """The result of reserving CPUs. `action` is the outcome; `cpus` are reserved now, none if it was refused.

    They are freed by `release`, at the end of a `with` block, and when the process ends for any reason. A forked child
    doesn't hold them, and can't release them.
    """

    def __init__(
        self, action: Action, holders: Collection[Holder], descriptors: Collection[int], folder: Path, kernel: Kernel
    ) -> None:
        self.action = action
        self._holders = tuple(holders)
        self._descriptors = tuple(descriptors)
        self._folder = folder
        self._kernel = kernel
        if self._holders:
            atexit.register(self.release)

    @property
    def cpus(self) -> tuple[int, ...]:
        """The reserved CPUs."""
        return tuple(holder.cpu for holder in self._holders)

    @property
    def undo(self) -> Undo | None:
        """The function that releases the CPUs, for a `Scope`; None if none are reserved."""
        return self.release if self._holders else None

    def release(self) -> Action:
        """Frees the CPUs. A second call does nothing."""
        holders, self._holders = self._holders, ()
        descriptors, self._descriptors = self._descriptors, ()
        atexit.unregister(self.release)
        ask = Ask(name="reserve", subject=self.action.subject, wanted=f"CPUs {cpu_list([h.cpu for h in holders])} free")
        for descriptor in descriptors:
            os.close(descriptor)
        if not holders or holders[0].pid != self._kernel.pid():
            return ask.applied("this process holds nothing", str(self._folder))
        try:
            with opened(self._folder) as folder:
                left = [holder.cpu for holder in holders if not remove(folder, holder.file_name)]
        except FileNotFoundError:
            left = []
        except OSError:
            left = [holder.cpu for holder in holders]
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


def reserve(
    cpus: Collection[int], *, folder: Path | None = None, inheritable: bool = False, kernel: Kernel = KERNEL
) -> Reservation:
    """Reserves CPUs for this process: all of them, or none if another process has reserved one.

    Takes at most a second. If another process keeps the folder locked for that long, the request is refused, and the
    action names that process.

    Args:
        folder: Where processes agree; by default `reservation_folder()`.
        inheritable: The CPUs stay reserved if this process becomes another program (`os.exec`).
        kernel: The operating system's calls; tests replace it.
    """
    path = reservation_folder() if folder is None else folder
    cpus = tuple(sorted(set(cpus)))
    ask = Ask(name="reserve", subject=f"process {kernel.pid()}", wanted=f"CPUs {cpu_list(cpus)} reserved")

    def none(evidence: str, reason: str, needs: str) -> Reservation:
        return Reservation(ask.refused("nothing reserved", evidence, reason, needs), (), (), path, kernel)

    if not cpus or cpus[0] < 0:
        return none("the request", "it names no CPU, or none that there is", "CPUs")
    try:
        own = [own_holder(cpu, kernel) for cpu in cpus]
        prepare(path)
        with opened(path) as folder_descriptor, locked(folder_descriptor, kernel):
            live = live_holders(folder_descriptor, kernel, clean=True)
            others = [holder for holder in live if holder.cpu in cpus]
            if others:
                who = ", ".join(f"CPU {holder.cpu} by process {holder.pid}" for holder in others)
                return none(f"files in {path}", f"already reserved: {who}", "other CPUs, or that process to end")
            descriptors = create(folder_descriptor, own, inheritable=inheritable)
            there = set(live_holders(folder_descriptor, kernel, clean=False))
    except LockedByOther as error:
        return none(str(path), str(error.strerror), f"that process to end, or another folder in {_OVERRIDE}")
    except OSError as error:
        evidence = f"{error.filename or path}: {error.strerror}"
        needs = f"Linux, and a folder that every user may write to ({_OVERRIDE} names another)"
        return none(evidence, "processes can't agree on CPUs here", needs)
    action = (
        ask.applied(ask.wanted, f"{len(own)} files in {path}")
        if there.issuperset(own)
        else ask.unknown(f"files in {path}", "they are gone again")
    )
    return Reservation(action, own, descriptors, path, kernel)


def taken_cpus(
    *, except_pids: Collection[int] = (), folder: Path | None = None, kernel: Kernel = KERNEL
) -> tuple[int, ...]:
    """Returns the CPUs that other processes have reserved, ascending. Never waits.

    A reservation counts while its process runs. Empty if there are none, or if the folder can't be read.

    Args:
        except_pids: Processes whose reservations are ignored.
        folder: The folder of reservations; by default `reservation_folder()`.
        kernel: The operating system's calls; tests replace it.
    """
    ours = {kernel.pid(), *except_pids}
    try:
        namespace = kernel.pid_namespace()
        with opened(reservation_folder() if folder is None else folder) as descriptor:
            # No lock is needed: each file is complete as soon as it has its name.
            live = live_holders(descriptor, kernel, clean=False)
    except OSError:
        return ()
    return tuple(sorted({holder.cpu for holder in live if holder.pid not in ours or holder.namespace != namespace}))


def reservation_folder() -> Path:
    """Returns the host's folder of reservations, below the first folder that every user may write to.

    It is the same for every user unless the environment variable HWPROFILE_RESERVATIONS names another.
    """
    named = os.environ.get(_OVERRIDE)
    if named:
        return Path(named)
    for folder in map(Path, _SHARED_FOLDERS):
        with contextlib.suppress(OSError):
            mode = folder.stat().st_mode
            if stat.S_ISDIR(mode) and mode & stat.S_IWOTH and mode & stat.S_ISVTX:
                return folder / "hwprofile"
    # Rarely needed, and slow to import.
    import tempfile

    return Path(tempfile.gettempdir()) / "hwprofile"
