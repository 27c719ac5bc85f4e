"""Signals to the command line: each ends it in order, says so, and has the exit code that shells expect."""

import os
import signal
import subprocess
import sys
import tempfile

import pytest

from mainspring.session.lane_run import LaneRun

SIGNALS = [
    pytest.param(getattr(signal, name, None), code, marks=pytest.mark.skipif(not hasattr(signal, name), reason=name))
    for name, code in (("SIGHUP", 129), ("SIGINT", 130), ("SIGTERM", 143))
]


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_signal_while_preparing_says_that_nothing_was_run(mainspring, monkeypatch, number, code):
    """While the plan is being made, no signal ends the command in silence or in a traceback."""
    monkeypatch.setattr("mainspring.cli.session.make_session", lambda *_: signal.raise_signal(number))
    before = signal.getsignal(number)
    got, out, err = mainspring("run")
    assert (got, out) == (code, "")
    assert err == f"stopped by {number.name}: the session was still being prepared, so nothing was run\n"
    assert signal.getsignal(number) == before


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_signal_while_running_leaves_the_report(mainspring, monkeypatch, number, code):
    """The report of what was done is printed, names the signal, and the exit code is the signal's."""
    step = LaneRun.step

    def step_and_signal(self):
        more = step(self)
        signal.raise_signal(number)
        return more

    monkeypatch.setattr(LaneRun, "step", step_and_signal)
    got, out, _ = mainspring("run", "--set", "feed.seconds=20")
    assert got == code
    assert f"signal {number.name}" in out
    assert "quote-maker" in out


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_signal_within_a_plugin_is_no_error_of_it(mainspring, monkeypatch, number, code):
    """A signal that comes while a plugin is made, or reads a capture, isn't blamed on the plugin."""
    monkeypatch.setattr(
        "mainspring_plugins.books.bisect_list.BisectListBook.__init__", lambda *_: signal.raise_signal(number)
    )
    got, out, err = mainspring("run", "--set", "book.plugin=bisect-list")
    assert (got, out) == (code, "")
    assert err.startswith(f"stopped by {number.name}: the session was still being prepared")


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_signal_to_any_other_command_is_told(mainspring, monkeypatch, number, code):
    """Commands that have nothing special to say end with a line and the signal's exit code."""
    monkeypatch.setattr("mainspring.cli.data.capture_catalogue", lambda: signal.raise_signal(number))
    got, out, err = mainspring("data", "list")
    assert (got, out, err) == (code, "", f"stopped by {number.name}: nothing more was done\n")


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_signal_while_tuning_leaves_no_temporary_folder(mainspring, monkeypatch, tmp_path, number, code):
    """What a tune has written by then goes with it; were it killed, the next would know the folder by its name."""

    def cut(_plan, _registry, folder, _messages):
        assert folder.parent == tmp_path
        assert folder.name.startswith("mainspring-scratch-tune-")
        (folder / "workload").touch()
        signal.raise_signal(number)

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("mainspring.tuning.tune.cut_workload", cut)
    assert mainspring("tune")[0] == code
    assert list(tmp_path.iterdir()) == []


def test_an_ignored_signal_is_ignored(mainspring, monkeypatch):
    """Under `nohup` the end of the terminal doesn't end the session."""
    number = getattr(signal, "SIGHUP", None)
    if number is None:
        pytest.skip("signal absent: SIGHUP")
    before = signal.signal(number, signal.SIG_IGN)
    try:
        step = LaneRun.step

        def signalled(self):
            signal.raise_signal(number)
            return step(self)

        monkeypatch.setattr(LaneRun, "step", signalled)
        assert mainspring("run", "--set", "feed.seconds=5")[0] == 0
    finally:
        signal.signal(number, before)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are another matter on Windows")
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_signal_during_the_imports_is_no_traceback(name, code):
    """The first quarter of a second goes to imports; a signal then is a line on standard error too."""
    script = f"""
import importlib.abc, signal, sys
from mainspring.cli import main
class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "mainspring.cli.output":
            signal.raise_signal(signal.{name})
sys.meta_path.insert(0, Finder())
sys.argv = ["mainspring", "plugins", "list"]
main()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr == f"stopped by {name}: nothing more was done\n"


def test_main_may_be_called_in_a_thread(mainspring):
    """Where signals can't be taken, a command runs without them."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(mainspring, "--version").result()[0] == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the entry's own imports are counted on POSIX only")
def test_the_entry_imports_next_to_nothing():
    """What isn't imported can't be interrupted: before the handlers stand there is only the standard library."""
    script = "import sys, mainspring.cli; print(*sorted(name for name in sys.modules if name.startswith('mainspring')))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["mainspring", "mainspring.cli", "mainspring.cli.entry"]
