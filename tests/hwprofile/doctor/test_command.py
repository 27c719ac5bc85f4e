"""The command `hwprofile doctor`."""

import argparse
import json

import pytest

from hwprofile.commands import doctor


@pytest.fixture
def run(monkeypatch):
    """Runs the command on a host of the given profile, or on the one that runs the tests."""

    def call(*arguments, profile=None):
        if profile is not None:
            monkeypatch.setattr(doctor, "probe", lambda root: profile)
        parser = argparse.ArgumentParser()
        doctor.add_parser(parser.add_subparsers())
        chosen = parser.parse_args(["doctor", *arguments])
        return chosen.run(chosen)

    return call


def test_exit_codes(run, ready, unready, nothing_known, capsys):
    """The worst grade decides."""
    assert [run(profile=profile) for profile in (ready, nothing_known, unready)] == [0, 3, 4]
    assert capsys.readouterr().out.count("Graded for") == 3


def test_this_host(run, capsys):
    """The host that runs the test is judged without an error; the code is the one that the JSON names."""
    code = run("--json")
    reported = json.loads(capsys.readouterr().out)
    assert code == reported["exit_code"]
    assert len(reported["findings"]) > 20


def test_nothing_recorded(run, tmp_path, capsys):
    """An empty recording is unknown throughout."""
    assert run("--from", str(tmp_path), "--json") == 3
    assert {finding["grade"] for finding in json.loads(capsys.readouterr().out)["findings"]} == {"unknown"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--cpus", "two"), "'two' is no list of CPUs; write one like 2-5,8"),
        (("--cpus", "3,9"), "CPU 9 not online here; there are 0-3"),
        (("--from", "/no/such/place"), "there is no directory /no/such/place"),
    ],
)
def test_called_wrongly(run, ready, capsys, arguments, words):
    """What can't be done is said, with the remedy, and returns 2."""
    assert run(*arguments, profile=ready) == 2
    said = capsys.readouterr()
    assert (said.out, words in said.err) == ("", True)


def test_asked_for(run, ready, capsys):
    """The CPUs that are named are assessed: those that aren't isolated come out poor."""
    assert run("--cpus", "1-3", "--json", profile=ready) == 4
    assert json.loads(capsys.readouterr().out)["places"]["hot"] == [1, 2, 3]


def test_no_colour(run, unready, capsys, monkeypatch):
    """Colours are for terminals, and not for those who have said no."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    run(profile=unready)
    assert "\x1b[31mpoor" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    run(profile=unready)
    assert "\x1b" not in capsys.readouterr().out
