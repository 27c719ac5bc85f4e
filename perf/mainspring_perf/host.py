"""Identifies the host and the code that figures belong to."""

import subprocess
from functools import cache
from pathlib import Path

import msgspec

import mainspring
from hwprofile.probe import probe
from hwprofile.profile import HostProfile

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
    root = Path(mainspring.__file__).parents[2]
    if not (root / ".git").exists():
        return Code(version=mainspring.__version__)
    try:
        commit = _git(root, "rev-parse", "HEAD")
        changed = bool(_git(root, "status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.CalledProcessError):
        return Code(version=mainspring.__version__)
    return Code(version=mainspring.__version__, commit=commit, changed=changed)


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603  fixed words


@cache
def host_profile() -> HostProfile:
    """Probes the host once."""
    return probe()
