"""Where lanes go: the config's requests against hosts of many shapes."""

from pathlib import Path

import msgspec
import pytest

from hwprofile.profile import (
    Allowance,
    Cache,
    Cpu,
    HostProfile,
    Limit,
    Node,
    State,
    System,
    Thread,
    Topology,
)
from mainspring.errors import ConfigError
from mainspring.host.config import parse_config
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session

SIMULATED = 'mode = "replay"\nfeed.plugin = "simulated"\ninstruments = [{names}]\n'
UNKNOWN = Limit(state="unknown", value=None, source="a test")


def empty(kind, **given):
    fields = {
        name: () if "tuple" in str(one.type) and "None" not in str(one.type) else None
        for name, one in kind.__dataclass_fields__.items()
    }
    return kind(**{**fields, **given})


def host(cores, threads=1, *, usable=None, quota=None, nodes=1):
    """A host of so many cores with so many threads each: thread `t` of core `c` is CPU `t * cores + c`."""
    every = tuple(range(cores * threads))
    usable = every if usable is None else usable

    def node_of(cpu):
        return cpu % cores * nodes // cores

    topology = Topology(
        threads=tuple(
            Thread(
                number=cpu,
                online=True,
                package=0,
                die=0,
                cluster=None,
                core=cpu % cores,
                smt=cpu // cores,
                node=node_of(cpu),
                kind=None,
            )
            for cpu in every
        ),
        caches=tuple(
            Cache(
                level=3,
                type="unified",
                size=2**25,
                line=64,
                ways=16,
                cpus=tuple(cpu for cpu in every if node_of(cpu) == node),
            )
            for node in range(nodes)
        ),
        nodes=tuple(
            Node(number=node, cpus=tuple(cpu for cpu in every if node_of(cpu) == node), memory=None, distances=())
            for node in range(nodes)
        ),
        kinds=(),
        nics=(),
    )
    limit = UNKNOWN if quota is None else Limit(state="limited", value=quota, source="a test")
    allowance = empty(
        Allowance, usable=usable, affinity=usable, cpu_quota=limit, memory=UNKNOWN, memlock=UNKNOWN, rtprio=UNKNOWN
    )
    return HostProfile(
        schema=1, cpu=empty(Cpu), topology=topology, allowance=allowance, state=empty(State), system=empty(System)
    )


@pytest.fixture(scope="module")
def registry():
    return Registry.load()


@pytest.fixture
def session(registry, tmp_path, monkeypatch):
    """Plans a session of some instruments on a host."""
    monkeypatch.setenv("HWPROFILE_RESERVATIONS", str(tmp_path))

    def plan(profile, *overrides, instruments=4):
        names = ", ".join(f'"I{number}/USDT"' for number in range(instruments))
        text = SIMULATED.format(names=names)
        return make_session(parse_config(text, "s.toml", Path(), overrides), registry, lambda: profile)

    return plan


@pytest.mark.parametrize(
    ("profile", "instruments", "lanes"),
    [
        (host(1), 4, 1),
        (host(2), 4, 1),
        (host(4), 4, 3),
        (host(16), 4, 4),
        (host(4, 2), 9, 3),
        (host(8, usable=(2, 3)), 4, 1),
        (host(8, 2, usable=(2, 10, 3, 11)), 4, 1),
        (host(8, quota=3.5), 8, 2),
        (host(8, quota=0.5), 8, 1),
        (host(8, usable=()), 8, 1),
    ],
)
def test_auto_takes_a_core_a_lane_and_leaves_one(session, profile, instruments, lanes):
    """As many lanes as usable physical cores less one, within the quota, at most one an instrument, at least one."""
    planned = session(profile, "lanes=auto", instruments=instruments)
    assert len(planned.lanes) == lanes
    assert planned.lanes_because.startswith("auto: ")
    if lanes > 1:
        cpus = [lane.place.cpus for lane in planned.lanes]
        cores = {profile.topology.thread(cpu).core for (cpu,) in cpus}
        assert len(cores) == lanes
        assert cores.isdisjoint(profile.topology.thread(cpu).core for cpu in planned.hardware.rest.cpus)


def test_one_lane_is_left_alone_unless_asked(session):
    """A session of one lane isn't pinned by default, and the host isn't even probed."""
    planned = session(None)
    assert (planned.hardware.pin, planned.lanes[0].place.cpus) == ("off", ())
    pinned = session(host(4), "hardware.pin=auto")
    assert pinned.hardware.pin == "auto"
    assert len(pinned.lanes[0].place.cpus) == 1


