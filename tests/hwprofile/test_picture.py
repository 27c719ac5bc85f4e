import itertools
import re
from collections.abc import Collection, Sequence

import pytest

from hwprofile.apply.roles import Assignment, Placement
from hwprofile.partial import partly_known
from hwprofile.picture import draw
from hwprofile.profile import (
    Allowance,
    Cache,
    Cpu,
    CpuKind,
    HostProfile,
    Limit,
    Nic,
    Node,
    State,
    Thread,
    Topology,
)

WIDTHS = (60, 80, 120)
UNKNOWN = Limit(state="unknown", value=None, source="no file says so")
UNLIMITED = Limit(state="unlimited", value=None, source="cpu.max")


def profile(topology: Topology, *, usable: Collection[int] | None = None, **parts: object) -> HostProfile:
    """A host of that topology, with other parts as given."""
    allowance = partly_known(Allowance, usable=topology.online if usable is None else tuple(usable))
    return partly_known(HostProfile, **{"topology": topology, "allowance": allowance, **parts})


def machine(
    *,
    packages: int = 1,
    caches: int = 1,
    cores: int = 4,
    smt: int = 2,
    dies: int = 1,
    offline: Collection[int] = (),
    efficient: int = 0,
    nics: Sequence[Nic] = (),
    bare_nodes: int = 0,
) -> Topology:
    """`packages`, each a node with `caches` L3 caches of `cores` cores; siblings are numbered in a second round.

    The last `efficient` cores are of the frugal kind. `bare_nodes` more nodes have no CPU.
    """
    total = packages * caches * cores
    threads = [
        Thread(
            number=core + place * total,
            online=core + place * total not in offline,
            package=core // (caches * cores),
            die=core // (caches * cores // dies),
            cluster=None,
            core=core,
            smt=place,
            node=core // (caches * cores),
            kind=(0 if core >= total - efficient else 1) if efficient else None,
        )
        for place, core in itertools.product(range(smt), range(total))
    ]
    online = [thread for thread in threads if thread.online]
    made = tuple(
        Cache(
            level=3,
            type="unified",
            size=32 << 20,
            line=64,
            ways=16,
            cpus=tuple(thread.number for thread in online if (thread.core or 0) // cores == cache),
        )
        for cache in range(packages * caches)
    )
    count = packages + bare_nodes
    nodes = tuple(
        Node(
            number=node,
            cpus=tuple(thread.number for thread in online if thread.node == node),
            memory=64 << 30,
            distances=tuple((other, 10 if other == node else 21) for other in range(count)) if count > 1 else (),
        )
        for node in range(count)
    )
    kinds = tuple(
        CpuKind(
            number=kind,
            name=name,
            cpus=tuple(thread.number for thread in threads if thread.kind == kind),
            capacity=None,
            max_mhz=5400 if kind else 3900,
            base_mhz=None,
        )
        for kind, name in ((0, "efficiency"), (1, "performance"))
        if efficient
    )
    return Topology(threads=tuple(threads), caches=made, nodes=nodes, kinds=kinds, nics=tuple(nics))


def nic(name: str, node: int | None) -> Nic:
    """A network interface at that node."""
    return Nic(name=name, node=node, cpus=None, mbps=25_000, driver="mlx5_core", irqs=())


def cpus_drawn(picture: str) -> list[int]:
    """The CPUs in brackets, in the picture's order."""
    cells = re.findall(r"\[([^\]]+)\]", picture)
    return [int(re.findall(r"\A\d+", word)[0]) for cell in cells if cell.strip() for word in cell.split()]


SMALL = machine(nics=[nic("eth0", 0)])
BIG = machine(packages=2, caches=8, cores=8, nics=[nic("eth0", 1)])
HUGE = machine(packages=16, caches=4, cores=8)
HYBRID = machine(cores=10, smt=1, efficient=4)
EVERYTHING = (SMALL, BIG, HUGE, HYBRID, machine(packages=2, dies=2, caches=2, offline=(3, 9), bare_nodes=2))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("topology", EVERYTHING)
def test_no_line_is_longer_than_asked(topology, width):
    """Whatever the host, every line fits, and frames end in one column."""
    roles = Placement(
        strategy="auto",
        assignments=(
            Assignment(role="market-data-of-all-venues", cpus=(1,), node=0, because="a core of its own " * 9),
        ),
        violations=("lane 2 shares a core with lane 1 " * 5,),
    )
    text = draw(profile(topology, usable=(0, 1)), roles, width=width)
    assert max(map(len, text.splitlines())) <= width
    assert {len(line) for line in text.splitlines() if line.startswith(("│", "┌", "└"))} == {width}


@pytest.mark.parametrize("topology", [SMALL, HYBRID, machine(packages=2, caches=2, cores=4)])
def test_every_cpu_of_a_small_host_is_drawn_once(topology):
    """No CPU is left out and none is drawn twice."""
    assert sorted(cpus_drawn(draw(profile(topology), width=80))) == list(topology.online)


def test_siblings_stand_in_one_bracket():
    """A bracket is a core: with its second thread `total` further on."""
    text = draw(profile(SMALL), width=80)
    assert "[0 4] [1 5] [2 6] [3 7]" in text


def test_packages_dies_and_caches_nest():
    """Dies are told where a package has several; each cache with its node and size."""
    text = draw(profile(machine(packages=2, dies=2, caches=2)), width=80)
    titles = re.findall(r"package \d|die \d|node \d, L3 \S+ MiB", text)
    assert titles == [
        *("package 0", "die 0", "node 0, L3 32 MiB", "die 1", "node 0, L3 32 MiB"),
        *("package 1", "die 2", "node 1, L3 32 MiB", "die 3", "node 1, L3 32 MiB"),
    ]
    assert "die" not in draw(profile(SMALL), width=80)


def test_a_big_host_is_short():
    """128 cores in 16 caches: equal groups are told once, with the CPUs of the others, in fewer than 45 lines."""
    text = draw(profile(BIG), width=80)
    assert len(text.splitlines()) < 45
    assert "[0 128] .. 6 more .. [7 135]" in text
    assert "... and 7 like it (node 0): CPUs 8-63,136-191" in text


def test_equal_packages_are_told_once():
    """Of sixteen equal packages the first is drawn, and the CPUs of the others are named."""
    text = draw(profile(HUGE), width=80)
    assert text.count("┌─ package") == 1
    assert "... packages 1-15 are like it: CPUs 32-511,544-1023" in text


def test_what_differs_is_not_folded():
    """A role, an isolated CPU or one that can't be used is drawn even amid equal ones."""
    usable = [cpu for cpu in BIG.online if cpu != 20]
    plan = Placement(
        strategy="auto", assignments=(Assignment(role="lane", cpus=(43,), node=0, because="x"),), violations=()
    )
    text = draw(profile(BIG, usable=usable, state=partly_known(State, isolated=(30, 31))), plan, width=80)
    for cell in ("[20! 148]", "[30* 158]", "[31* 159]", "[43=lane 171]"):
        assert cell in text
    assert "* isolated; ! not usable by this process; = a role of the plan" in " ".join(text.split())


def test_unmarked_hosts_have_a_short_legend():
    """Only signs that occur are explained."""
    assert "[ ] a core with its CPUs\n" in draw(profile(SMALL), width=80)


def test_roles_and_broken_constraints():
    """A hot role stands at its CPU, one of many CPUs below, with the reason; broken constraints are told."""
    plan = Placement(
        strategy="spread",
        assignments=(
            Assignment(role="lane 1", cpus=(2,), node=0, because="isolated"),
            Assignment(role="house", cpus=(0, 1, 4, 5), node=None, because="the rest"),
        ),
        violations=("lane 1 has no core of its own",),
    )
    text = draw(profile(SMALL), plan, width=80)
    assert "[2=lane 1 6]" in text
    assert "  lane 1: CPUs 2 (node 0), isolated\n  house: CPUs 0-1,4-5, the rest\n" in text
    assert "  not kept: lane 1 has no core of its own\n" in text


def test_nodes_distances_and_interfaces():
    """Nodes with memory, CPUs and interfaces; those without CPUs say so; distances are a matrix."""
    topology = machine(packages=2, bare_nodes=1, nics=[nic("eth1", 1), nic("eth9", None)])
    text = draw(profile(topology), width=80)
    assert "node 1: 64 GiB, CPUs 4-7,12-15, eth1 (mlx5_core, 25 Gbit/s)\nnode 2: 64 GiB, no CPUs\n" in text
    assert "distances   0  1  2\n        0  10 21 21\n" in text
    assert "on no known node: eth9 (mlx5_core, 25 Gbit/s)\n" in text


def test_many_nodes_are_told_in_short():
    """Of sixteen equal nodes the first has a line, and the range of distances stands for the matrix."""
    text = draw(profile(HUGE), width=80)
    assert "nodes 1-15: like it, CPUs 32-511,544-1023" in text
    assert "distances between nodes: 21 to 21 (10 is local)" in text


def test_hybrid_kinds_and_offline_cpus():
    """Cores of different kinds stand apart though they share the cache; offline CPUs are named."""
    text = draw(profile(HYBRID), width=80)
    assert "part of an L3 32 MiB, performance cores up to 5.4 GHz" in text
    assert "part of an L3 32 MiB, efficiency cores up to 3.9 GHz" in text
    assert "offline: CPUs 3,7\n" in draw(profile(machine(offline=(3, 7))), width=80)


def test_unknown_is_not_unlimited():
    """A limit that nobody told is said to be unknown, with the reason; one that isn't there is unlimited."""
    limits = {"cpu_quota": UNLIMITED, "memory": Limit(state="limited", value=1.5 * 2**30, source="memory.max")}
    allowance = partly_known(Allowance, **limits, memlock=UNKNOWN, rtprio=UNKNOWN)
    text = " ".join(draw(profile(SMALL, allowance=allowance), width=80).split())
    assert "limits CPU time unlimited; memory 1.5 GiB; locked memory unknown (no file says so); real-time" in text
    assert "which are usable is unknown" in text


def test_nothing_known():
    """A host of which nothing is known is drawn all the same, and every line of the head says unknown."""
    text = draw(profile(partly_known(Topology)), width=80)
    assert "The host's topology isn't known." in text
    assert "memory nodes: unknown" in text
    assert len(re.findall(r"^[\w-]+ +unknown$", text, re.MULTILINE)) == 8


def test_the_head_tells_who_the_cpu_is():
    """Vendor and numbers, microarchitecture with its level, the sets that matter, and the fingerprint."""
    cpu = Cpu(
        architecture="x86_64",
        vendor="AuthenticAMD",
        model_name="AMD EPYC 9654",
        family=25,
        model=17,
        stepping=1,
        microcode="0xa101148",
        microarchitecture="zen4",
        x86_64_level=4,
        instruction_sets=("avx2", "avx512_vnni", "avx512f", "fpu", "sse4_2"),
        sve_bits=None,
    )
    host = profile(SMALL, cpu=cpu)
    text = draw(host, width=120)
    assert "identity    x86_64, AuthenticAMD, family 25, model 17, stepping 1, microcode 0xa101148\n" in text
    assert "micro-arch  zen4, x86-64-v4\nSIMD        SSE4.2, AVX2, AVX-512 (f vnni)\n" in text
    assert f"fingerprint {host.fingerprint}\n" in text
    arm = partly_known(Cpu, instruction_sets=("neon", "sve"), sve_bits=256)
    assert "SIMD        NEON, SVE (256 bits)\n" in draw(profile(SMALL, cpu=arm), width=80)


def test_colours_take_no_room():
    """With the terminal's codes taken out, a coloured picture is the plain one."""
    plan = Placement(
        strategy="auto", assignments=(Assignment(role="lane", cpus=(2,), node=0, because="x"),), violations=()
    )
    host = profile(SMALL, usable=(0, 1, 2, 4), state=partly_known(State, isolated=(1,)))
    coloured = draw(host, plan, width=80, colour=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == draw(host, plan, width=80)
