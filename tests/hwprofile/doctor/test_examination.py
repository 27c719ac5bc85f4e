"""The examination as a value, as JSON, and as text."""

import json
import re

from hwprofile.doctor import CHECKS, Check, Verdict, as_text, examine
from hwprofile.doctor.verdict import EXIT_CODES, GRADES, boot


def check(grade, name="own", **more):
    """A check that always gives that grade."""
    return Check(name, "It matters.", lambda profile, places: Verdict(grade, "found so", **more))


def test_exit_code_by_the_worst_grade(ready):
    """Good is 0, and each worse grade has a code of its own, none of them that of a wrong call."""
    assert [examine(ready, checks=[check("good"), check(grade)]).exit_code for grade in GRADES] == [0, 1, 3, 4]
    assert examine(ready, checks=[check("poor"), check("unknown")]).worst == "poor"
    assert 2 not in EXIT_CODES.values()


def test_a_check_is_an_entry(ready):
    """A check that isn't ours is made like one that is."""
    own = check("fair", fixes=(boot("own=1"), boot("own=1")))
    examination = examine(ready, checks=[*CHECKS, own])
    assert examination.findings[-1].check == "own"
    assert examination.boot_parameters == ("own=1",)


def test_boot_parameters_are_safe_to_take_over(unready):
    """What gives up something for latency is offered, and stays out of what is there to be copied."""
    examination = examine(unready)
    offered = {fix.text for finding in examination.findings for fix in finding.fixes if fix.kind == "boot"}
    assert offered - set(examination.boot_parameters) == {"mitigations=off", "nosmt"}
    assert "isolcpus=domain,managed_irq,2-3" in examination.boot_parameters


def test_json(unready):
    """Everything that the text says is in the JSON."""
    examination = examine(unready)
    reported = json.loads(examination.to_json())
    assert (reported["worst"], reported["exit_code"]) == ("poor", 4)
    assert reported["places"]["hot"] == [2, 3]
    assert len(reported["findings"]) == len(CHECKS)
    assert reported["findings"][0].keys() == {"check", "grade", "found", "why", "fixes"}
    assert {"kind": "boot", "text": "nohz_full=2-3", "optional": False} in next(
        finding["fixes"] for finding in reported["findings"] if finding["check"] == "tick"
    )


def test_text(unready):
    """The worst stands first; commands are whole, everything else keeps to the width."""
    text = as_text(examine(unready), width=70)
    lines = text.splitlines()
    grades = [line.split()[0] for line in lines if line[:1].strip() and line.split()[0] in GRADES]
    assert grades == sorted(grades, key=GRADES.index, reverse=True)
    wide = [line for line in lines if len(line) > 70]
    assert all(line.startswith(("          # ", "          boot: ", "  isolcpus=")) for line in wide)
    assert "          boot: isolcpus=domain,managed_irq,2-3" in lines
    assert "\x1b" not in text


def test_colour(unready):
    """With colours the words stay the same."""
    plain, coloured = (as_text(examine(unready), colour=colour) for colour in (False, True))
    assert "\x1b[31mpoor" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == plain


def test_good_is_short(ready):
    """What is good takes one line."""
    text = as_text(examine(ready), width=100)
    assert sum(line.startswith("good") for line in text.splitlines()) == len(CHECKS)
    assert "0 poor, 0 unknown, 0 fair" in text
