"""The name of a CPU's microarchitecture, by archspec's table of them."""

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

from hwprofile.probe.x86_models import family_floor, name_by_model

if TYPE_CHECKING:
    from archspec.cpu import Microarchitecture

__all__ = ["arm_vendor", "microarchitecture", "psabi_level", "this_hosts_microarchitecture"]

_X86_64 = "x86_64"
_POWER = ("ppc64", "ppc64le")


def microarchitecture(
    architecture: str | None,
    *,
    vendor: str | None,
    instruction_sets: Collection[str],
    numbers: tuple[int | None, int | None, int | None] = (None, None, None),
    parts: Collection[str] = (),
    generation: int | None = None,
    design: str | None = None,
) -> str | None:
    """archspec's name for a CPU; None for an architecture of which it knows no microarchitectures.

    On x86-64 `numbers`, its family, model and stepping, identify a CPU whatever features a hypervisor hides; for models
    that aren't known, vendor and instruction sets do. Elsewhere they do together with `parts`, the part numbers of an
    Arm host's cores ("0xd0c"); the `generation` of POWER; the `design` on RISC-V ("sifive,u74-mc"). Cores of several
    designs have the generic name in common. What fits nothing has a generic name too ("x86_64_v3"), as archspec gives
    it.
    """
    from archspec.cpu import TARGETS

    if architecture not in (_X86_64, "aarch64", "riscv64", *_POWER):
        return None
    family = TARGETS[architecture]
    known = [target for target in TARGETS.values() if target == family or family in target.ancestors]
    if architecture == _X86_64 and (named := name_by_model(vendor, *numbers)) is not None:
        return named
    vendors = {"generic", (vendor or "").lower()}
    if architecture == _X86_64:
        known = [target for target in known if target.vendor.lower() in vendors and _can(target, instruction_sets)]
    elif architecture == "aarch64":
        known = [target for target in known if target.vendor.lower() in vendors and _can(target, instruction_sets)]
        # Which version of the architecture it is can't be told from the features: the family stands for them all.
        known = [target for target in known if target.vendor != "generic" or target == family]
        known = _of_parts(known, family, parts)
    elif architecture in _POWER:
        known = [target for target in known if target.generation <= (generation or 0)]
    else:
        name = re.sub(r"^.*,|\W", "", design or "")
        known = [target for target in known if target.vendor == "generic" or target.name == name]
    # A rare feature may be switched off by firmware: what descends from the best generic name is the nearer answer.
    generic = max((target for target in known if target.vendor == "generic"), key=_newness, default=family)
    found = max((target for target in known if target > generic), key=_newness, default=generic)
    floor = family_floor(vendor, numbers[0]) if architecture == _X86_64 else None
    # A model that is newer than the tables is at least its family's first.
    return str(found.name) if floor is None or found > TARGETS[floor] else floor


def _can(target: "Microarchitecture", instruction_sets: Collection[str]) -> bool:
    return bool(target.features <= set(instruction_sets))


def _newness(target: "Microarchitecture") -> tuple[int, int]:
    return len(target.ancestors), len(target.features)


def _of_parts(
    known: list["Microarchitecture"], family: "Microarchitecture", parts: Collection[str]
) -> list["Microarchitecture"]:
    """Those of the core's part number if the number is a known one; only the family where cores differ."""
    if len(parts) > 1:
        return [family]
    named = [target for target in known if target.cpu_part in parts and target.cpu_part]
    return [family, *named] if named else known


def psabi_level(instruction_sets: Collection[str]) -> int:
    """The level of x86-64's psABI, 1 to 4, that instruction sets amount to."""
    from archspec.cpu import TARGETS

    return max((level for level in (2, 3, 4) if _can(TARGETS[f"x86_64_v{level}"], instruction_sets)), default=1)


def arm_vendor(implementer: str) -> str:
    """The name behind the code of an Arm core's implementer, in lower case ("0x41" is "arm"); else the code itself."""
    from archspec.cpu.schema import TARGETS_JSON

    return str(TARGETS_JSON["conversions"]["arm_vendors"].get(implementer.lower(), implementer)).lower()


def this_hosts_microarchitecture() -> str | None:
    """archspec's own answer for this host, which asks macOS and Windows what no file there says."""
    from archspec.cpu import host

    return str(host().name)
