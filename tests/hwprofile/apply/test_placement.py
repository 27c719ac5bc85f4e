from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwprofile.apply import STRATEGIES, Role, plan_placement, reachable_cpus


def lanes(count, nic=None, housekeeping=1):
    hot = [Role(f"lane-{number}", hot=True, nic=nic) for number in range(count)]
    return [*hot, *(Role(f"keeper-{number}", hot=False) for number in range(housekeeping))]


def cpus(placement):
    return [assignment.cpus for assignment in placement.assignments]


@pytest.mark.parametrize(
    ("made", "count", "expected"),
    [
        # Two cores, one hot role: CPU 0 is the system's.
        ({"cores": 2}, 1, [(1,), (0,)]),
        # Four cores of two threads: a core each, the siblings idle, housekeeping on the core of CPU 0.
        ({"cores": 4, "smt": 2}, 3, [(1,), (2,), (3,), (0, 4)]),
        # Isolated cores, in the process's mask, and left out of it by the kernel.
        ({"cores": 8, "isolated": (4, 5)}, 2, [(4,), (5,), (0, 1, 2, 3, 6, 7)]),
        ({"cores": 8, "isolated": (4, 5), "usable": (0, 1, 2, 3, 6, 7)}, 2, [(4,), (5,), (0, 1, 2, 3, 6, 7)]),
        # Of four caches, the one in which there is room for all.
        ({"caches": 4, "cores": 3}, 3, [(3,), (4,), (5,), (0, 1, 2, 6, 7, 8, 9, 10, 11)]),
        # A hybrid host: the fast cores first, and not the one of CPU 0.
        ({"cores": 6, "smt": 2, "efficient": 4}, 1, [(1,), (0, 2, 3, 4, 5, 6)]),
        # Interrupts are bound to CPUs 1 and 2.
        ({"cores": 4, "irqs": ((40, (1,)), (41, (1, 2)))}, 1, [(3,), (0, 1, 2)]),
        # New interrupts go to CPUs 0 to 2.
        ({"cores": 4, "default_irqs": (0, 1, 2)}, 1, [(3,), (0, 1, 2)]),
        # The kernel's timer is off on CPU 2.
        ({"cores": 4, "nohz_full": (2,)}, 1, [(2,), (0, 1, 3)]),
        # Only what may be used.
        ({"cores": 8, "usable": (5, 6, 7)}, 2, [(5,), (6,), (7,)]),
    ],
)
def test_where_roles_go(host, made, count, expected):
    """With enough cores, hot roles get the best ones, housekeeping the rest, and every constraint is kept."""
    plan = plan_placement(host(**made), lanes(count))
    assert cpus(plan) == expected
    assert plan.violations == ()


