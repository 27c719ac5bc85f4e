"""Both distributions as wheels: built, installed outside the checkout under each Python, and run with native parts."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

_ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.gate

# What pip and uv may need of this process's environment; nothing of it points into the checkout.
_PASSED_ON = ("HOME", "PATH", "SSL_CERT_FILE", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "CARGO_HOME", "RUSTUP_HOME")
_SETTINGS = ("UV_", "PIP_")


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name in _PASSED_ON or name.startswith(_SETTINGS)}


def _run(*command: str | Path, folder: Path) -> str:
    environment = _environment() | {"MAINSPRING_NATIVE": "require", "XDG_STATE_HOME": str(folder / "state")}
    environment.pop("UV_NO_SYNC", None)
    done = subprocess.run([str(part) for part in command], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheel of each distribution, by its name."""
    if shutil.which("uv") is None or shutil.which("cargo") is None:
        pytest.skip("uv or cargo absent: the wheels can't be built here")
    folder = tmp_path_factory.mktemp("dist")
    _run("uv", "build", _ROOT, "--all-packages", "--wheel", "--out-dir", folder, folder=folder)
    return {wheel.name.split("-")[0]: wheel for wheel in folder.glob("*.whl")}


def _python(version: str, folder: Path) -> Path:
    """A clean environment of that Python, outside the checkout."""
    found = subprocess.run(
        ["uv", "python", "find", "--no-python-downloads", "--no-project", version],
        capture_output=True,
        text=True,
        env=_environment(),
        cwd=folder,
    )
    if found.returncode:
        pytest.skip(f"Python {version} absent: {found.stderr.strip()}")
    _run("uv", "venv", "--python", found.stdout.strip(), folder / "venv", folder=folder)
    return folder / "venv" / "bin" / "python"


def _installed(version: str, folder: Path, *wheels: Path) -> Path:
    python = _python(version, folder)
    _run("uv", "pip", "install", "--python", python, *wheels, folder=folder)
    return python


def _report(python: Path, folder: Path, *arguments: str) -> dict[str, Any]:
    printed = _run(python.with_name("mainspring"), "run", "--quiet", "--json", *arguments, folder=folder)
    report: dict[str, Any] = json.loads(printed)
    return report


def test_the_native_wheel_is_for_every_python_and_most_linuxes(wheels: dict[str, Path]) -> None:
    """One wheel for all versions of Python (abi3), checked for the Linuxes that it claims to run on."""
    assert wheels["mainspring"].name.endswith("-py3-none-any.whl")
    assert "-cp311-abi3-manylinux_" in wheels["mainspring_native"].name


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_installed_wheels_run_natively(version: str, wheels: dict[str, Path], tmp_path: Path) -> None:
    """Nothing but the two wheels: native parts run without a word, with the results of the Python ones."""
    python = _installed(version, tmp_path, *wheels.values())
    where = _run(
        python,
        "-c",
        "import mainspring, mainspring_native._native as n; print(mainspring.__file__, n.__file__)",
        folder=tmp_path,
    )
    assert str(_ROOT) not in where
    native = _report(python, tmp_path)
    plain = _report(python, tmp_path, "--set", "decoder.plugin=python", "--set", "book.plugin=bisect-list")
    chosen = {slot["slot"]: slot["plugin"] for slot in native["slots"]}
    assert (chosen["decoder"], chosen["book"]) == ("native", "ladder")
    assert native["order_log_sha256"] == plain["order_log_sha256"]


def test_without_the_native_wheel_it_says_how_to_get_it(wheels: dict[str, Path], tmp_path: Path) -> None:
    """The Python parts run, and `plugins list` names what is missing and the one command."""
    python = _installed("3.11", tmp_path, wheels["mainspring"])
    _report(python, tmp_path)
    listed = _run(python.with_name("mainspring"), "plugins", "list", folder=tmp_path)
    assert "pip install mainspring-native" in listed