def test_several_lanes_are_pinned_unless_told_otherwise(session):
    """Each to a core of its own with its node; off means off."""
    planned = session(host(4, nodes=2), "lanes=2")
    assert planned.hardware.pin == "auto"
    for lane in planned.lanes:
        (cpu,) = lane.place.cpus
        assert lane.place.node == cpu * 2 // 4
    assert [lane.place.cpus for lane in session(host(4), "lanes=2", "hardware.pin=off").lanes] == [(), ()]
    assert session(host(4), "lanes=2", "hardware.pin=none").hardware.pin == "off"


def test_cpus_that_are_named_are_taken_in_their_order(session):
    """A list is one CPU a lane; the rest goes where no lane's core is; two threads of one core are told."""
    planned = session(host(4, 2, nodes=2), "lanes=2", "hardware.pin=[3, 1]")
    assert [(lane.place.cpus, lane.place.node) for lane in planned.lanes] == [((3,), 1), ((1,), 0)]
    assert planned.hardware.rest.cpus == (0, 2, 4, 6)
    assert planned.hardware.violations == ()
    siblings = session(host(2, 2), "lanes=2", "hardware.pin=[0, 2]")
    assert siblings.hardware.violations == ("CPUs 0 and 2 are threads of the same core, and both have a lane",)
    crowded = session(host(2), "lanes=2", "hardware.pin=[0, 1]")
    assert crowded.hardware.violations == ("the list leaves no CPU for everything else, which shares the lanes' CPUs",)


@pytest.mark.parametrize(
    ("profile", "overrides", "said"),
    [
        (host(4), ["lanes=2", "hardware.pin=[1, 9]"], "hardware.pin: 9 isn't an online CPU of this host"),
        (
            host(4, usable=(0, 1)),
            ["lanes=2", "hardware.pin=[1, 3]"],
            "3 may not be used by this process; there are: 0, 1",
        ),
        (host(4), ["lanes=2", "hardware.pin=[1, 1]"], "names CPU 1 for two lanes"),
        (host(4), ["lanes=2", "hardware.pin=[1]"], "names 1 CPU for 2 lanes"),
        (host(4), ["hardware.pin=aoto"], 'did you mean "auto"?'),
        (host(4), ["lanes=9"], "lanes: 9 lanes for 4 instruments"),
    ],
)
def test_what_the_host_doesnt_have_is_refused(session, profile, overrides, said):
    """CPUs that don't exist or may not be used, and strategies that don't, by the key."""
    with pytest.raises(ConfigError) as caught:
        session(profile, *overrides)
    assert said in str(caught.value).replace("--set ", "")


def test_balances_are_compared_in_one_lane_alone(session):
    """What another lane trades would seem a difference."""
    compared = (
        "mode=paper",
        'strategy.one={plugin="momentum", size=1}',
        "orders.compare_balances=true",
        "hardware.pin=off",
    )
    assert session(None, *compared).lanes[0].parts[0].compare_balances
    with pytest.raises(ConfigError, match=r"orders\.compare_balances: .* run one lane"):
        session(None, *compared, "lanes=2")


def test_what_looks_across_instruments_isnt_divided(registry, session, monkeypatch):
    """A strategy that has to see every instrument is refused with several lanes, and sees those of all feeds in one."""
    offer = registry.get("strategy", "momentum")
    wide = msgspec.structs.replace(offer, capabilities={**offer.capabilities, "across_instruments": True})
    get = registry.get
    monkeypatch.setattr(registry, "get", lambda seam, name: wide if name == "momentum" else get(seam, name))
    trading = ("mode=paper", 'strategy.pairs={plugin="momentum", size=1}', "hardware.pin=off")
    assert len(session(None, *trading).lanes) == 1
    with pytest.raises(ConfigError, match=r"strategy\.pairs: .* needs all instruments, .* 2 lanes"):
        session(None, *trading, "lanes=2")
    text = (
        '[feeds.a]\nplugin = "simulated"\ninstruments = ["A/USDT"]\n[feeds.b]\nplugin = "simulated"\n'
        'instruments = ["B/USDT"]\n'
    )
    (lane,) = make_session(parse_config(text, "s.toml", Path(), trading), registry).lanes
    assert lane.instruments == ("a:A/USDT", "b:B/USDT")
