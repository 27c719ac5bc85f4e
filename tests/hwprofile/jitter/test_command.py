"""The command `hwprofile jitter`, on the host that runs the tests."""

import argparse
import json
import os

import pytest

from hwprofile.commands import jitter

PINS = pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system pins no threads")


def run(*arguments: str) -> int:
    """The exit code of the command with these arguments."""
    parser = argparse.ArgumentParser()
    jitter.add_parser(parser.add_subparsers())
    chosen = parser.parse_args(["jitter", *arguments])
    code: int = chosen.run(chosen)
    return code


@PINS
def test_pinned_and_put_back(capsys):
    """A CPU that may be used is measured, pinning is read back, and the thread's mask is as before at the end."""
    before = os.sched_getaffinity(0)
    cpu = max(before)
    assert run("--cpu", str(cpu), "--seconds", "0.02", "--json") == 0
    reported = json.loads(capsys.readouterr().out)
    assert reported["target"]["cpu"] == cpu
    assert reported["target"]["observed_ns"] >= 20_000_000
    assert reported["target"]["floor_ns"] > 0
    assert {action["outcome"] for action in reported["actions"]} == {"applied"}
    assert reported["target"]["causes"]["ran_on"] in ([], [cpu])
    assert os.sched_getaffinity(0) == before


@PINS
def test_refused(capsys):
    """A CPU that there isn't is refused with a reason, and the code says that nothing was measured."""
    assert run("--cpu", "99999", "--seconds", "1") == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "hwprofile jitter: pinning to CPU 99999 is refused: CPU 99999 may not be used" in said.err


def test_text(capsys):
    """Without a CPU it takes one that may be used; the text has the figures."""
    assert run("--seconds", "0.02", "--no-control") == 0
    said = capsys.readouterr().out
    assert "in a loop that only reads the clock" in said
    assert "What the kernel counted meanwhile" in said


def test_one_usable_cpu(capsys):
    """With an affinity mask of one CPU that one is measured, and there is no control."""
    if not hasattr(os, "sched_getaffinity"):
        pytest.skip("affinity masks are absent on this system")
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert run("--seconds", "0.02", "--json") == 0
    finally:
        os.sched_setaffinity(0, before)
    assert json.loads(capsys.readouterr().out)["control"] is None


def test_no_time(capsys):
    """Nothing can be seen in no time."""
    assert run("--seconds", "0") == 1
    assert "give more than none" in capsys.readouterr().err
