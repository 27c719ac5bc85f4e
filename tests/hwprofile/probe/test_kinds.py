"""Kinds of CPU by all that the kernel says of them together."""

import pytest

from hwprofile.probe.kinds import read_kinds


@pytest.fixture
def kinds(tmp_path):
    """Reads the kinds of CPUs, each given by capacity, highest and base frequency in kHz, and the group's name."""

    def read(*cpus):
        named: dict[str, list[str]] = {}
        for cpu, (capacity, highest, base, *group) in enumerate(cpus):
            folder = tmp_path / f"sys/devices/system/cpu/cpu{cpu}"
            (folder / "cpufreq").mkdir(parents=True)
            for name, value in (
                ("cpu_capacity", capacity),
                ("cpufreq/cpuinfo_max_freq", highest),
                ("cpufreq/base_frequency", base),
            ):
                if value is not None:
                    (folder / name).write_text(str(value))
            for name in group:
                named.setdefault(name, []).append(str(cpu))
        for name, members in named.items():
            (tmp_path / f"sys/devices/{name}").mkdir()
            (tmp_path / f"sys/devices/{name}/cpus").write_text(",".join(members))
        return [(kind.cpus, kind.name) for kind in read_kinds(tmp_path, frozenset(range(len(cpus))))]

    return read


def test_three_kinds_by_two_figures(kinds):
    """Capacity tells two kinds apart, and the base frequency a third one within one of them."""
    found = kinds((512, None, 1_200_000), (512, None, 1_200_000), (1024, None, 1_200_000), (1024, None, 2_500_000))
    assert [cpus for cpus, _ in found] == [(0, 1), (2,), (3,)]


def test_a_named_group_of_two_kinds(kinds):
    """Low-power cores that the kernel counts among the efficient ones are a kind of their own."""
    p, e, low = (
        (None, 5_000_000, None, "cpu_core"),
        (None, 3_800_000, None, "cpu_atom"),
        (None, 2_500_000, None, "cpu_atom"),
    )
    assert kinds(p, p, e, e, low) == [((4,), "efficiency"), ((2, 3), "efficiency"), ((0, 1), "performance")]


def test_favoured_cores_are_no_kind(kinds):
    """Cores that clock a little higher, and whose capacity is a little larger for it, are like the others."""
    assert kinds((1009, 4_900_000, 2_000_000), (1024, 5_000_000, 2_000_000)) == []


def test_nothing_known(kinds):
    """CPUs of which the kernel says nothing are of no kind."""
    assert kinds((None, None, None), (None, None, None)) == []
