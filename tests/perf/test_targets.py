import pytest

from mainspring.errors import MainspringError
from mainspring_perf import targets as targets_module
from mainspring_perf.run import Timed
from mainspring_perf.suites import find_suites
from mainspring_perf.targets import Target, check_targets, load_targets


def test_every_target_names_what_there_is():
    """Each suite, benchmark and baseline that a target names is made here, where what it needs is here."""
    made = {
        suite: {one.name for one in module.benchmarks(True)}
        for suite, module in find_suites().items()
        if suite in {target.suite for target in load_targets()}
    }
    for target in load_targets():
        if not target.suite:
            continue
        there = made[target.suite]
        named = {target.benchmark, target.baseline} - {""}
        assert named <= there or target.needs, f"{target.name} names {named - there}, and says no need of it"


def test_the_file_holds_what_the_project_aims_for():
    """Python and native parts, memory, host: none of them went missing."""
    names = {target.name for target in load_targets()}
    assert len(names) >= 30
    assert {
        "python-lane-recorded",
        "native-decoder-reference",
        "frames-chunks",
        "replay",
        "native-book-memory",
    } <= names


def test_each_is_told_met_or_not(monkeypatch):
    """A time within its bound is met, one beyond it is missed, one that isn't here says what it needs."""
    rows = [
        {"suite": "s", "benchmark": "quick", "one_ns": 900.0, "baseline": "hand", "ratio": 0.5},
        {"suite": "s", "benchmark": "hand", "one_ns": 450.0, "baseline": None, "ratio": None},
    ]
    monkeypatch.setattr(targets_module, "run_suites", lambda *_, **__: Timed(rows=rows, benchmarks={}, unmeasured={}))
    common = {"what": "w", "suite": "s", "benchmark": "quick"}
    found = check_targets(
        [
            Target(name="a", measure="one_us", at_most=1.0, **common),
            Target(name="b", measure="one_us", at_most=0.8, **common),
            Target(name="c", measure="a_second", at_least=1_000_000, **common),
            Target(name="d", measure="one_us", at_most=1.0, needs="a capture", **{**common, "benchmark": "absent"}),
            Target(name="e", what="w", measure="elsewhere", by="cargo bench", at_most=1.0),
        ]
    )
    assert [(one.reached, one.met) for one in found[:2]] == [(0.9, True), (0.9, False)]
    assert found[2].met is True
    assert found[2].reached == pytest.approx(1e9 / 900)
    assert (found[3].met, found[3].why) == (None, "not here: a capture")
    assert (found[4].met, found[4].why) == (None, "by cargo bench")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[target]]\nname = 'a'", "missing required field"),
        ("[[target]]\nname = 'a'\nwhat = 'w'\nmeasure = 'one_us'\nat_most = 1\n", "a suite and a benchmark"),
        (
            "[[target]]\nname = 'a'\nwhat = 'w'\nmeasure = 'elsewhere'\nby = 'x'\n",
            "exactly one of at_most and at_least",
        ),
        ("[[target]\n", "doesn't hold targets"),
        ("[[target]]\nname='a'\nwhat='w'\nmeasure='elsewhere'\nby='x'\nat_most=1\n" * 2, "two targets named a"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(tmp_path, text, said):
    """A file that isn't one of targets is an error that names it."""
    file = tmp_path / "targets.toml"
    file.write_text(text)
    with pytest.raises(MainspringError, match=said):
        load_targets(file)
