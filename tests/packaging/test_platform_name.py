import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHOW = "import platform; print(platform.__file__); print(platform.system())"


def python(*arguments: str, cwd: Path = ROOT, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def is_the_standard_library(output: str) -> bool:
    """Whether what `SHOW` printed is the standard library's `platform`."""
    file = Path(output.splitlines()[0])
    return file.name == "platform.py" and file.parent == Path(os.__file__).parent


@pytest.mark.parametrize(
    "arguments",
    [("-c", SHOW), ("-m", "timeit", "-n1", "-r1", SHOW), ("-c", f"import mainspring, hwprofile; {SHOW}")],
    ids=["command", "module", "after our packages"],
)
def test_the_standard_librarys_platform_is_found_in_the_root(arguments: tuple[str, ...]) -> None:
    """Started in the repository's root, where a folder named `platform` lies, Python finds its own `platform`."""
    assert is_the_standard_library(python(*arguments))


def test_the_standard_librarys_platform_is_found_with_the_root_on_the_path() -> None:
    """The root on PYTHONPATH, before the standard library, makes no difference."""
    assert is_the_standard_library(python("-c", SHOW, PYTHONPATH=str(ROOT)))


@pytest.mark.parametrize("module", ["mainspring", "hwprofile"])
def test_our_commands_start_in_the_root(module: str) -> None:
    """`python -m` of our packages, which puts the working folder on the path, starts there."""
    assert python("-m", module, "--help")


def test_platform_is_no_package() -> None:
    """With an `__init__.py`, the source root would hide the standard library's module from whatever runs here."""
    assert (ROOT / "platform").is_dir()
    assert not (ROOT / "platform" / "__init__.py").exists()


def test_an_init_file_would_be_found(tmp_path: Path) -> None:
    """The check can fail: an `__init__.py` in a folder `platform` is what hides the standard library's module."""
    (tmp_path / "platform").mkdir()
    assert is_the_standard_library(python("-c", SHOW, cwd=tmp_path))
    (tmp_path / "platform" / "__init__.py").write_text("def system(): return ''", encoding="utf-8")
    assert not is_the_standard_library(python("-c", SHOW, cwd=tmp_path))
