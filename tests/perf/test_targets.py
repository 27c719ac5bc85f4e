import importlib
from pathlib import Path
from typing import Any

import pytest

from mainspring.errors import MainspringError
from mainspring_perf import run as run_module
from mainspring_perf.run import Timed
from mainspring_perf.targets import Target, check_targets, load_targets, suites_of

MAINTAINERS = Path(__file__).parents[2] / "tools" / "targets.toml"


def test_every_probe_is_a_function() -> None:
    """Each probe that a target names can be imported and called."""
    for file in (None, MAINTAINERS):
        for target in load_targets(file):
            if target.probe:
                module, function = target.probe.split(":")
                assert callable(getattr(importlib.import_module(module), function))


def test_every_target_names_what_there_is(tiny):
    """Each benchmark and baseline that a target names is made here, if what it needs is here."""
    made = {suite: {one.name for one in tiny(suite)} for suite in suites_of(load_targets())}
    for target in load_targets():
        if target.suite:
            named = {target.benchmark.removeprefix(f"{target.suite}: "), target.baseline} - {""}
            missing = named - made[target.suite]
            assert not missing or target.needs, f"{target.name} names {missing}, and doesn't say what it needs"


def test_the_file_holds_what_the_project_aims_for():
    """Python and native parts, host, and the memory that maintainers watch: none of them went missing."""
    names = {target.name for file in (None, MAINTAINERS) for target in load_targets(file)}
    assert len(names) >= 35
    assert {
        "python-lane-recorded",
        "native-decoder-reference",
        "frames-chunks",
        "replay",
        "native-book-memory",
        "submit",
        "checks-native",
        "checks-session-all",
    } <= names


def test_each_is_told_met_or_not(monkeypatch):
    """A time within its bound is met, one beyond it is missed, one that isn't here says what it needs."""
    rows = [
        {"suite": "s", "benchmark": "quick", "one_ns": 900.0, "baseline": "hand", "ratio": 0.5},
        {"suite": "s", "benchmark": "hand", "one_ns": 450.0, "baseline": None, "ratio": None},
    ]
    monkeypatch.setattr(run_module, "run_suites", lambda *_, **__: Timed(rows=rows, benchmarks={}, unmeasured={}))
    common: dict[str, Any] = {"what": "w", "benchmark": "s: quick"}
    found = check_targets(
        [
            Target(name="a", at_most=1.0, **common),
            Target(name="b", at_most=0.8, **common),
            Target(name="c", at_least=1_000_000, **common),
            Target(name="d", at_least=0.6, baseline="hand", **common),
            Target(name="e", at_least=0.6, baseline="gone", **common),
            Target(name="f", at_most=1.0, needs="a capture", what="w", benchmark="s: absent"),
        ]
    )
    assert [(one.reached, one.met) for one in found] == [
        (0.9, True),
        (0.9, False),
        (pytest.approx(1e9 / 900), True),
        (0.5, False),
        (None, None),
        (None, None),
    ]
    assert [one.target.figure_unit for one in found[:4]] == ["us", "us", "a second", "x"]
    assert [one.why for one in found[4:]] == ["its baseline 'gone' isn't here", "not here: a capture"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[a]\nat_most = 1", "missing required field"),
        ("[a]\nwhat = 'w'\nbenchmark = 's: n'\nprobe = 'm:f'\nat_most = 1\n", "either a benchmark or a probe"),
        ("[a]\nwhat = 'w'\nprobe = 'm:f'\n", "exactly one of at_most and at_least"),
        ("[a\n", "doesn't hold targets"),
        ("[a]\nwhat = 'w'\nprobe = 'm:f'\nat_most = 1\n" * 2, "doesn't hold targets"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(tmp_path, text, said):
    """A file that isn't one of targets is an error that names it."""
    file = tmp_path / "targets.toml"
    file.write_text(text)
    with pytest.raises(MainspringError, match=said):
        load_targets(file)