@pytest.mark.parametrize(
    ("made", "count", "expected", "violations"),
    [
        (
            {"cores": 2},
            2,
            [(1,), (0,), (0,)],
            [
                "lane-1 shares CPU 0 with housekeeping (keeper-0)",
                "lane-1: the system's own work and interrupts come to CPU 0",
            ],
        ),
        (
            {"cores": 2, "smt": 2, "usable": (1, 3)},
            2,
            [(1,), (3,), (3,)],
            [
                "lane-0, lane-1 are siblings on one core (CPUs 1,3)",
                "lane-0: housekeeping (keeper-0) runs on its core's other CPUs (3)",
                "lane-1 shares CPU 3 with housekeeping (keeper-0)",
            ],
        ),
        (
            {"cores": 2, "usable": (1,)},
            2,
            [(1,), (1,), (1,)],
            [
                "lane-0, lane-1 share CPU 1: more hot roles than CPUs",
                "lane-0 shares CPU 1 with housekeeping (keeper-0)",
                "lane-1 shares CPU 1 with housekeeping (keeper-0)",
            ],
        ),
        (
            {"caches": 2, "cores": 3},
            4,
            [(3,), (4,), (5,), (1,), (0, 2)],
            ["lane-0, lane-1, lane-2, lane-3: CPUs 1,3-5 lie under 2 last-level caches"],
        ),
        # A cache for each core: on the first node, one of the two would have to be that of CPU 0.
        (
            {"nodes": 2, "caches": 2, "cores": 1},
            2,
            [(2,), (3,), (0, 1)],
            ["lane-0, lane-1: CPUs 2-3 lie under 2 last-level caches"],
        ),
        (
            {"cores": 4, "isolated": (3,)},
            2,
            [(3,), (1,), (0, 2)],
            ["lane-1: CPU 1 isn't isolated; those that are, and are free: 3"],
        ),
        (
            {"cores": 4, "smt": 2, "isolated": (3,)},
            1,
            [(3,), (0, 1, 2, 4, 5, 6)],
            ["lane-0: CPU 3 is isolated, and CPU 7 of the same core isn't"],
        ),
        (
            {"cores": 3, "efficient": 1, "smt": 1},
            3,
            [(1,), (0,), (2,), (2,)],
            [
                "lane-2 shares CPU 2 with housekeeping (keeper-0)",
                "lane-1: the system's own work and interrupts come to CPU 0",
                "lane-2: CPU 2 isn't of the fastest kind",
            ],
        ),
        (
            {"cores": 4, "quota": 1.5},
            1,
            [(1,), (0, 2, 3)],
            ["the CPU quota of 1.5 CPUs is below the 2 that are wanted: the kernel will stop threads"],
        ),
        (
            {"cores": 4, "known": False},
            2,
            [(1,), (2,), (0, 3)],
            [
                "which CPUs share a core with CPUs 1-2 isn't known",
                "lane-0, lane-1: which of CPUs 1-2 share a cache isn't known",
            ],
        ),
        (
            {"cores": 4, "usable": (), "affinity": (0,)},
            1,
            [(), ()],
            ["no role can be pinned: which CPUs may be used isn't known"],
        ),
    ],
)
def test_what_cannot_be_kept(host, made, count, expected, violations):
    """With too few CPUs, every role still has an assignment, and exactly the violated constraints are reported."""
    plan = plan_placement(host(**made), lanes(count))
    assert cpus(plan) == expected
    assert list(plan.violations) == violations


def test_near_the_network_interface(host):
    """Hot roles are on their interface's node, one cache of it; with two interfaces, each near to its own."""
    two = host(nodes=2, caches=2, cores=4, smt=2, nics=[("eth0", 1), ("eth1", 0)])
    plan = plan_placement(two, lanes(4, nic="eth0"))
    assert (cpus(plan)[:4], plan.violations) == ([(8,), (9,), (10,), (11,)], ())
    assert {assignment.node for assignment in plan.assignments[:4]} == {1}
    mixed = [Role("a", hot=True, nic="eth0"), Role("b", hot=True, nic="eth1"), Role("c", hot=True, nic="eth0")]
    plan = plan_placement(two, mixed)
    assert ([assignment.node for assignment in plan.assignments], plan.violations) == ([1, 0, 1], ())
    assert plan_placement(host(nodes=2, nics=[("eth0", 1)]), lanes(1)).assignment("lane-0").node == 1


def test_too_many_for_the_interface(host):
    """What has no room on the interface's node goes elsewhere, and it is said of whom; the other's own roles stay."""
    two = host(nodes=2, cores=2, nics=[("eth0", 1), ("eth1", 0)])
    roles = [Role(name, hot=True, nic="eth0") for name in ("a", "b", "c")] + [Role("d", hot=True, nic="eth1")]
    plan = plan_placement(two, roles)
    assert [assignment.node for assignment in plan.assignments] == [1, 1, 0, 0]
    assert "c: CPU 0 is on node 0, and eth0 on node 1" in plan.violations
    assert not any(text.startswith("d: CPU") for text in plan.violations)
    plan = plan_placement(two, lanes(1, nic="wlan7"))
    assert plan.violations == ("lane-0: on which node wlan7 stands isn't known",)


def test_strategies(host):
    """Each named strategy does what it says on one and the same host."""
    made = host(caches=4, cores=4, isolated=(6, 7))
    chosen = {name: cpus(plan_placement(made, lanes(2), name)) for name in STRATEGIES}
    everything = tuple(range(16))
    rest = tuple(cpu for cpu in everything if cpu not in (6, 7))
    assert chosen == {
        "auto": [(6,), (7,), rest],
        "isolated": [(6,), (7,), rest],
        "one-cache": [(1,), (2,), tuple(cpu for cpu in rest if cpu not in (1, 2))],
        "spread": [(1,), (6,), tuple(cpu for cpu in rest if cpu != 1)],
        "none": [everything] * 3,
    }
    plan = plan_placement(host(cores=4), lanes(1), "isolated")
    assert plan.violations == ("lane-0: CPU 1 isn't isolated; those that are, and are free: none",)
    plan = plan_placement(host(caches=2, cores=3), lanes(3), "spread")
    assert plan.violations == ("CPUs 1-2 share a last-level cache: there are more hot roles than caches",)


