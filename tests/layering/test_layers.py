import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = ROOT / ".importlinter"
NAMES = [line.removeprefix("name = ") for line in CONTRACTS.read_text().splitlines() if line.startswith("name = ")]

# The smallest house that has every room, and the few imports that the contracts name.
ROOMS = [
    *(
        "cli",
        "tuning",
        "session",
        "host",
        "lane",
        "report",
        "data",
        "journal",
        "calibration",
        "recovery",
        "orders",
        "portfolio",
        "risk",
    ),
    *("flags", "telemetry", "indicators", "venue", "testing", "wire", "seams", "model", "plugin_calls", "errors"),
]
SOUND = {
    **{f"mainspring/{room}/__init__.py": "" for room in ROOMS},
    **{
        f"{package}/__init__.py": ""
        for package in ("mainspring", "mainspring_plugins", "mainspring_native", "mainspring_perf", "hwprofile")
    },
    "mainspring/cli/app.py": "import typer, mainspring.host.registry",
    "mainspring/cli/bench.py": "import mainspring_perf.run",
    "mainspring/cli/peers.py": "import mainspring_perf.peers.race",
    "mainspring/cli/scaling.py": "import mainspring_perf.scaling.run",
    "mainspring/host/registry.py": "import pluggy, mainspring.seams, hwprofile",
    "mainspring/seams/catalogue.py": "import pluggy, mainspring.model",
    "mainspring_perf/hooks.py": "import pluggy",
    "mainspring_perf/peers/__init__.py": "",
    "mainspring_perf/peers/race.py": "",
    "mainspring_perf/scaling/__init__.py": "",
    "mainspring_perf/scaling/run.py": "",
    "mainspring_perf/run.py": "import mainspring_plugins.book, rich",
    "mainspring_plugins/book.py": "from mainspring.seams import hookimpl\nfrom mainspring.wire import Message",
}
# One wrong import after another: the module that gets it, the import, and the contract that forbids it.
WRONG = [
    ("mainspring/seams/book.py", "mainspring.wire", "The packages of mainspring lie in layers"),
    ("mainspring/model/events.py", "mainspring.seams", "The packages of mainspring lie in layers"),
    ("mainspring/orders/log.py", "mainspring.risk", "The packages of mainspring lie in layers"),
    ("mainspring/venue/paper.py", "mainspring.lane", "The packages of mainspring lie in layers"),
    ("mainspring/session/lane_run.py", "mainspring.tuning", "The packages of mainspring lie in layers"),
    ("mainspring/lane/order_manager.py", "mainspring.host", "The packages of mainspring lie in layers"),
    ("mainspring/brand_new.py", "os", "The packages of mainspring lie in layers"),
    ("hwprofile/acts.py", "mainspring.model", "hwprofile stands alone"),
    ("mainspring/session/run.py", "mainspring_plugins.book", "mainspring imports no plugin by name"),
    ("mainspring/host/tune.py", "mainspring_perf.run", "only the command line starts benchmarks"),
    ("mainspring_plugins/router.py", "mainspring.lane", "plugins import the public packages"),
    ("mainspring_plugins/feed.py", "mainspring.brand_new", "plugins import the public packages"),
    ("mainspring/risk/gate.py", "rich", "nothing below the host knows the host or a terminal"),
    ("mainspring/lane/lane.py", "pluggy", "pluggy is met in the registry and the hook markers only"),
    ("mainspring/report/text.py", "typer", "only the command line knows typer"),
    ("mainspring/data/progress.py", "rich", "only what prints knows rich"),
    ("mainspring/testing/kit.py", "pytest", "the product runs without the tools that test it"),
]


def lint(folder: Path, *, contracts: Path = CONTRACTS) -> subprocess.CompletedProcess[str]:
    """Runs the contracts on the packages that lie in the folder, or else on those that are installed."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"]
    return subprocess.run(
        [*command, "--config", str(contracts), "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def write(folder: Path, sources: dict[str, str]) -> None:
    for name, source in sources.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")


def verdicts(output: str) -> dict[str, str]:
    """KEPT or BROKEN, by contract."""
    found = {}
    for name in NAMES:
        lines = [line for line in output.splitlines() if line.startswith((f"{name} KEPT", f"{name} BROKEN"))]
        assert len(lines) == 1, f"{name}: {output}"
        found[name] = lines[0].removeprefix(name).split()[0]
    return found


def test_the_layers_hold() -> None:
    """No import of the product goes against the contracts of `.importlinter`."""
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(verdicts(done.stdout).values()) == {"KEPT"}


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the contracts say of a house with every wrong import in it."""
    folder = tmp_path_factory.mktemp("broken")
    write(folder, SOUND | {name: f"import {imported}" for name, imported, _ in WRONG})
    done = lint(folder)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


def test_a_sound_house_passes(tmp_path: Path) -> None:
    """The contracts let pass what they allow; so what follows fails for its wrong imports and nothing else."""
    write(tmp_path, SOUND)
    done = lint(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_contract_can_fail(broken: str) -> None:
    """With a wrong import for each of them, every contract is broken."""
    assert verdicts(broken) == dict.fromkeys(NAMES, "BROKEN")


@pytest.mark.parametrize(("module", "imported", "contract"), WRONG, ids=[module for module, _, _ in WRONG])
def test_a_wrong_import_is_found(broken: str, module: str, imported: str, contract: str) -> None:
    """Each wrong import is named under the contract that forbids it."""
    importer = module.removesuffix(".py").replace("/", ".")
    name = next(name for name in NAMES if name.startswith(contract))
    _, after = broken.split(f"\n{name}\n{'-' * len(name)}\n")
    part = re.split(r"\n-{3,}\n", after)[0]
    wanted = f"{importer} -> {imported}" if imported != "os" else importer.removeprefix("mainspring.")
    assert wanted in part
