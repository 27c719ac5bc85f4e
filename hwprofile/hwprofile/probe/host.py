"""Probes a host."""

from pathlib import Path

from hwprofile.probe.allowance import read_allowance
from hwprofile.probe.cpu import read_cpu
from hwprofile.probe.state import read_state
from hwprofile.probe.system import read_system
from hwprofile.probe.topology import read_topology
from hwprofile.profile import SCHEMA, HostProfile

__all__ = ["probe"]


def probe(root: Path = Path("/")) -> HostProfile:
    """Returns the profile of the host whose `/proc` and `/sys` are below `root`.

    It reads files and queries the system, changes nothing, and needs no privilege. What can't be found out is None,
    unknown or an empty tuple. For a recorded host, what only a running process can find out is left out.
    """
    topology = read_topology(root)
    return HostProfile(
        schema=SCHEMA,
        cpu=read_cpu(root),
        topology=topology,
        allowance=read_allowance(root, topology),
        state=read_state(root),
        system=read_system(root),
    )
