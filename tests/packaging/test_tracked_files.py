import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# In pieces, so that this file doesn't hold what it looks for.
HOSTS = ["pypi" + ".org", "pythonhosted" + ".org", "crates" + ".io", "npmjs" + ".org", "proxy.golang" + ".org"]
HOSTS += ["maven" + ".org", "deb.debian" + ".org", "artifact" + "ory"]
FORBIDDEN = re.compile("|".join(["/wo" + "rk/", r"/tm" + r"p/\w+", *map(re.escape, HOSTS)]))
LOCK_FILES = {"uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "package-lock.json", "yarn.lock", "pnpm-lock.yaml"}


def tracked() -> list[Path]:
    """The files that git tracks or would track; skips where this is no git checkout."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("no git here")
    if done.returncode != 0 or not (ROOT / ".git").exists():
        pytest.skip("no git checkout")
    paths = [ROOT / name for name in done.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def forbidden_lines(path: Path) -> list[str]:
    """The lines of a text file that name this workplace or a registry's host."""
    if path.name == "Cargo.lock":
        # It names the registry by the one address that every cargo knows it by, not by where this machine fetches.
        return []
    text = path.read_bytes().decode("utf-8", errors="replace")
    return [line for line in text.splitlines() if FORBIDDEN.search(line)]


def is_lock_file(path: Path) -> bool:
    """Whether this is a lock file that writes down the addresses of a registry."""
    return path.name in LOCK_FILES


def test_the_checkout_is_listed() -> None:
    """The rules below see the project's files."""
    names = {path.relative_to(ROOT).as_posix() for path in tracked()}
    assert {"pyproject.toml", "platform/mainspring/errors.py"} <= names


def test_no_lock_file_is_tracked() -> None:
    """Lock files write down the addresses that one machine installed from."""
    assert [path for path in tracked() if is_lock_file(path)] == []


def test_no_file_names_a_place_of_one_machine() -> None:
    """No tracked file names a folder of the machine it was written on, or the host of a package registry."""
    found = {path.relative_to(ROOT).as_posix(): lines for path in tracked() if (lines := forbidden_lines(path))}
    assert found == {}


def test_no_recorded_market_data_is_tracked() -> None:
    """Captures aren't ours to ship: nothing tracked is compressed, and nothing is large."""
    large = [
        path for path in tracked() if path.suffix in (".gz", ".zst", ".parquet") or path.stat().st_size > 1_000_000
    ]
    assert large == []


def test_what_is_forbidden_is_found(tmp_path: Path) -> None:
    """The rules above can fail."""
    file = tmp_path / "notes.md"
    file.write_text(f"fine\nsee /wo{'rk'}/main\nhttps://pypi{'.org'}/simple\nalso fine\n", encoding="utf-8")
    assert len(forbidden_lines(file)) == 2
    assert is_lock_file(tmp_path / "package-lock.json")
    assert not is_lock_file(tmp_path / "Cargo.lock")
