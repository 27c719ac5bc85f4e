"""Identifies the host and the code that figures belong to."""

import subprocess
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import msgspec

from hwprofile.probe import probe
from hwprofile.profile import HostProfile
from mainspring import __version__

__all__ = ["Code", "code", "host_profile"]


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """The measured code: its version and, in a git checkout, its commit.

    `changed` is True if tracked files differ from that commit.
    """

    version: str
    commit: str | None = None
    changed: bool = False

    def __str__(self) -> str:
        if self.commit is None:
            return self.version
        return f"{self.version} at {self.commit[:10]}{' and changes' if self.changed else ''}"


@cache
def code() -> Code:
    """Returns the running code; only its version without git or outside a checkout."""
    spec = find_spec("mainspring")
    assert spec is not None
    assert spec.submodule_search_locations
    root = Path(next(iter(spec.submodule_search_locations))).parents[1]
    if not (root / ".git").exists():
        return Code(version=__version__)
    try:
        commit = _git(root, "rev-parse", "HEAD")
        changed = bool(_git(root, "status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.CalledProcessError):
        return Code(version=__version__)
    return Code(version=__version__, commit=commit, changed=changed)


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603  fixed words


@cache
def host_profile() -> HostProfile:
    """Probes the host once."""
    return probe()
