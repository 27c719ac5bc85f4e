"""Finds the folders of this process's cgroups, from its own up to the highest visible one."""

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from hwprofile.kernel_files import read_text

__all__ = ["Cgroup", "cgroup_of", "controller"]


@dataclass(frozen=True)
class Cgroup:
    """The process's cgroup in one hierarchy.

    `path` is None if it isn't known which cgroup of the hierarchy it is. `folders` are its own and its ancestors', its
    own first, as far as they are known. `whole` says that they reach up to the hierarchy's root, so that no other
    cgroup can limit the process.
    """

    version: int
    path: str | None
    folders: tuple[Path, ...]
    whole: bool


@dataclass(frozen=True)
class _Mount:
    version: int
    controllers: tuple[str, ...]
    below: PurePosixPath
    """The mounted folder of the hierarchy; "/" is the whole hierarchy."""
    at: Path


def cgroup_of(root: Path) -> Cgroup | None:
    """Returns the process's cgroup: that of version 2 if it has one, else that of its first hierarchy."""
    mounts = _mounts(root)
    for mount in sorted(mounts, key=lambda mount: -mount.version):
        found = _found(root, mount)
        if found is not None:
            return found
    return None


def controller(root: Path, name: str) -> Cgroup | None:
    """Returns the cgroup with a controller ("cpu", "cpuset", "memory"); None if none is visible.

    A controller is in a hierarchy of version 1 or in that of version 2, never in both.
    """
    mounts = _mounts(root)
    for mount in mounts:
        if mount.version == 1 and name in mount.controllers:
            return _found(root, mount)
    for mount in mounts:
        if mount.version == 2 and name in (read_text(mount.at / "cgroup.controllers") or name).split():
            return _found(root, mount)
    return None


def _found(root: Path, mount: _Mount) -> Cgroup | None:
    path = _path(root, mount)
    if path is None and mount.version == 2:
        # Every process is in some cgroup of it, and the limits of the highest one apply to all.
        return Cgroup(version=2, path=None, folders=(mount.at,), whole=False) if mount.at.is_dir() else None
    if path is None:
        return None
    try:
        inside = path.relative_to(mount.below)
    except ValueError:
        # In a namespace of its own, the process sees paths relative to it ("/../.." above), or another one's mount.
        inside = PurePosixPath()
    if ".." in inside.parts:
        inside = PurePosixPath()
    own = folder = mount.at / inside
    # A cgroup may have been removed, or not recorded: the limits of its nearest existing ancestor apply too.
    while not folder.is_dir() and folder != mount.at:
        folder = folder.parent
    folders = [folder, *[parent for parent in folder.parents if mount.at in (parent, *parent.parents)]]
    # In version 2, every cgroup except the root has this file; in version 1, only the mount shows where it begins.
    root_seen = mount.below == PurePosixPath("/") and not (mount.version == 2 and (mount.at / "cgroup.type").exists())
    whole = root_seen and ".." not in path.parts and folder == own and own.is_dir()
    return Cgroup(version=mount.version, path=str(path), folders=tuple(folders), whole=whole)


def _path(root: Path, mount: _Mount) -> PurePosixPath | None:
    """Returns the path of the process's cgroup in a hierarchy."""
    text = read_text(root / "proc/self/cgroup")
    for line in (text or "").splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if mount.version == 2 and number == "0" and not controllers:
            return PurePosixPath(path)
        if mount.version == 1 and set(controllers.split(",")) & set(mount.controllers):
            return PurePosixPath(path)
    if mount.version == 2 or "cpuset" in mount.controllers:
        # Kernels from before cgroups have this one file, and some recordings only it. It names the cgroup in the
        # hierarchy that has the cpuset controller, of either version.
        own = read_text(root / "proc/self/cpuset")
        elsewhere = mount.version == 2 and any("cpuset" in other.controllers for other in _mounts(root))
        return None if own is None or elsewhere else PurePosixPath(own)
    return None


def _mounts(root: Path) -> list[_Mount]:
    text = read_text(root / "proc/self/mountinfo")
    if text is not None:
        return list(filter(None, (_mount_of_info(root, line) for line in text.splitlines())))
    lines = (read_text(root / "proc/mounts") or "").splitlines()
    return list(filter(None, (_mount(root, line) for line in lines)))


def _mount_of_info(root: Path, line: str) -> _Mount | None:
    """Parses a mount from a line such as "30 24 0:26 /below /at rw,nosuid - cgroup2 cgroup rw"."""
    before, _, after = line.partition(" - ")
    words, more = before.split(" "), after.split(" ")
    if len(words) < 5 or len(more) < 3:
        return None
    return _made(root, more[0], more[2], words[3], words[4])


def _mount(root: Path, line: str) -> _Mount | None:
    """Parses a mount from a line such as "cgroup /sys/fs/cgroup/cpuset cgroup rw,cpuset 0 0"."""
    words = line.split(" ")
    return _made(root, words[2], words[3], "/", words[1]) if len(words) >= 4 else None


def _made(root: Path, kind: str, options: str, below: str, at: str) -> _Mount | None:
    place = root / _unescaped(at).lstrip("/")
    if kind == "cgroup2":
        return _Mount(2, (), PurePosixPath(_unescaped(below)), place)
    if kind == "cgroup":
        return _Mount(1, tuple(options.split(",")), PurePosixPath(_unescaped(below)), place)
    if kind == "cpuset":
        return _Mount(1, ("cpuset",), PurePosixPath(_unescaped(below)), place)
    return None


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)
