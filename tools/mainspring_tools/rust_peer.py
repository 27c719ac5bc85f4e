"""The usual Rust stack as a peer of `peers_page`: built in release mode, on demand, in the user's cache folder."""

import hashlib
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from mainspring_perf.peers.candidate import Command
from mainspring_perf.peers.environments import peers_folder
from mainspring_perf.peers.peer import Peer, Unavailable, one_line

__all__ = ["RUST", "build", "find_built"]

_SOURCE = Path(__file__).parents[1] / "peers_rust"
_PROGRAM = "mainspring-peers"

RUST = Peer(
    name="usual Rust stack",
    adapter="",
    ways={
        "bytes": ("serde_json, BTreeMap", "simd-json, BTreeMap"),
        "book": ("BTreeMap",),
        "records": ("bincode", "serde_json"),
        "slippage": ("square root in f64",),
    },
)


def find_built() -> Command | None:
    """The program, if it was built from these sources."""
    path = _target() / "release" / (f"{_PROGRAM}.exe" if sys.platform == "win32" else _PROGRAM)
    return ([str(path)], _versions()) if path.is_file() else None


def build() -> Command:
    """The program, built where it isn't there yet. Raises `Unavailable`, with the reason."""
    found = find_built()
    if found is not None:
        return found
    cargo = shutil.which("cargo")
    if cargo is None:
        raise Unavailable("needs cargo, which comes with Rust (https://rustup.rs)")
    command = [cargo, "build", "--release", "--locked", "--quiet", "--manifest-path", str(_SOURCE / "Cargo.toml")]
    done = subprocess.run(  # noqa: S603  cargo, on our own sources
        [*command, "--target-dir", str(_target())], capture_output=True, text=True, check=False
    )
    found = find_built()
    if done.returncode or found is None:
        raise Unavailable(f"cargo couldn't build it: {one_line(done.stderr)}")
    return found


def _target() -> Path:
    digest = hashlib.sha256()
    for path in sorted((*_SOURCE.glob("Cargo.*"), *_SOURCE.glob("src/*.rs"))):
        digest.update(path.read_bytes())
    return peers_folder() / f"rust-{digest.hexdigest()[:12]}"


def _versions() -> dict[str, str]:
    wanted = tomllib.loads((_SOURCE / "Cargo.toml").read_text(encoding="utf-8"))["dependencies"]
    locked = tomllib.loads((_SOURCE / "Cargo.lock").read_text(encoding="utf-8"))["package"]
    return {one["name"]: one["version"] for one in locked if one["name"] in wanted}
