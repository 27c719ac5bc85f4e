"""Which CPUs are assessed."""

import dataclasses

import pytest

from hwprofile.doctor.places import find_places
from hwprofile.profile import Cache


def test_isolated_ones(ready):
    """CPUs that are isolated and may be used are the hot ones."""
    places = find_places(ready)
    assert (places.hot, places.housekeeping, places.because) == ((2, 3), (0, 1), "isolated")
    allowance = dataclasses.replace(ready.allowance, usable=(0, 3))
    assert find_places(dataclasses.replace(ready, allowance=allowance)).hot == (3,)


def test_spare_ones(unready):
    """Else all but the first core; with the NIC on a node that has no other core, distance counts less than room."""
    assert find_places(unready).hot == (2, 3)


def test_spare_ones_near_the_nic(ready):
    """Of the spare CPUs those on the fastest NIC's node, and of several kinds the fastest."""
    threads = tuple(
        dataclasses.replace(thread, node=thread.number // 2, kind=thread.number % 2)
        for thread in ready.topology.threads
    )
    state = dataclasses.replace(ready.state, isolated=())
    nics = tuple(dataclasses.replace(nic, node=1) for nic in ready.topology.nics)
    topology = dataclasses.replace(ready.topology, threads=threads, nics=nics)
    assert find_places(dataclasses.replace(ready, state=state, topology=topology)).hot == (3,)
    far = dataclasses.replace(topology, nics=())
    assert find_places(dataclasses.replace(ready, state=state, topology=far)).hot == (1, 3)


def cache(level, cpus):
    """A cache that these CPUs share."""
    return Cache(level=level, type="unified", size=None, line=None, ways=None, cpus=cpus)


@pytest.mark.parametrize(
    ("shared", "hot"),
    [
        (((0, 1), (2, 3)), (2, 3)),
        (((0, 1, 2), (3,)), (1, 2)),
        (((0, 1), (2,), (3,)), (3,)),
        (((0, 1, 2, 3),), (1, 2, 3)),
    ],
)
def test_around_one_cache(ready, shared, hot):
    """Spare CPUs are taken around one L3 cache: that with most of them, else the last. Other caches don't matter."""
    caches = (cache(2, (1,)), *(cache(3, cpus) for cpus in shared))
    topology = dataclasses.replace(ready.topology, caches=caches)
    state = dataclasses.replace(ready.state, isolated=())
    assert find_places(dataclasses.replace(ready, state=state, topology=topology)).hot == hot


def test_asked_for(ready):
    """CPUs that are asked for are assessed, unless the host doesn't run them."""
    assert find_places(ready, (1,)).hot == (1,)
    with pytest.raises(ValueError, match=r"CPUs 7-8 not online here; there are 0-3"):
        find_places(ready, (1, 7, 8))
