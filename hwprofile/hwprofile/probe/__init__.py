"""Probes a host: `probe()` this one, `probe(root)` one whose files were recorded below `root`."""

from hwprofile.probe.allowance import read_allowance
from hwprofile.probe.cpu import read_cpu
from hwprofile.probe.host import probe
from hwprofile.probe.state import read_state
from hwprofile.probe.system import read_system
from hwprofile.probe.topology import read_topology

__all__ = ["probe", "read_allowance", "read_cpu", "read_state", "read_system", "read_topology"]
