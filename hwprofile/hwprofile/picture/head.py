"""Draws the summary above the picture: the host's identity, and what of it may be used."""

import textwrap
from collections.abc import Iterator

from hwprofile.cpu_lists import cpu_list
from hwprofile.picture.describe import format_limit, format_size
from hwprofile.profile import Allowance, Cpu, HostProfile, State, Topology

__all__ = ["head"]

_LABEL = 12

# The instruction sets to show, by the kernel's name, in the order in which they are shown.
_SIMD = {
    "sse4_2": "SSE4.2",
    "avx": "AVX",
    "avx2": "AVX2",
    "fma": "FMA",
    "neon": "NEON",
    "sve": "SVE",
    "sve2": "SVE2",
    "sme": "SME",
    "altivec": "AltiVec",
    "vx": "z vectors",
    "lsx": "LSX",
    "lasx": "LASX",
    "msa": "MSA",
    "v": "RISC-V vectors",
}


def head(profile: HostProfile, width: int) -> Iterator[str]:
    """Returns lines with a label and a description, none longer than `width`; unknown values are shown as such."""
    system, cpu = profile.system, profile.cpu
    rows: list[tuple[str, str | None]] = [
        *([("host", system.product)] if system.product is not None else []),
        ("cpu", cpu.model_name),
        ("identity", _identity(cpu)),
        ("micro-arch", _microarchitecture(cpu)),
        ("SIMD", _simd(cpu)),
        ("CPUs", _cpus(profile.topology, profile.allowance)),
        ("memory", None if system.memory is None else format_size(system.memory)),
        ("limits", _limits(profile.allowance)),
        ("isolation", _isolation(profile.state)),
        ("hypervisor", profile.state.hypervisor or "none seen"),
        *([("container", system.container)] if system.container is not None else []),
        ("system", ", ".join(filter(None, (system.distribution, system.system, system.kernel))) or None),
        *([("python", system.python)] if system.python is not None else []),
        ("fingerprint", profile.fingerprint),
    ]
    for label, words in rows:
        yield from textwrap.wrap(
            words or "unknown",
            width,
            initial_indent=f"{label:{_LABEL}}",
            subsequent_indent=" " * _LABEL,
            break_on_hyphens=False,
        )


def _identity(cpu: Cpu) -> str | None:
    numbers = (("family", cpu.family), ("model", cpu.model), ("stepping", cpu.stepping), ("microcode", cpu.microcode))
    known = [f"{name} {value}" for name, value in numbers if value is not None]
    return ", ".join(filter(None, (cpu.architecture, cpu.vendor, *known))) or None


def _microarchitecture(cpu: Cpu) -> str | None:
    level = None if cpu.x86_64_level is None else f"x86-64-v{cpu.x86_64_level}"
    # If archspec has no name for a CPU, it gives the level instead.
    name = None if cpu.microarchitecture == f"x86_64_v{cpu.x86_64_level}" else cpu.microarchitecture
    return ", ".join(filter(None, (name, level))) or None


def _simd(cpu: Cpu) -> str | None:
    if not cpu.instruction_sets:
        return None
    has = set(cpu.instruction_sets)
    words = [name for key, name in _SIMD.items() if key in has]
    if cpu.sve_bits is not None and "SVE" in words:
        words[words.index("SVE")] = f"SVE ({cpu.sve_bits} bits)"
    parts = sorted(name.removeprefix("avx512").strip("_") for name in has if name.startswith("avx512"))
    if parts:
        words.append(f"AVX-512 ({' '.join(parts)})")
    tiles = sorted(name.removeprefix("amx_") for name in has if name.startswith("amx_"))
    if tiles:
        words.append(f"AMX ({' '.join(tiles)})")
    return ", ".join(words) or "none of those that are known to matter"


def _cpus(topology: Topology, allowance: Allowance) -> str | None:
    online = topology.online
    if not online:
        return None
    cores = {thread.core for thread in topology.threads if thread.online and thread.core is not None}
    packages = {thread.package for thread in topology.threads if thread.online and thread.package is not None}
    words = f"{len(online)} online"
    if cores:
        words += f", {len(cores)} core{'s'[: len(cores) != 1]}"
    if packages:
        words += f" in {len(packages)} package{'s'[: len(packages) != 1]}"
    if allowance.usable is None:
        return f"{words}; which are usable is unknown"
    if set(allowance.usable) == set(online):
        return f"{words}, all usable"
    return f"{words}; usable: {cpu_list(allowance.usable)}"


def _limits(allowance: Allowance) -> str:
    quota = allowance.cpu_quota
    return "; ".join(
        (
            f"CPU time {format_limit(quota)}{' CPUs' if quota.state == 'limited' else ''}",
            f"memory {format_limit(allowance.memory, is_size=True)}",
            f"locked memory {format_limit(allowance.memlock, is_size=True)}",
            f"real-time priority {format_limit(allowance.rtprio)}",
        )
    )


def _isolation(state: State) -> str | None:
    if state.isolated is None and state.nohz_full is None:
        return None
    reported = (("isolated", state.isolated), ("without ticks", state.nohz_full), ("without RCU work", state.rcu_nocbs))
    return "; ".join(f"{name}: {cpu_list(cpus)}" for name, cpus in reported if cpus) or "no CPU is isolated"