def test_reserved_cpus_are_left_alone(host):
    """CPUs that others have reserved go to nobody, and their cores' other threads only if there is nothing else."""
    made = host(cores=4, smt=2)
    assert cpus(plan_placement(made, lanes(1), taken=(1, 2))) == [(3,), (0, 4)]
    plan = plan_placement(made, lanes(4), taken=(1, 2))
    assert cpus(plan) == [(3,), (4,), (5,), (6,), (0,)]
    assert "lane-2: CPU 5 shares its core with CPU 1, which another process reserved" in plan.violations
    made = host(cores=4, smt=2, usable=(2, 3, 6, 7))
    assert cpus(plan_placement(made, lanes(1), "isolated", taken=(6,))) == [(3,), (2,)]
    plan = plan_placement(host(cores=2), lanes(1), taken=(0, 1))
    assert cpus(plan) == [(1,), (0,)]
    assert plan.violations == ("all usable CPUs (0-1) are reserved by other processes, and shared with these",)


def test_memory_node(host):
    """An assignment's node is that of its CPUs; where that has no memory that may be used, the nearest that has."""
    assert plan_placement(host(nodes=3, cores=1), lanes(1)).assignment("keeper-0").node is None
    made = host(nodes=3, nics=[("eth0", 2)], empty_nodes=(2,))
    assert plan_placement(made, lanes(1, nic="eth0")).assignment("lane-0").node == 1
    made = host(nodes=3, nics=[("eth0", 2)], memory_nodes=(0,))
    assert plan_placement(made, lanes(1, nic="eth0")).assignment("lane-0").node == 0


def test_wrong_requests(host):
    """A strategy or a role that there isn't, or two of one name, are told with what there is."""
    made = host()
    with pytest.raises(ValueError, match="no placement strategy is named 'fast'; there are: auto, isolated"):
        plan_placement(made, lanes(1), "fast")
    with pytest.raises(ValueError, match="two roles are named 'a'"):
        plan_placement(made, [Role("a", hot=True), Role("a", hot=False)])
    with pytest.raises(KeyError, match="no role is named 'b'; there are: a"):
        plan_placement(made, [Role("a", hot=True)]).assignment("b")


def test_whose_mask_it_is(host):
    """Isolated CPUs count as usable only where the mask is the kernel's own, and never outside the cpuset."""
    assert reachable_cpus(host(cores=4, isolated=(3,), usable=(0, 1, 2))) == (0, 1, 2, 3)
    assert reachable_cpus(host(cores=4, isolated=(3,), usable=(0, 1))) == (0, 1)
    assert reachable_cpus(host(cores=4, isolated=(3,), usable=(0, 3))) == (0, 3)
    assert reachable_cpus(host(cores=4, isolated=(2, 3), usable=(0, 1), offline=(3,))) == (0, 1, 2)


@st.composite
def situations(draw):
    """What a host is made of, and what is asked for: few cores and many, in every mixture."""
    nodes = draw(st.integers(1, 3))
    caches = draw(st.integers(1, 3))
    cores = draw(st.integers(1, 4))
    smt = draw(st.integers(1, 2))
    efficient = draw(st.integers(0, cores - 1))
    some = st.frozensets(st.integers(0, nodes * caches * cores * smt), max_size=8)
    made = {
        "nodes": nodes,
        "caches": caches,
        "cores": cores,
        "smt": smt,
        "efficient": efficient,
        "nics": [("eth0", draw(st.none() | st.integers(0, nodes - 1)))],
        "known": draw(st.booleans()),
        "irqs": [(number, (cpu,)) for number, cpu in enumerate(sorted(draw(some)))],
    }
    hot = draw(st.integers(0, 8))
    roles = [Role(f"hot-{number}", hot=True, nic=draw(st.sampled_from((None, "eth0")))) for number in range(hot)]
    roles += [Role(f"rest-{number}", hot=False) for number in range(draw(st.integers(0, 2)))]
    return (
        made,
        draw(some),
        draw(some),
        draw(some),
        draw(st.permutations(roles)),
        draw(st.sampled_from(list(STRATEGIES))),
    )


