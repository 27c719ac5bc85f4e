from collections.abc import Callable

import pytest

from mainspring.errors import MainspringError
from mainspring.seams import SEAMS
from mainspring_perf import candidates as candidates_module
from mainspring_perf.candidates import allow_only, allowed, candidates, make
from mainspring_perf.harness import Benchmark
from mainspring_perf.run import choose_benchmarks, run_suites, run_tiny
from mainspring_perf.suites import choose_suites, find_suites
from mainspring_perf.wire import hot_paths

# Its strategy takes most of twenty seconds to compile; `.ci/run` checks its answers, too.
SUITES = [pytest.param(name, marks=[pytest.mark.gate] if name == "replay" else []) for name in find_suites()]


def measured(seam: str, tiny: Callable[[str], list[Benchmark]]) -> set[str]:
    """The candidates of a seam for which some suite that says it measures the seam has a benchmark."""
    return {
        benchmark.offer.name
        for suite, module in find_suites().items()
        if seam in getattr(module, "SEAMS", ())
        for benchmark in tiny(suite)
        if benchmark.offer is not None and benchmark.offer.seam == seam
    }


@pytest.mark.parametrize("seam", SEAMS)
def test_every_seam_has_a_suite_that_measures_each_of_its_candidates(seam, tiny):
    """A seam brings its suite with it (CONTRIBUTING.md), and leaves no candidate out without saying why."""
    modules = [module for module in find_suites().values() if seam in getattr(module, "SEAMS", ())]
    unmeasured = {name for module in modules for name in getattr(module, "unmeasured", dict)()}
    assert measured(seam, tiny) | unmeasured == {offer.name for offer in candidates(seam)}
    assert measured(seam, tiny)


def test_a_seam_without_a_suite_is_found(tiny):
    """The rule above can fail: nothing is measured for a seam that no suite names."""
    assert measured("journal-of-nowhere", tiny) == set()


@pytest.mark.parametrize("suite", SUITES)
def test_a_suite_checks_its_answers_and_names_its_parts(suite, tiny):
    """Each benchmark's answer is right at its tiny size, its baseline is there, and its name is its own."""
    benchmarks = tiny(suite)
    names = [one.name for one in benchmarks]
    assert len(set(names)) == len(names)
    for one in benchmarks:
        one.check(one.run())
        assert one.input
        assert one.operations > 0
        assert one.baseline is None or one.baseline in names


@pytest.mark.parametrize("suite", SUITES)
def test_single_operations_can_be_run_one_by_one(suite, tiny):
    """What a tail is measured on can be made afresh, and takes its inputs in order."""
    for one in tiny(suite):
        if one.calls is not None:
            for _ in range(2):
                call, inputs = one.calls()
                for each in inputs[:50]:
                    call(each)


def test_only_counted_suites_have_counted_paths(tiny):
    """A suite says that it has paths whose instructions are counted exactly where it has some."""
    for suite, module in find_suites().items():
        counted = any(one.counted for one in tiny(suite))
        assert counted == getattr(module, "COUNTED", False)


def test_what_cannot_be_measured_is_named(monkeypatch):
    """A candidate that can't run here is told with its reason, and not left out in silence."""
    offer = candidates("book")[0]
    monkeypatch.setattr(
        candidates_module, "why_unusable", lambda needs, **_: "needs a better CPU" if needs is offer.needs else None
    )
    reported = run_tiny(["book"]).unmeasured
    assert "needs a better CPU" in reported.values()


def test_plugins_can_be_left_out():
    """With `allow_only`, nothing else is loaded; without it, all that is installed."""
    everything = allowed()
    try:
        allow_only(["mainspring"])
        assert allowed() == ("mainspring",)
        assert {offer.distribution for offer in candidates("book")} == {"mainspring"}
    finally:
        allow_only(())
    assert allowed() == everything
    assert "mainspring" in everything


def test_a_factory_that_raises_names_its_plugin():
    """A stranger's plugin that can't be made is told by its name and its distribution."""
    from mainspring.errors import PluginError
    from mainspring.host.offers import Offer

    def broken(*_):
        raise RuntimeError("no")

    offer = Offer(seam="book", name="odd", factory=broken, summary="s", distribution="acme", version="1")
    with pytest.raises(PluginError, match="'odd' of acme 1 can't be made for a benchmark: RuntimeError: no"):
        make(offer)


def test_an_unknown_suite_is_refused_with_those_that_there_are():
    """A misspelt suite is an error that lists them."""
    with pytest.raises(MainspringError, match="no suite is named 'bok'; there are: book, codec"):
        choose_suites(["bok"])


def test_a_part_of_a_name_brings_its_baseline():
    """`--only` keeps what the chosen benchmark is told as a ratio to."""
    names = {one.name for one in choose_benchmarks("risk", ["check collar_bps"])}
    assert names == {"check collar_bps"}
    names = {one.name for one in choose_benchmarks("hooks", ["1 plugin"])}
    assert names == {"bound call", "hook call, 1 plugin"}
    assert choose_benchmarks("hooks", ["nothing of that name"]) == []


def test_the_native_hot_path_allocates_nothing_of_pythons():
    """A message through the native decoder into a native book keeps no block of Python's heap, and takes none."""
    from mainspring_perf.memory import taken_by

    paths = hot_paths(tiny=True)
    plain = taken_by(paths["reference session: python decoder"])
    assert plain.blocks_kept > 1, "the plain decoder's levels are objects: without them this test shows nothing"
    native = next((calls for name, calls in paths.items() if "native" in name), None)
    if native is None:
        pytest.skip("absent: mainspring-native")
    taken = taken_by(native)
    assert taken.blocks_kept < 0.01
    assert taken.peak_bytes < 1_000


def test_what_is_taken_is_counted():
    """The count above can fail: a call that keeps two objects is seen to keep them."""
    from mainspring_perf.memory import taken_by

    kept = []
    taken = taken_by(lambda: (lambda one: kept.append([one, [one]]), list(range(1_000, 3_000))))
    assert taken.blocks_kept >= 2
    assert taken.peak_bytes > 50_000
    assert len(kept) == 4_000


def test_what_a_benchmark_aims_for_is_read_from_the_targets():
    """A time, a rate and a ratio of `perf/targets.toml` come with their benchmark's row, and with no other."""
    rows = {row["benchmark"]: row for row in run_tiny(["generator", "placement", "wire"]).rows}
    assert rows["plan-2-cpus"]["target_us"] == 300
    assert rows["generator-spot"]["target_us"] == 25
    assert rows["reference session: python decoder"]["ratio_at_least"] == 0.6
    assert (rows["sched-setaffinity"]["target_us"], rows["sched-setaffinity"]["ratio_at_least"]) == (None, None)


@pytest.mark.gate
def test_loops_are_found_once():
    """The first round finds how many runs make a value, in processes of their own; the later ones take its word."""
    timed = run_suites(["hooks"], effort="fast", only=["bound call"])
    runs = timed.benchmarks["hooks", "bound call"].get_runs()
    assert [bool(one.values) for one in runs][-3:] == [True] * 3, "three rounds of values"
    assert sum(not one.values for one in runs) == [bool(one.values) for one in runs].index(True), "found at first only"
    assert len({one.get_loops() for one in runs if one.values}) == 1
