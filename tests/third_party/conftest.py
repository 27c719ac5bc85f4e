import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest


class Environment:
    """A Python environment to install into, which sees the packages of the one that runs the tests."""

    def __init__(self, folder: Path, uv: str) -> None:
        self.folder = folder
        self._uv = uv
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "env"], check=True)
        scripts = "Scripts" if sys.platform == "win32" else "bin"
        self.python = folder / "env" / scripts / Path(sys.executable).name
        show = "import sysconfig; print(sysconfig.get_path('purelib'))"
        packages = subprocess.run([self.python, "-c", show], capture_output=True, text=True, check=True).stdout.strip()
        # addsitedir, unlike a plain path, also reads the .pth files there: ours is installed by one.
        ours = {sysconfig.get_path(name) for name in ("purelib", "platlib")}
        lines = [f"import site; site.addsitedir({path!r})\n" for path in sorted(ours)]
        (Path(packages) / "packages_of_the_tests.pth").write_text("".join(lines))

    def install(self, *projects: Path) -> None:
        """Builds a wheel of each project with its own build backend, and installs the wheels. Uses no network."""
        wheels = self.folder / "wheels"
        for project in projects:
            command: list[str | Path] = [
                sys.executable,
                "-m",
                "hatchling",
                "build",
                "-t",
                "wheel",
                "-d",
                wheels / project.name,
            ]
            _run(command, cwd=project)
        found = [str(wheel) for project in projects for wheel in (wheels / project.name).glob("*.whl")]
        assert len(found) == len(projects)
        offline = ["--offline", "--no-index", "--no-deps", "--no-config"]
        _run([self._uv, "pip", "install", *offline, "--python", self.python, *found], cwd=self.folder)

    def mainspring(self, *arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Runs `mainspring` there, as `python -m mainspring`, with a cache of its own. Doesn't check the exit code."""
        environ = {
            name: value
            for name, value in os.environ.items()
            if name not in ("PYTHONPATH", "VIRTUAL_ENV", "MAINSPRING_DATA")
        }
        environ |= {"XDG_CACHE_HOME": str(self.folder / "cache"), "NO_COLOR": "1", "COLUMNS": "200"}
        return subprocess.run(
            [self.python, "-m", "mainspring", *arguments],
            cwd=cwd or self.folder,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )


def _run(command: list[str | Path], cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}:\n{done.stdout}\n{done.stderr}"


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> Environment:
    """A temporary environment. Needs uv, which the project's own commands run by."""
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        pytest.skip("absent: uv, which installs into the temporary environment")
    return Environment(tmp_path_factory.mktemp("third_party"), uv)
