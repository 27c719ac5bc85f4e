"""A host as a profile identifies it: what decides whether measurements hold, and how two hosts differ."""

import hashlib
from dataclasses import replace

import msgspec

from hwprofile.cpu_lists import cpu_list
from hwprofile.profile import HostProfile, Limit
from mainspring.host.profiles.model import HostKey

__all__ = ["differences", "host_key"]

_UNKNOWN = "unknown"


def host_key(host: HostProfile) -> HostKey:
    """Returns the key of a probed host.

    `cpu` is a digest of the CPU's identity and features (not its microcode, which updates change), the topology
    without NICs, and the hypervisor. `kernel` is its major and minor version. Both agree with the fingerprint's own
    parts.
    """
    parts = (
        replace(host.cpu, microcode=None),
        host.topology.threads,
        host.topology.caches,
        [(node.number, node.cpus) for node in host.topology.nodes],
        host.topology.kinds,
        host.state.hypervisor,
    )
    usable = host.allowance.usable
    return HostKey(
        fingerprint=host.fingerprint,
        cpu=hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:16],
        usable=_UNKNOWN if usable is None else cpu_list(usable),
        quota=_quota(host.allowance.cpu_quota),
        kernel=".".join((host.system.kernel or _UNKNOWN).split("-", 1)[0].split(".")[:2]),
        python=host.system.python or _UNKNOWN,
        words=_words(host),
    )


def differences(measured: HostKey, here: HostKey) -> tuple[str, ...]:
    """Returns the differences that make another host's measurement invalid here: CPU, mask and quota, as text.

    Empty if it holds, even if it is stale.
    """
    found = []
    if measured.cpu != here.cpu:
        found.append(
            f"another CPU or topology ({measured.words}; here {here.words})"
            if measured.words != here.words
            else f"another topology or other instruction sets of the same CPU ({here.words})"
        )
    if measured.usable != here.usable:
        found.append(f"other usable CPUs ({measured.usable}; here {here.usable})")
    if measured.quota != here.quota:
        found.append(f"another CPU quota ({measured.quota or 'none'}; here {here.quota or 'none'})")
    return tuple(found)


def _quota(limit: Limit) -> str | None:
    if limit.state == "unlimited":
        return None
    return _UNKNOWN if limit.value is None else f"{limit.value:g}"


def _words(host: HostProfile) -> str:
    name = host.cpu.model_name or host.cpu.microarchitecture or host.cpu.architecture or "a CPU of unknown name"
    online = len(host.topology.online)
    under = f", {host.state.hypervisor}" if host.state.hypervisor else ""
    return f"{name}, {online} CPU{'s'[: online != 1]}{under}"
