"""What tests of several packages share: a state folder of their own, a browser, and installed distributions."""

import base64
import hashlib
import importlib.util
import itertools
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from mainspring.cli import main

# How long a search takes that doesn't name a number: `--hypothesis-profile=thorough` looks ten times as far.
# How long examples take says how busy the machine is, not whether the code is right.
_TIMELESS = (HealthCheck.too_slow,)
settings.register_profile("quick", max_examples=60, suppress_health_check=_TIMELESS)
settings.register_profile("thorough", max_examples=600, suppress_health_check=_TIMELESS)
settings.load_profile("quick")

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


_numbers = itertools.count()


def pytest_configure(config: pytest.Config) -> None:
    """Keeps bytecode in pytest's cache where the environment wants none next to the sources.

    Without any, each of the hundreds of commands that tests start compiles a thousand modules again.
    """
    if sys.dont_write_bytecode:
        sys.dont_write_bytecode = False
        sys.pycache_prefix = str(config.rootpath / ".pytest_cache" / "bytecode")
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix


@pytest.fixture(scope="session", autouse=True)
def _signals() -> Iterator[None]:
    """Lets signals that stop a session do so, even if this run was started with them ignored, as `nohup ... &` does.

    The tests' commands inherit this: without it, a command that is told to stop goes on, and its test waits for it.
    """
    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    ignored = [number for number in numbers if signal.getsignal(number) == signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


@pytest.fixture(autouse=True)
def _state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state folder of the test's own, made when it is needed: what was raced on this host is nothing to it."""
    # Not mktemp(), which looks through all folders before it makes the next.
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / "state" / str(next(_numbers))))


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Headless Chromium, driven by Playwright. Skips, naming what is absent."""
    if BROWSER is None:
        pytest.skip("browser absent: chromium")
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("package absent: playwright")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Without a sandbox, because root, as which CI may run, isn't given one.
        started = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Path]]:
    """Installs a distribution as an installer would: module files and a dist-info folder, in a folder on the path.

    `install(name, {module: source}, folder="site")` makes one entry point a module. With `record`, the dist-info has a
    RECORD with the modules' hashes. The modules are forgotten after the test.
    """
    modules: set[str] = set()
    folders: set[Path] = set()

    def make(
        name: str,
        sources: dict[str, str],
        *,
        version: str = "1.0",
        folder: str = "site",
        entry_points: dict[str, str] | None = None,
        record: bool = False,
    ) -> Path:
        site = tmp_path / folder
        site.mkdir(exist_ok=True)
        for module, source in sources.items():
            (site / f"{module}.py").write_text(source, encoding="utf-8")
        info = site / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
        points = {module: module for module in sources} if entry_points is None else entry_points
        lines = [f"{label} = {value}" for label, value in points.items()]
        (info / "entry_points.txt").write_text("\n".join(["[mainspring]", *lines, ""]), encoding="utf-8")
        if record:
            digests = {
                module: base64.urlsafe_b64encode(hashlib.sha256(source.encode()).digest()).decode().rstrip("=")
                for module, source in sources.items()
            }
            rows = [f"{module}.py,sha256={digest},1" for module, digest in digests.items()]
            (info / "RECORD").write_text("\n".join([*rows, f"{info.name}/METADATA,,", ""]), encoding="utf-8")
        modules.update(sources)
        if site not in folders:
            folders.add(site)
            monkeypatch.syspath_prepend(str(site))
        return site

    yield make
    for module in modules:
        sys.modules.pop(module, None)


@pytest.fixture
def mainspring(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int | str, str, str]]:
    """Types a command, in this process; returns its exit code, standard output and standard error."""

    def run(*arguments: object) -> tuple[int | str, str, str]:
        monkeypatch.setattr(sys, "argv", ["mainspring", *map(str, arguments)])
        # Click takes the program's name from here if the tests run by `python -m pytest`.
        monkeypatch.setattr(sys.modules["__main__"], "__package__", None)
        code: int | str = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code or 0
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run
