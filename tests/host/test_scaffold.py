import ast
import os
import subprocess
import sys
import tomllib

import pytest

from mainspring import __version__
from mainspring.errors import PluginError
from mainspring.host.config import parse_config
from mainspring.host.scaffold import new_plugin
from mainspring.seams import SEAMS


def test_every_seam_has_one():
    """There is a project to start from for each seam, and no other."""
    assert set(SEAMS) == set(SEAMS)


@pytest.mark.parametrize("seam", SEAMS)
def test_the_new_project(tmp_path, seam):
    """The project has a distribution with an entry point to a module that is there, and a readable session."""
    files = new_plugin("Acme_Fast.thing", seam, tmp_path)
    folder = tmp_path / "acme-fast-thing"
    assert sorted(files) == sorted(path for path in folder.rglob("*") if path.is_file())
    project = tomllib.loads((folder / "pyproject.toml").read_text())
    assert project["project"]["name"] == "acme-fast-thing"
    assert project["project"]["dependencies"] == [f"mainspring>={__version__}"]
    (module,) = project["project"]["entry-points"]["mainspring"].values()
    assert module == f"acme_fast_thing.{seam}"
    assert (folder / "src" / f"{module.replace('.', '/')}.py").is_file()
    session = (folder / "session.toml").read_text()
    config = parse_config(session, "session.toml", folder).config
    assert config.plugins.allow == ("acme-fast-thing",)
    plugin = "acme_fast_thing" if seam == "risk" else "acme-fast-thing"
    assert plugin in session.partition("[plugins]")[0].partition("\n")[2]
    assert not [path for path in files if "$" in path.read_text()]


@pytest.mark.parametrize(
    "seam", [pytest.param(seam, marks=() if seam in ("book", "strategy") else pytest.mark.gate) for seam in SEAMS]
)
def test_its_own_test_passes(tmp_path, seam):
    """The plugin works as it is written: the project's own test, which calls the conformance kit, passes."""
    new_plugin("acme-thing", seam, tmp_path)
    folder = tmp_path / "acme-thing"
    # Without the plugins of this environment, none of which the project needs: they take longer than its tests.
    environ = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "--rootdir", folder]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


@pytest.mark.parametrize("seam", SEAMS)
def test_the_plugin_registers_under_its_name(tmp_path, seam):
    """The module adds one offer, under the name that the session uses."""
    new_plugin("acme-thing", seam, tmp_path)
    tree = ast.parse((tmp_path / f"acme-thing/src/acme_thing/{seam}.py").read_text())
    hooks = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("register_")]
    assert [hook.name for hook in hooks] == [SEAMS[seam].hook.__name__]
    assert ast.get_docstring(tree)


@pytest.mark.parametrize(
    ("name", "class_name"),
    [("acme", "AcmeBook"), ("acme-book", "AcmeBook"), ("acme-l2-book", "AcmeL2Book"), ("acme-fast", "AcmeFastBook")],
)
def test_class_names(tmp_path, name, class_name):
    """The class is called after the distribution, without saying the seam twice."""
    new_plugin(name, "book", tmp_path)
    package = name.replace("-", "_")
    assert f"class {class_name}:" in (tmp_path / f"{name}/src/{package}/book.py").read_text()


@pytest.mark.parametrize(
    "name",
    [
        *("", "-", "1book", "acme book", "../evil", "acme/", "acme-", "é", "acme\n"),
        *("class", "json", "queue", "mainspring", "mainspring-native", "hwprofile-x"),
    ],
)
def test_names_that_cannot_be(tmp_path, name):
    """A name that can't be a distribution and a package, or that means something already, is refused."""
    with pytest.raises(PluginError):
        new_plugin(name, "book", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_unknown_seam(tmp_path):
    """An unknown seam gets the list of those that there are."""
    with pytest.raises(PluginError, match="the seams are: feed, decoder, book, codec"):
        new_plugin("acme", "bok", tmp_path)


def test_overwrites_nothing(tmp_path):
    """A folder that is there already stays as it is."""
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme/mine").write_text("mine")
    with pytest.raises(PluginError, match="already exists; nothing was written"):
        new_plugin("acme", "book", tmp_path)
    assert [path.name for path in (tmp_path / "acme").iterdir()] == ["mine"]


def test_folder_that_cannot_be_written(tmp_path):
    """A target that is a file is an error of ours, not a traceback."""
    (tmp_path / "file").write_text("")
    with pytest.raises(PluginError, match="can't be written"):
        new_plugin("acme", "book", tmp_path / "file")


def test_a_drafted_feed_has_its_recording(tmp_path, mainspring):
    """From a recording, the project has the drafted module, a sample of it, and a test that passes on that."""
    lines = [
        '{"type":"snapshot","symbol":"FOO","last":7,"bids":[["99.5","1"]],"asks":[["100.5","1"]]}',
        '{"type":"update","symbol":"FOO","bids":[["99.6","2"]],"asks":[]}',
        '{"type":"update","symbol":"FOO","bids":[],"asks":[["100.4","3"]]}',
    ]
    capture = tmp_path / "some.capture"
    capture.write_text("".join(f"{1_700_000_000_000_000_000 + at} {line}\n" for at, line in enumerate(lines)))
    command = ("plugins", "new", "acme-drafted", "--folder", tmp_path, "--from-capture", capture)
    code, out, err = mainspring(*command, "--seam", "feed")
    assert (code, err) == (0, "")
    assert "question: no numbers of updates were found" in out
    folder = tmp_path / "acme-drafted"
    assert (folder / "sample.capture").read_text() == capture.read_text()
    assert 'instruments = ["FOO"]' in (folder / "session.toml").read_text()
    environ = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "--rootdir", folder]
    done = subprocess.run(tests, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert mainspring(*command, "--seam", "book")[0] == 2
