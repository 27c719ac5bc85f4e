"""Makes an environment per peer with uv, in the user's cache folder, and reuses it until its pins change."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from hwprofile.children import foreign_command, own_python
from mainspring.data import cache_folder
from mainspring_perf.peers.peer import Peer, Python, Unavailable, one_line
from mainspring_perf.store import versions_of

__all__ = ["Environment", "find_environment", "find_python", "make_environment", "peers_folder"]

_READY = "ready.json"
_ASK = "import sys; print(sys.implementation.name, *sys.version_info[:2])"

Environment = tuple[str, dict[str, str]]
"""The path of the interpreter, and the versions of what the peer is."""


def peers_folder() -> Path:
    """Returns the folder of the peers' environments and programs."""
    return cache_folder() / "peers"


def find_environment(peer: Peer) -> Environment | None:
    """Returns the environment of a peer if it is ready."""
    if not peer.requirements:
        return own_python(), versions_of(peer.distributions)
    try:
        versions = json.loads((_folder(peer) / _READY).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return str(_python(_folder(peer))), versions


def make_environment(peer: Peer) -> Environment:
    """Returns the environment of a peer, and makes it first if needed. Raises `Unavailable` with the reason."""
    found = find_environment(peer)
    if found is not None:
        return found
    uv = _find_uv()
    folder = _folder(peer)
    base = find_python(peer.pythons, uv)
    _run([uv, "venv", "--quiet", "--clear", "--no-project", "--python", base, str(folder)])
    python = str(_python(folder))
    _run([uv, "pip", "install", "--quiet", "--python", python, *peer.requirements])
    listed = _run([uv, "pip", "list", "--quiet", "--format", "json", "--python", python])
    installed = {one["name"].lower().replace("_", "-"): one["version"] for one in json.loads(listed)}
    wanted = [requirement.partition("==")[0].lower().replace("_", "-") for requirement in peer.requirements]
    versions = {name: installed[name] for name in wanted}
    (folder / _READY).write_text(json.dumps(versions), encoding="utf-8")
    return python, versions


def find_python(pythons: tuple[Python, Python], uv: str) -> str:
    """Returns the newest CPython here of these versions. Raises `Unavailable` if there is none; `uv` is its path."""
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


def _folder(peer: Peer) -> Path:
    recipe = json.dumps([peer.requirements, peer.pythons]).encode()
    return peers_folder() / f"{peer.name}-{hashlib.sha256(recipe).hexdigest()[:12]}"


def _python(folder: Path) -> Path:
    return folder / "Scripts" / "python.exe" if os.name == "nt" else folder / "bin" / "python"


def _find_uv() -> str:
    # The one of the extra stands beside this interpreter, which needn't be on the search path.
    beside = shutil.which("uv", path=str(Path(own_python()).parent))
    uv = beside or shutil.which("uv")
    if uv is None:
        raise Unavailable("needs uv for an environment of its own: `pip install 'mainspring[peers]'`")
    return uv


def _run(command: list[str]) -> str:
    # An environment that is active here isn't meant.
    environ = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    done = subprocess.run(  # noqa: S603  uv, with the pins of the catalogue
        command, capture_output=True, text=True, check=False, env=environ
    )
    if done.returncode:
        said = one_line(done.stderr) or f"exit code {done.returncode}"
        raise Unavailable(f"uv couldn't make its environment: {said}")
    return done.stdout
