"""The key of a host: what changes it, and what doesn't."""

from dataclasses import replace

import pytest

from hwprofile.probe import probe
from hwprofile.profile import Limit
from mainspring.host.profiles.hosts import differences, host_key


@pytest.fixture(scope="module")
def here():
    """This host, whatever it is."""
    return probe()


def allowed(host, **fields):
    return replace(host, allowance=replace(host.allowance, **fields))


def test_what_comes_and_goes_does_not_change_it(here):
    """Load, free memory, the kernel's patch and a microcode update: all that decides is as it was."""
    other = replace(
        here,
        cpu=replace(here.cpu, microcode="0xabc"),
        state=replace(here.state, steal_percent=50.0, pressure=None),
        system=replace(here.system, kernel="6.8.0-45-generic", memory=1),
    )
    patched = replace(other, system=replace(other.system, kernel="6.8.12"))
    assert differences(host_key(here), host_key(other)) == ()
    assert host_key(other).cpu == host_key(here).cpu
    assert (host_key(other).kernel, host_key(patched).kernel) == ("6.8", "6.8")
    assert host_key(other).fingerprint == host_key(patched).fingerprint != host_key(here).fingerprint


def test_what_decides_changes_it(here):
    """Another CPU, another mask, another quota: each by itself, in its words."""
    key = host_key(here)
    cpu = replace(here, cpu=replace(here.cpu, model_name="Acme Two"))
    assert "another CPU or topology" in differences(key, host_key(cpu))[0]
    poorer = replace(here, cpu=replace(here.cpu, instruction_sets=()))
    assert "other instruction sets of the same CPU" in differences(key, host_key(poorer))[0]
    virtual = replace(here, state=replace(here.state, hypervisor="acme"))
    assert len(differences(key, host_key(virtual))) == 1
    assert differences(key, host_key(allowed(here, usable=(7, 8, 9)))) == (
        f"other usable CPUs ({key.usable}; here 7-9)",
    )
    limited = allowed(here, cpu_quota=Limit(state="limited", value=1.5, source=""))
    assert differences(key, host_key(limited)) == (f"another CPU quota ({key.quota or 'none'}; here 1.5)",)


def test_unknown_is_not_unlimited(here):
    """A quota that nothing tells of is another one than none."""
    unknown = host_key(allowed(here, cpu_quota=Limit(state="unknown", value=None, source=""), usable=None))
    unlimited = host_key(allowed(here, cpu_quota=Limit(state="unlimited", value=None, source="")))
    assert (unknown.quota, unknown.usable, unlimited.quota) == ("unknown", "unknown", None)
