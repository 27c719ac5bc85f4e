"""Caches that contradict one another are told; those that don't aren't."""

from hwprofile.picture import draw
from hwprofile.probe import probe
from hwprofile.probe.cache_diagnostics import cache_diagnostics
from hwprofile.profile import Cache, HostProfile


def cache(level, cpus, type_="unified"):
    return Cache(level=level, type=type_, size=None, line=None, ways=None, cpus=tuple(cpus))


def test_caches_that_overlap():
    """One sentence a level, however many pairs there are."""
    found = cache_diagnostics([cache(3, range(8)), cache(3, range(4, 12)), cache(3, range(10, 20)), cache(2, range(2))])
    (said,) = found
    assert said == (
        "L3 caches overlap: one is shared by CPUs 0-7, another by CPUs 4-11 (and 1 more pair). Which CPUs share one "
        "isn't certain"
    )


def test_a_cache_with_part_of_a_smaller_ones_cpus():
    """A larger cache has all CPUs of a smaller one, or none."""
    (found,) = cache_diagnostics([cache(2, (0, 1)), cache(3, (1, 2, 3))])
    assert found.startswith("the L3 cache of CPUs 1-3 has only some of the CPUs that share an L2 cache, CPUs 0-1.")


def test_caches_that_agree():
    """Caches beside one another and within one another; data and instructions apart."""
    fine = [cache(1, (0, 1), "data"), cache(1, (0, 1), "instruction"), cache(1, (2,), "data"), cache(3, (0, 1, 2))]
    assert cache_diagnostics(fine) == ()


def test_they_are_shown(tmp_path):
    """A probed host with such masks has them in its profile, its JSON and its picture."""
    for cpu, shared in enumerate(("0-1", "0-3", "2-3", "2-3")):
        folder = tmp_path / f"sys/devices/system/cpu/cpu{cpu}"
        (folder / "cache/index3").mkdir(parents=True)
        (folder / "topology").mkdir()
        (folder / "topology/core_cpus_list").write_text(str(cpu))
        for name, text in (("level", "3"), ("type", "Unified"), ("shared_cpu_map_list", shared)):
            (folder / "cache/index3" / name).write_text(text)
        (folder / "cache/index3/shared_cpu_list").write_text(shared)
    found = probe(tmp_path)
    (said,) = found.topology.diagnostics
    assert said.startswith("L3 caches overlap: one is shared by CPUs 0-1, another by CPUs 0-3")
    assert HostProfile.from_json(found.to_json()) == found
    assert "caution     L3 caches overlap" in draw(found, width=80)
