import json
import subprocess

import pytest

from mainspring.host.registry import OURS
from mainspring.host.scaffold import new_plugin
from mainspring.seams import SEAMS

# One process plans all sessions: starting one for each takes longer than everything else here.
PLAN = """
import json, sys
from pathlib import Path
from mainspring.host.config import load_config
from mainspring.host.planning import make_plan
from mainspring.host.registry import Registry

chosen = {}
for folder in map(Path, sys.argv[1:]):
    loaded = load_config(folder / "session.toml")
    plan = make_plan(loaded, Registry.load(loaded.config.plugins.loaded))
    chosen[folder.name] = [[one.seam, one.plugin, one.distribution, one.rule] for one in plan.choices()]
print(json.dumps(chosen))
"""


@pytest.fixture(scope="module")
def projects(environment, tmp_path_factory):
    """A new project for each seam, built and installed; the folder of each by its seam."""
    folder = tmp_path_factory.mktemp("projects")
    made = {}
    for seam in SEAMS:
        new_plugin(f"acme-{seam}", seam, folder)
        made[seam] = folder / f"acme-{seam}"
    environment.install(*made.values())
    return made


def test_each_session_uses_its_plugin(environment, projects):
    """The plan of a new project's session has its plugin in the slot, from its distribution, because it is named."""
    command = [environment.python, "-c", PLAN, *projects.values()]
    done = subprocess.run(command, cwd=environment.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    chosen = json.loads(done.stdout)
    for seam in SEAMS:
        plugin = "acme_risk" if seam == "risk" else f"acme-{seam}"
        assert [seam, plugin, f"acme-{seam}", "pinned"] in chosen[f"acme-{seam}"]
        strangers = [one for one in chosen[f"acme-{seam}"] if one[2] not in OURS]
        assert len(strangers) == 1, "only what this session allows is loaded"


def test_the_kit_says_yes(environment, projects):
    """`plugins check` on a new project, installed, gives one verdict, and it is yes."""
    done = environment.mainspring("plugins", "check", "acme-book", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    (verdict,) = json.loads(done.stdout)
    assert (verdict["seam"], verdict["name"], verdict["ok"]) == ("book", "acme-book", True)


def test_the_feeds_session_runs(environment, projects):
    """The feed's session runs to its end: its five messages are read, and the book stands as the last one left it."""
    done = environment.mainspring("run", "session.toml", "--json", "--quiet", cwd=projects["feed"])
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["feed"]["messages"] == 5
    assert report["feed"]["gaps"] == 0
    (instrument,) = report["instruments"]
    assert (instrument["book"]["bid"], instrument["book"]["ask"]) == ("99.6", "100.5")
