"""What the CPUs of a host can execute."""

import functools
import platform
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hwprofile.kernel_files import cpuinfo_fields

__all__ = ["instruction_sets", "library_answers", "normalised"]

_ROOT = Path("/")

# The kernel's name for the same thing on another architecture, or in another year, beside the name that people use.
_SYNONYMS = {"pni": "sse3", "asimd": "neon", "avx1_0": "avx"}

# Fields of /proc/cpuinfo that list what a CPU can do: x86 and Itanium; Arm, s390 and LoongArch; MIPS.
_LISTS = ("flags", "features", "ases implemented")

# Their registers are lost at a context switch, and their use is trapped, unless the system saves them by XSAVE.
_NEED_XSAVE = ("avx", "amx_", "fma", "f16c", "xop", "vaes", "vpclmulqdq")

# What every CPU of the architecture has, by the architecture's own definition.
_BASELINE = {
    "x86_64": frozenset({"fxsr", "mmx", "sse", "sse2"}),
    "arm64": frozenset({"asimd", "fp", "neon"}),
}
_ARCHITECTURES = {"amd64": "x86_64", "aarch64": "arm64"}

# What Windows answers about its own support (winnt.h, PF_..._INSTRUCTIONS_AVAILABLE), by what begins so.
_WINDOWS_FEATURES = {"avx512": 41, "avx2": 40, "avx": 39, "fma": 39, "f16c": 39, "vaes": 39, "vpclmulqdq": 39}


def instruction_sets(root: Path = _ROOT) -> frozenset[str]:
    """Returns what a program can use on every CPU of the host, in lower case, named as by Linux.

    Names are such as "sse4_2", "avx512f" and "sve". "sse3" and "neon" are listed as well as the kernel's "pni" and
    "asimd". If CPUs differ, only what all of them have counts, and only what the system supports. The source is the
    kernel's list, `proc/cpuinfo` below `root`; on systems without it (macOS, Windows), py-cpuinfo if it is installed,
    and what the architecture always has. Empty if nothing is known.
    """
    if root != _ROOT:
        return _from_kernel(root)
    return _of_this_host()


@functools.cache
def _of_this_host() -> frozenset[str]:
    return _from_kernel(_ROOT) or _from_libraries()


def _from_kernel(root: Path) -> frozenset[str]:
    fields = cpuinfo_fields(root)
    lists = [names for field in _LISTS for names in fields.get(field, ())]
    if lists:
        return _saved(frozenset.intersection(*(normalised(names.split()) for names in lists)))
    if "isa" in fields and fields["isa"][0].startswith("rv"):
        return frozenset.intersection(*(_riscv_extensions(isa) for isa in fields["isa"]))
    if any("altivec supported" in model for model in fields.get("cpu", ())):
        return frozenset({"altivec"})
    return frozenset()


def _saved(names: frozenset[str]) -> frozenset[str]:
    """Removes what the system doesn't save: old kernels list it even if they were booted without XSAVE."""
    if "xsave" in names or "fxsr" not in names:
        return names
    return frozenset(name for name in names if not name.startswith(_NEED_XSAVE))


def _riscv_extensions(isa: str) -> frozenset[str]:
    """Extensions of "rv64imafdc_zicsr_zba": single letters at first, longer names after underscores."""
    letters, *words = isa.lower().split("_")
    return frozenset({*letters.removeprefix("rv").lstrip("0123456789"), *words})


def _from_libraries() -> frozenset[str]:
    machine = platform.machine().lower()
    always = _BASELINE.get(_ARCHITECTURES.get(machine, machine), frozenset())
    return always | _supported(normalised(library_answers().get("flags", ())))


@functools.cache
def library_answers() -> Mapping[str, Any]:
    """What py-cpuinfo says of this host; empty without it. It takes a second: ask only where the kernel is silent."""
    try:
        import cpuinfo
    except ImportError:
        return {}
    answers: Mapping[str, Any] = cpuinfo.get_cpu_info()
    return answers


def _supported(names: frozenset[str]) -> frozenset[str]:
    """Without what Windows doesn't support: there, the list is the CPU's own."""
    if sys.platform == "win32":
        import ctypes

        has = ctypes.windll.kernel32.IsProcessorFeaturePresent
        return frozenset(
            name
            for name in names
            if all(has(feature) for begin, feature in _WINDOWS_FEATURES.items() if name.startswith(begin))
        )
    return names


def normalised(names: Iterable[str]) -> frozenset[str]:
    """Returns the names in lower case with underscores, plus the common name of each that has another one."""
    plain = {name.lower().replace(".", "_") for name in names}
    return frozenset(plain | {_SYNONYMS[name] for name in plain & _SYNONYMS.keys()})
