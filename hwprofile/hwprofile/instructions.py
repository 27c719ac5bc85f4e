"""Finds the instruction sets that a program can use on a host."""

import functools
import platform
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hwprofile.kernel_files import cpuinfo_fields

__all__ = ["instruction_sets", "library_answers", "normalised"]

_ROOT = Path("/")

# The kernel's names that differ by architecture or version, and the common name of each.
_SYNONYMS = {"pni": "sse3", "asimd": "neon", "avx1_0": "avx"}

# The fields of /proc/cpuinfo that list features: x86 and Itanium; Arm, s390 and LoongArch; MIPS.
_LISTS = ("flags", "features", "ases implemented")

# They can be used only if the system saves their registers at a context switch, by XSAVE.
_NEED_XSAVE = ("avx", "amx_", "fma", "f16c", "xop", "vaes", "vpclmulqdq")

# The instruction sets that every CPU of an architecture has by definition.
_BASELINE = {
    "x86_64": frozenset({"fxsr", "mmx", "sse", "sse2"}),
    "arm64": frozenset({"asimd", "fp", "neon"}),
}
_ARCHITECTURES = {"amd64": "x86_64", "aarch64": "arm64"}

# Windows's own support (winnt.h, PF_..._INSTRUCTIONS_AVAILABLE), by prefix of the names that depend on it.
_WINDOWS_FEATURES = {"avx512": 41, "avx2": 40, "avx": 39, "fma": 39, "f16c": 39, "vaes": 39, "vpclmulqdq": 39}


def instruction_sets(root: Path = _ROOT) -> frozenset[str]:
    """Returns the instruction sets usable on every CPU, with Linux's lower-case names ("sse4_2", "avx512f", "sve").

    Only sets that all CPUs have and the system supports are included. "sse3" and "neon" are listed in addition to the
    kernel's "pni" and "asimd". The source is `proc/cpuinfo` below `root`; if there is none (macOS, Windows), it is
    py-cpuinfo, if that is installed, and the sets that the architecture always has. Empty if nothing is known.
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
    """Removes sets whose registers the system doesn't save: old kernels list them even if XSAVE is disabled."""
    if "xsave" in names or "fxsr" not in names:
        return names
    return frozenset(name for name in names if not name.startswith(_NEED_XSAVE))


def _riscv_extensions(isa: str) -> frozenset[str]:
    """Parses extensions such as "rv64imafdc_zicsr_zba": single letters first, longer names after underscores."""
    letters, *words = isa.lower().split("_")
    return frozenset({*letters.removeprefix("rv").lstrip("0123456789"), *words})


def _from_libraries() -> frozenset[str]:
    machine = platform.machine().lower()
    always = _BASELINE.get(_ARCHITECTURES.get(machine, machine), frozenset())
    return always | _supported(normalised(library_answers().get("flags", ())))


@functools.cache
def library_answers() -> Mapping[str, Any]:
    """Returns py-cpuinfo's answers, empty without it. It takes a second, so it is the last resort."""
    try:
        import cpuinfo
    except ImportError:
        return {}
    answers: Mapping[str, Any] = cpuinfo.get_cpu_info()
    return answers


def _supported(names: frozenset[str]) -> frozenset[str]:
    """Removes what Windows doesn't support: there, the list has everything that the CPU has."""
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
    """Returns the names in lower case with underscores, and adds the common names of those that have one."""
    plain = {name.lower().replace(".", "_") for name in names}
    return frozenset(plain | {_SYNONYMS[name] for name in plain & _SYNONYMS.keys()})
