import pytest

from hwprofile.apply import STRATEGIES, Role, plan_placement, reachable_cpus
from hwprofile.probe import probe


@pytest.fixture(scope="session")
def profiles():
    """The profiles that were probed, by host: three strategies place on each."""
    return {}


@pytest.fixture
def recorded(host_name, unpacked, profiles):
    """The profile of a recorded host."""
    if host_name not in profiles:
        profiles[host_name] = probe(unpacked(f"linux/{host_name}"))
    return profiles[host_name]


@pytest.mark.parametrize("strategy", [name for name, strategy in STRATEGIES.items() if strategy.pins])
def test_a_core_for_each_as_long_as_there_are(recorded, strategy):
    """On real machines, from one hot role to one for every CPU: cores of their own, and every shortage is told."""
    topology = recorded.topology
    may = set(reachable_cpus(recorded))
    cores = {topology.siblings(cpu) for cpu in may}
    for hot in sorted({1, 2, len(cores) - 1, len(cores), len(may)} - {0}):
        roles = [*(Role(f"lane-{number}", hot=True) for number in range(hot)), Role("rest", hot=False)]
        plan = plan_placement(recorded, roles, strategy)
        cpus = [plan.assignment(role.name).cpus[0] for role in roles[:-1]]
        rest = set(plan.assignment("rest").cpus)
        reported = "; ".join(plan.violations)
        assert rest
        assert may.issuperset({*cpus, *rest})
        assert len(set(cpus)) == hot
        assert len({topology.siblings(cpu) for cpu in cpus}) == min(hot, len(cores))
        assert ("are siblings on one core" in reported) == (hot > len(cores))
        if hot < len(cores):
            assert rest.isdisjoint(sibling for cpu in cpus for sibling in topology.siblings(cpu))
            # On a hybrid host, the core of CPU 0 may be one of the few fast ones.
            assert topology.kinds or set(topology.siblings(0)).isdisjoint(cpus)
        else:
            assert "housekeeping" in reported


def test_one_cache_where_one_has_room(recorded):
    """Two hot roles are under one last-level cache wherever one has two cores, that of CPU 0 aside, of one node."""
    topology = recorded.topology
    plan = plan_placement(recorded, [Role("a", hot=True), Role("b", hot=True)])
    one, other = (assignment.cpus[0] for assignment in plan.assignments)
    may = set(reachable_cpus(recorded))
    level = 3 if any(cache.level == 3 for cache in topology.caches) else 2
    quiet = [
        {topology.siblings(cpu) for cpu in set(cache.cpus) & may & set(node.cpus)} - {topology.siblings(0)}
        for cache in topology.caches
        if cache.level == level and cache.type != "instruction"
        for node in topology.nodes
    ]
    if max(map(len, quiet), default=0) >= 2:
        assert other in topology.sharing(one, level)
        assert not any("last-level caches" in text for text in plan.violations)
