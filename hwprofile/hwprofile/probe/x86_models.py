"""Names x86-64 microarchitectures by CPUID numbers, which hypervisors don't hide as they hide features.

The tables follow the Linux kernel: arch/x86/include/asm/intel-family.h and arch/x86/kernel/cpu/amd.c (6.18). The names
are archspec's, which has none for Intel's Atoms, Xeon Phi's later model, and what came before AMD's family 10h.
"""

from collections.abc import Iterable, Mapping
from typing import Final

__all__ = ["MODELS", "family_floor", "name_by_model"]

_AMD: Final = "AuthenticAMD"
_INTEL: Final = "GenuineIntel"
_CASCADE_LAKE_STEPPING: Final = 5


def _models(*named: tuple[str, Iterable[int]]) -> Mapping[int, str]:
    return {model: name for name, models in named for model in models}


MODELS: Final[Mapping[tuple[str, int], Mapping[int, str]]] = {
    (_AMD, 0x10): _models(("k10", range(0x100))),
    (_AMD, 0x15): _models(
        ("bulldozer", (0x00, 0x01)),
        ("piledriver", (0x02, *range(0x10, 0x20))),
        ("steamroller", range(0x30, 0x40)),
        ("excavator", range(0x60, 0x80)),
    ),
    (_AMD, 0x17): _models(
        ("zen", (*range(0x30), *range(0x50, 0x60))),
        ("zen2", (*range(0x30, 0x50), *range(0x60, 0x80), *range(0x90, 0x92), *range(0xA0, 0xB0))),
    ),
    (_AMD, 0x19): _models(
        ("zen3", (*range(0x10), *range(0x20, 0x60))),
        ("zen4", (*range(0x10, 0x20), *range(0x60, 0xB0))),
    ),
    (_AMD, 0x1A): _models(
        ("zen5", (*range(0x30), *range(0x40, 0x50), *range(0x60, 0x80))),
        ("zen6", (*range(0x50, 0x60), *range(0x80, 0xB0), *range(0xC0, 0xF0))),
    ),
    (_INTEL, 6): _models(
        ("core2", (0x0F, 0x16, 0x17, 0x1D)),
        ("nehalem", (0x1A, 0x1E, 0x1F, 0x2E)),
        ("westmere", (0x25, 0x2C, 0x2F)),
        ("sandybridge", (0x2A, 0x2D)),
        ("ivybridge", (0x3A, 0x3E)),
        ("haswell", (0x3C, 0x3F, 0x45, 0x46)),
        ("broadwell", (0x3D, 0x47, 0x4F, 0x56)),
        # With Kaby, Coffee, Amber, Whiskey and Comet Lake, which are the same cores.
        ("skylake", (0x4E, 0x5E, 0x8E, 0x9E, 0xA5, 0xA6)),
        ("skylake_avx512", (0x55,)),
        ("mic_knl", (0x57,)),
        ("cannonlake", (0x66,)),
        # With Tiger and Rocket Lake, for which archspec has no names of their own.
        ("icelake", (0x6A, 0x6C, 0x7D, 0x7E, 0x8C, 0x8D, 0xA7)),
        # With Emerald and Granite Rapids.
        ("sapphirerapids", (0x8F, 0xCF, 0xAD, 0xAE)),
        # With Raptor and Meteor Lake.
        ("alderlake", (0x97, 0x9A, 0xB7, 0xBA, 0xBF, 0xAA, 0xAC)),
        ("arrowlake", (0xC5,)),
        ("arrowlake_s", (0xC6,)),
    ),
}
"""archspec's name of each known model, by vendor and family."""

_FLOORS: Final = {(_AMD, 0x15): "bulldozer", (_AMD, 0x17): "zen", (_AMD, 0x19): "zen3", (_AMD, 0x1A): "zen5"}


def name_by_model(vendor: str | None, family: int | None, model: int | None, stepping: int | None) -> str | None:
    """Returns archspec's name for a CPU by its CPUID numbers; None if it isn't in the tables."""
    if vendor is None or family is None or model is None:
        return None
    name = MODELS.get((vendor, family), {}).get(model)
    if name == "skylake_avx512" and (stepping or 0) >= _CASCADE_LAKE_STEPPING:
        # Cascade and Cooper Lake have Skylake's model number but later steppings.
        return "cascadelake"
    return name


def family_floor(vendor: str | None, family: int | None) -> str | None:
    """Returns a family's oldest microarchitecture, for models newer than the tables; None if it isn't known."""
    return None if vendor is None or family is None else _FLOORS.get((vendor, family))
