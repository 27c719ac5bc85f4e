"""`mainspring flags`: what it writes, prints and refuses."""

import json
import os

import pytest

from mainspring.session.control import ControlFolder, FlagStatus, Reply, Status, SwapOrder, SwapStatus
from mainspring.session.flag_file import FlagFile


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "session.toml"
    flag = 'slot = "book"\ncandidate = "ladder"\nshare = 2.5\nowner = "ann"\nreason = "half the memory"\n'
    path.write_text(f'session.control = "control"\n[flags.book]\n{flag}', encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path):
    return ControlFolder(tmp_path / "control")


def running(folder, number):
    """Says that this process is a lane that runs, and has taken the change of that number."""
    folder.make()
    flag = FlagStatus(
        name="book", slot="book", candidate="ladder", share_bp=500, unit="instrument", number=number, text="step 1 of 2"
    )
    swap = SwapStatus(slot="book", key="BTC/USDT", active="ladder", standby="tree", differences=2, pause_us=41.2)
    folder.say(Status(lane="1", process=os.getpid(), mode="running", kills=[], limits=[], flags=[flag], swaps=[swap]))


def test_flags_are_set_whether_a_session_runs_or_not(mainspring, config, folder):
    """Shares, a ramp, a rollback and the config's again: each is written with who and why, and printed."""
    for words, said in (
        (("set", config, "book", "5%"), "book is at 5%"),
        (("ramp", config, "book", "5%", "100%", "--every", "10m"), "book ramps 5% 100%, each 600 s or more"),
        (("rollback", config, "book"), "book is at 0%"),
        (("set", folder.path, "book", "config"), "book is what the config says"),
    ):
        assert mainspring("flags", *words, "--why", "a test")[:2] == (0, f"{said}\n")
    changes = FlagFile(folder.path).changes()
    assert [one.number for one in changes] == [1, 2, 3, 4]
    assert {(one.name, one.why) for one in changes} == {("book", "a test")}
    assert [one.name for one in FlagFile(folder.path).records().values()] == ["book"]
    shown = mainspring("flags", "list", config)[1]
    assert "book ramps 5% 100%" in shown
    assert "no session with this control folder runs" in shown
    assert len(json.loads(mainspring("flags", "list", config, "--json")[1])["changes"]) == 4


def test_it_says_which_lane_has_taken_a_change(mainspring, config, folder, monkeypatch):
    """A lane that hasn't makes the exit code 1, and so does one whose config doesn't have the flag."""
    monkeypatch.setattr("mainspring.cli.flags.WAIT_S", 0)
    running(folder, 1)
    code, out, _ = mainspring("flags", "set", config, "book", "5%", "--why", "a test")
    assert (code, out) == (0, "book is at 5%\nlane 1: 5%: step 1 of 2\n")
    code, out, _ = mainspring("flags", "rollback", config, "book", "--why", "a test")
    assert (code, out) == (1, "book is at 0%\nlane 1: it has NOT taken it\n")
    code, out, _ = mainspring("flags", "set", folder.path, "other", "5%", "--why", "a test")
    assert code == 1
    assert "lane 1: no flag other is in its config" in out
    shown = mainspring("flags", "list", config)[1]
    assert "book                      5% of instrument  book ladder: step 1 of 2" in shown
    assert "book of BTC/USDT: ladder is active, tree stands by; 2 differences, longest exchange 41 us" in shown


def test_a_swap_is_asked_of_the_lanes_that_run(mainspring, config, folder, monkeypatch):
    """With its options; the answers are printed. Without a session that runs it is refused."""
    words = ("flags", "swap", config, "slippage", "fixed-bps", "--options", '{"market_bps": 3}', "--why", "a test")
    assert mainspring(*words)[0] == 2
    running(folder, 0)
    asked: list[object] = []

    def take_replies(_self, _name, _within_s):
        asked.extend(folder.command(one) for one in folder.pending())
        return [Reply(lane="1", done=False, text="not done")]

    monkeypatch.setattr(ControlFolder, "take_replies", take_replies)
    assert mainspring(*words)[:2] == (1, "lane 1: not done\n")
    (order,) = asked
    assert isinstance(order, SwapOrder)
    assert (order.action, order.plugin, order.options) == ("swap", "fixed-bps", {"market_bps": 3})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("set", "book", "150%"), "is no share"),
        (("ramp", "book", "25%", "5%", "--every", "1m"), "a ramp's shares rise from above 0%"),
        (("ramp", "book", "5%", "--every", "soon"), "a number and its unit"),
        (("swap", "book", "--shadow"), "name a candidate"),
        (("swap", "book", "ladder", "--back"), "--back and --end take no candidate"),
        (("swap", "book", "--back", "--end"), "choose one of"),
        (("swap", "book", "ladder", "--options", "[]"), "--options must be a JSON object"),
    ],
)
def test_what_makes_no_sense_is_refused(mainspring, config, words, said):
    """It says what is wrong, and changes nothing."""
    command, *rest = words
    code, _, error = mainspring("flags", command, config, *rest, "--why", "a test")
    assert code == 2
    assert said in error


def test_a_promotion_says_how_it_stands(mainspring, config, folder, monkeypatch):
    """Until it is stopped, here by a difference in shadow: then the exit code is 1."""
    running(folder, 0)
    words = ("promote", config, "book", "ladder", "--why", "a test", "--every", "1m")
    assert mainspring(*words)[:2] == (1, "stopped: 2 results differ, see `mainspring flags list`\n")
    code, out, _ = mainspring(*words, "--json")
    assert (code, json.loads(out)["phase"]) == (1, "stopped")
    assert "whose candidate 'heap' runs in shadow" in mainspring(*words[:3], "heap", "--why", "a test")[2]


def test_the_flags_of_the_config_are_listed(mainspring, config):
    """With their share, what they exchange, why and whose they are, before anybody has set one."""
    out = mainspring("flags", "list", config)[1]
    assert f"in {config}:\n" in out
    assert "book                    2.5%  book ladder: half the memory (ann)\n" in out
    (flag,) = json.loads(mainspring("flags", "list", config, "--json")[1])["configured"].items()
    assert flag[0] == "book"
    assert flag[1]["candidate"] == "ladder"


@pytest.mark.parametrize("words", [("set", "5%"), ("ramp", "5%", "--every", "1m"), ("rollback",)])
def test_a_flag_that_the_config_lacks_is_refused(mainspring, config, folder, words):
    """Nothing is written, and the error names those that there are."""
    command, *more = words
    code, _, err = mainspring("flags", command, config, "nope", *more, "--why", "a test")
    assert code == 2
    assert "has no flag 'nope'; its flags: book. Add a table [flags.nope]" in " ".join(err.split())
    assert not FlagFile(folder.path).changes()
