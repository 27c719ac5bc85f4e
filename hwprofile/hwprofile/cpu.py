"""What the CPUs of a host can execute."""

import functools
import platform
from collections.abc import Iterable
from pathlib import Path

from hwprofile.kernel_files import cpuinfo_fields

__all__ = ["instruction_sets", "normalised"]

_ROOT = Path("/")

# The kernel's name for the same thing on another architecture, or in another year, beside the name that people use.
_SYNONYMS = {"pni": "sse3", "asimd": "neon", "avx1_0": "avx"}

# What every CPU of the architecture has, by the architecture's own definition.
_BASELINE = {
    "x86_64": frozenset({"fxsr", "mmx", "sse", "sse2"}),
    "arm64": frozenset({"asimd", "fp", "neon"}),
}
_ARCHITECTURES = {"amd64": "x86_64", "aarch64": "arm64"}


def instruction_sets(root: Path = _ROOT) -> frozenset[str]:
    """What a program can use on every CPU of the host, in lower case, named as by Linux ("sse4_2", "avx512f", "sve").

    "sse3" and "neon" are there beside the kernel's "pni" and "asimd". Where CPUs differ, only what all of them have
    counts. From the kernel's own list, `proc/cpuinfo` below `root`; where there is none (macOS, Windows), from
    py-cpuinfo if it is installed, and from what the architecture always has. Empty where nothing is known.
    """
    if root != _ROOT:
        return _from_kernel(root)
    return _of_this_host()


@functools.cache
def _of_this_host() -> frozenset[str]:
    return _from_kernel(_ROOT) or _from_libraries()


def _from_kernel(root: Path) -> frozenset[str]:
    fields = cpuinfo_fields(root)
    lists = [*fields.get("flags", ()), *fields.get("features", ())]
    if lists:
        return frozenset.intersection(*(normalised(names.split()) for names in lists))
    if any("altivec supported" in model for model in fields.get("cpu", ())):
        return frozenset({"altivec"})
    return frozenset()


def _from_libraries() -> frozenset[str]:
    machine = platform.machine().lower()
    always = _BASELINE.get(_ARCHITECTURES.get(machine, machine), frozenset())
    try:
        import cpuinfo
    except ImportError:
        return always
    return always | normalised(cpuinfo.get_cpu_info().get("flags", ()))


def normalised(names: Iterable[str]) -> frozenset[str]:
    """The names in lower case with underscores, and the common name beside each that has another one."""
    plain = {name.lower().replace(".", "_") for name in names}
    return frozenset(plain | {_SYNONYMS[name] for name in plain & _SYNONYMS.keys()})
