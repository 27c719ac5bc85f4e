"""The native distribution's build backend: with cargo, without it, and what is said then."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import mainspring_native

_NATIVE = Path(__file__).resolve().parents[2] / "plugins" / "native"


@pytest.fixture
def backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The backend over a copy of the distribution's Python, with builders that only say what they were asked."""
    pytest.importorskip("maturin", reason="maturin isn't installed")
    folder = tmp_path / "native"
    shutil.copytree(_NATIVE / "build_backend", folder / "build_backend")
    package = folder / "python" / "mainspring_native"
    package.mkdir(parents=True)
    (package / "_native.abi3.so").write_bytes(b"stale")
    spec = importlib.util.spec_from_file_location("backend", folder / "build_backend" / "mainspring_native_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module.maturin, "build_wheel", lambda *_: "with.whl")
    monkeypatch.setattr(module.hatchling.build, "build_wheel", lambda *_: "without.whl")
    monkeypatch.delenv("MAINSPRING_NATIVE", raising=False)
    return module


def _package(backend: ModuleType) -> Path:
    assert backend.__file__ is not None
    return Path(backend.__file__).parents[1] / "python" / "mainspring_native"


def test_with_cargo_the_extension_is_built(backend: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (_package(backend) / "not_built.txt").write_text("as it was last time\n", encoding="utf-8")
    monkeypatch.setattr(backend, "_why_not", lambda: None)
    assert backend.build_wheel("dist") == "with.whl"
    assert not (_package(backend) / "not_built.txt").exists()


def test_without_cargo_it_is_left_out_and_the_reason_kept(backend: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert backend.build_wheel("dist") == "without.whl"
    reason = (_package(backend) / "not_built.txt").read_text(encoding="utf-8")
    assert reason == "no cargo on the PATH when it was installed\n"
    # An extension of another time would be loaded, and nobody would know.
    assert not (_package(backend) / "_native.abi3.so").exists()


def test_a_build_that_fails_leaves_it_out_too(backend: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> str:
        raise subprocess.CalledProcessError(101, "cargo")

    monkeypatch.setattr(backend, "_why_not", lambda: None)
    monkeypatch.setattr(backend.maturin, "build_wheel", fails)
    assert backend.build_wheel("dist") == "without.whl"
    assert "the build failed (" in (_package(backend) / "not_built.txt").read_text(encoding="utf-8")


def test_where_it_is_required_its_want_is_an_error(backend: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("MAINSPRING_NATIVE", "require")
    with pytest.raises(RuntimeError, match="no cargo on the PATH when it was installed, and MAINSPRING_NATIVE=require"):
        backend.build_wheel("dist")


def test_what_is_missing_is_told_with_its_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "mainspring_native"
    package.mkdir()
    shutil.copy(Path(mainspring_native.__file__), package / "__init__.py")
    (package / "not_built.txt").write_text("no cargo on the PATH when it was installed\n", encoding="utf-8")
    asked = "import mainspring_native as native; print(native.NEEDS.missing); print(repr(native.BUILD))"
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    reported = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
    assert reported == (
        "the native module isn't here: no cargo on the PATH when it was installed; install Rust (https://rustup.rs) "
        "and run `uv sync --reinstall-package mainspring-native`\n''\n"
    )


def test_a_debug_build_is_not_for_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "mainspring_native"
    package.mkdir()
    shutil.copy(Path(mainspring_native.__file__), package / "__init__.py")
    (package / "_native.py").write_text("def build_info():\n    return {'profile': 'debug'}\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    asked = "import mainspring_native as native; print(native.NEEDS.missing)"
    reported = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
    assert reported.startswith(
        "the native module is a debug build, many times slower than it ought to be; install Rust"
    )
