"""Where the cgroups of this process lie: their folders, from the own one up to the highest that can be seen."""

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from hwprofile.kernel_files import read_text

__all__ = ["Cgroup", "cgroup_of", "controller"]


@dataclass(frozen=True)
class Cgroup:
    """A cgroup of the process in one hierarchy.

    `path` is None if nothing says which cgroup of the hierarchy it is. `folders` are those of it and its ancestors,
    itself first, as far as they are known. `whole` says that all of them are seen, the hierarchy's true root the last,
    so that nothing else bounds anything.
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
    """The folder of the hierarchy that is mounted; "/" is all of it."""
    at: Path


def cgroup_of(root: Path) -> Cgroup | None:
    """The cgroup that the process is in: of version 2 where it has one there, else of its first hierarchy."""
    mounts = _mounts(root)
    for mount in sorted(mounts, key=lambda mount: -mount.version):
        found = _found(root, mount)
        if found is not None:
            return found
    return None


def controller(root: Path, name: str) -> Cgroup | None:
    """The cgroup that bounds the process by that controller ("cpu", "cpuset", "memory"); None if none is seen.

    A controller that a hierarchy of version 1 has isn't in version 2's.
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
        # Every process is in one of its cgroups: whichever it is, what bounds the highest one bounds it too.
        return Cgroup(version=2, path=None, folders=(mount.at,), whole=False) if mount.at.is_dir() else None
    if path is None:
        return None
    try:
        inside = path.relative_to(mount.below)
    except ValueError:
        # In a namespace of its own the process sees paths from there on ("/../.." above it), or the mount is another's.
        inside = PurePosixPath()
    if ".." in inside.parts:
        inside = PurePosixPath()
    own = folder = mount.at / inside
    # A cgroup may have been removed, or not been recorded: its nearest ancestor that is there bounds it too.
    while not folder.is_dir() and folder != mount.at:
        folder = folder.parent
    folders = [folder, *[parent for parent in folder.parents if mount.at in (parent, *parent.parents)]]
    # Every cgroup of version 2 but the root has this file; of version 1 only the mount says what it begins at.
    root_seen = mount.below == PurePosixPath("/") and not (mount.version == 2 and (mount.at / "cgroup.type").exists())
    whole = root_seen and ".." not in path.parts and folder == own and own.is_dir()
    return Cgroup(version=mount.version, path=str(path), folders=tuple(folders), whole=whole)


def _path(root: Path, mount: _Mount) -> PurePosixPath | None:
    """The path of the process's cgroup in a hierarchy."""
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
    """A mount, by a line such as "30 24 0:26 /below /at rw,nosuid - cgroup2 cgroup rw"."""
    before, _, after = line.partition(" - ")
    words, more = before.split(" "), after.split(" ")
    if len(words) < 5 or len(more) < 3:
        return None
    return _made(root, more[0], more[2], words[3], words[4])


def _mount(root: Path, line: str) -> _Mount | None:
    """A mount, by a line such as "cgroup /sys/fs/cgroup/cpuset cgroup rw,cpuset 0 0"."""
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
