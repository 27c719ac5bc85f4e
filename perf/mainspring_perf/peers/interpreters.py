"""Finds the CPython that a peer's environment is made with: the newest here that its pins are published for."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from hwprofile.children import foreign_command, own_python
from mainspring_perf.peers.peer import Python, Unavailable

__all__ = ["find_python"]

_ASK = "import sys; print(sys.implementation.name, *sys.version_info[:2])"


def find_python(pythons: tuple[Python, Python], uv: str) -> str:
    """Returns the path of an interpreter that the program `uv` finds. Raises `Unavailable` if there is none."""
    oldest, newest = pythons
    for minor in range(newest[1], oldest[1] - 1, -1):
        version = oldest[0], minor
        for path in _candidates(version, uv):
            if _is(path, version):
                return path
    wanted = f"{oldest[0]}.{oldest[1]}"
    raise Unavailable(f"needs CPython {wanted} to {newest[0]}.{newest[1]}: `uv python install {newest[0]}.{newest[1]}`")


def _candidates(version: Python, uv: str) -> Iterator[str]:
    """What uv finds, what the search path has, and what pyenv keeps: its shims work for the chosen version only."""
    text = f"{version[0]}.{version[1]}"
    if sys.version_info[:2] == version:
        yield own_python()
    found = subprocess.run(  # noqa: S603  uv, with a version number
        [uv, "python", "find", "--no-project", "--system", text], capture_output=True, text=True, check=False
    )
    if found.returncode == 0:
        yield found.stdout.strip()
    if (on_path := shutil.which(f"python{text}")) is not None:
        yield on_path
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from (str(path) for path in sorted(root.glob(f"versions/{text}.*/bin/python"), reverse=True))


def _is(path: str, version: Python) -> bool:
    try:
        said = subprocess.run(  # noqa: S603  an interpreter that was found above
            foreign_command(path, code=_ASK), capture_output=True, text=True, check=False, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return said.stdout.split() == ["cpython", *map(str, version)]