@settings(derandomize=True, deadline=None)
@given(situation=situations())
def test_every_plan(host, situation):
    """All get usable, unreserved CPUs; hot roles have cores of their own if there are enough."""
    made, isolated, taken, hidden, roles, strategy = situation
    everything = host(**made).topology.online
    usable = tuple(cpu for cpu in everything if cpu not in hidden) or everything
    profile = host(**made, isolated=isolated & set(everything), usable=usable)
    plan = plan_placement(profile, roles, strategy, taken)
    assert plan == plan_placement(profile, list(roles), strategy, sorted(taken))
    assert [assignment.role for assignment in plan.assignments] == [role.name for role in roles]
    may = set(reachable_cpus(profile))
    free = may - taken or may
    for assignment in plan.assignments:
        assert assignment.cpus
        assert free.issuperset(assignment.cpus)
        assert list(assignment.cpus) == sorted(set(assignment.cpus))
    if strategy == "none":
        return
    topology = profile.topology
    hot = [plan.assignment(role.name).cpus for role in roles if role.hot]
    assert all(len(assignment) == 1 for assignment in hot)
    hot_cpus = [cpu for (cpu,) in hot]
    cores = {topology.siblings(cpu) for cpu in free}
    quiet_cores = cores if taken.issuperset(may) else {core for core in cores if taken.isdisjoint(core)}
    if len(hot) <= len(quiet_cores):
        assert len({topology.siblings(cpu) for cpu in hot_cpus}) == len(hot), "two hot roles on one core"
        assert all(topology.siblings(cpu) in quiet_cores for cpu in hot_cpus)
    if len(hot) <= len(free):
        assert len(set(hot_cpus)) == len(hot), "two hot roles on one CPU"
    reported = " / ".join(plan.violations)
    rest = {cpu for role in roles if not role.hot for cpu in plan.assignment(role.name).cpus}
    assert ("share CPU" in reported) == (len(set(hot_cpus)) < len(hot))
    assert ("with housekeeping" in reported) == (not rest.isdisjoint(hot_cpus))
    cores_apart = free - {sibling for cpu in hot_cpus for sibling in topology.siblings(cpu)}
    if cores_apart and rest:
        assert cores_apart.issuperset(rest)


@settings(max_examples=100, derandomize=True, deadline=None)
@given(situation=situations(), more=st.integers(1, 3))
def test_more_cpus_do_no_harm(host, situation, more):
    """With further caches of cores, a plan without a broken constraint stays one."""
    made, _, _, _, roles, strategy = situation
    small = plan_placement(host(**made), roles, strategy)
    large = plan_placement(host(**made | {"caches": made["caches"] + more, "nics": []}), roles, strategy)
    if not small.violations and not any(role.nic for role in roles):
        assert not large.violations


def test_the_pictures_of_the_documentation(host):
    """What docs/placement.md draws is what is planned, and every strategy stands there with its name."""
    text = (Path(__file__).resolve().parents[3] / "docs/placement.md").read_text(encoding="utf-8")
    assert all(f"| `{name}` |" in text for name in STRATEGIES)
    shape = {"nodes": 2, "caches": 2, "cores": 4, "smt": 2, "nics": [("eth0", 1)]}
    isolated = (*range(12, 16), *range(28, 32))
    near = [Role(name, hot=True, nic="eth0") for name in "ABC"]
    anywhere = [Role(name, hot=True) for name in "ABC"]
    assert cpus(plan_placement(host(**shape), near)) == [(8,), (9,), (10,)]
    assert cpus(plan_placement(host(**shape), near, "one-cache")) == [(8,), (9,), (10,)]
    assert cpus(plan_placement(host(**shape, isolated=isolated), near)) == [(12,), (13,), (14,)]
    assert cpus(plan_placement(host(**shape), anywhere, "spread")) == [(1,), (4,), (8,)]
