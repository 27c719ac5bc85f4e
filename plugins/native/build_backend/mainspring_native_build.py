"""The build backend: maturin where cargo is found, and a build without the extension where it isn't.

So that installing Mainspring never fails for want of Rust. What was built without the extension holds the reason, which
`mainspring plugins list` shows. With MAINSPRING_NATIVE=require in the environment a missing extension is an error.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import hatchling.build
import maturin

_FOLDER = Path(__file__).resolve().parents[1]
_REASON = _FOLDER / "python" / "mainspring_native" / "not_built.txt"
# By default maturin's wheels built through PEP 517 are for this Linux alone. These are checked and tagged (manylinux or
# musllinux) for every Linux that has what they link to.
_PORTABLE = {"build-args": "--compatibility pypi"} if sys.platform == "linux" else {}

Settings = Mapping[str, Any] | None


def get_requires_for_build_wheel(config_settings: Settings = None) -> list[str]:
    return []


def get_requires_for_build_editable(config_settings: Settings = None) -> list[str]:
    return []


def get_requires_for_build_sdist(config_settings: Settings = None) -> list[str]:
    return []


def build_sdist(sdist_directory: str, config_settings: Settings = None) -> str:
    """A source distribution: maturin's, which knows what cargo needs."""
    return maturin.build_sdist(sdist_directory, config_settings)


def build_wheel(wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None) -> str:
    """A wheel, with the extension if it can be built."""
    return _build(
        lambda: maturin.build_wheel(wheel_directory, {**_PORTABLE, **(config_settings or {})}),
        lambda: hatchling.build.build_wheel(wheel_directory),
    )


def build_editable(
    wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None
) -> str:
    """An editable install, with the extension if it can be built."""
    return _build(
        lambda: maturin.build_editable(wheel_directory, config_settings),
        lambda: hatchling.build.build_editable(wheel_directory),
    )


def _build(with_extension: Callable[[], str], without: Callable[[], str]) -> str:
    _REASON.unlink(missing_ok=True)
    reason = _why_not()
    if reason is None:
        try:
            return with_extension()
        except (Exception, SystemExit) as error:  # maturin exits where cargo fails
            reason = f"the build failed ({error})"
    if os.environ.get("MAINSPRING_NATIVE") == "require":
        raise RuntimeError(f"mainspring-native: {reason}, and MAINSPRING_NATIVE=require")
    print(f"mainspring-native: built without its extension: {reason}")
    for stale in _REASON.parent.glob("_native*.*"):
        if stale.suffix in (".so", ".pyd"):
            stale.unlink()
    _REASON.write_text(reason + "\n", encoding="utf-8")
    return without()


def _why_not() -> str | None:
    """Why the extension can't be built here; None where nothing speaks against it."""
    cargo = shutil.which("cargo")
    if cargo is None:
        return "no cargo on the PATH when it was installed"
    asked = subprocess.run([cargo, "--version"], capture_output=True, text=True, check=False)
    if asked.returncode:
        return f"cargo doesn't run: {' '.join(asked.stderr.split()[-12:])}"
    return None
