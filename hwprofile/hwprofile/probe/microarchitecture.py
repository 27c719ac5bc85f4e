"""Names a CPU's microarchitecture by archspec's table."""

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
    """Returns archspec's name for a CPU; None for an architecture without known microarchitectures.

    An x86-64 CPU is identified by `numbers` (family, model and stepping), even if a hypervisor hides features, or by
    vendor and instruction sets if the model isn't known. On other architectures these are combined with `parts`, the
    part numbers of an Arm host's cores ("0xd0c"); the `generation` of POWER; or the `design` on RISC-V
    ("sifive,u74-mc"). Cores of several designs, and CPUs that match nothing, get archspec's generic name ("x86_64_v3").
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
        # Features don't show the version of the architecture, so the family is used for all of them.
        known = [target for target in known if target.vendor != "generic" or target == family]
        known = _of_parts(known, family, parts)
    elif architecture in _POWER:
        known = [target for target in known if target.generation <= (generation or 0)]
    else:
        name = re.sub(r"^.*,|\W", "", design or "")
        known = [target for target in known if target.vendor == "generic" or target.name == name]
    # Firmware may disable a rare feature, so a descendant of the best generic name is the better answer.
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
    """Returns the candidates with the core's part number if it is known; only the family if cores differ."""
    if len(parts) > 1:
        return [family]
    named = [target for target in known if target.cpu_part in parts and target.cpu_part]
    return [family, *named] if named else known


def psabi_level(instruction_sets: Collection[str]) -> int:
    """Returns the level of x86-64's psABI, 1 to 4, that instruction sets reach."""
    from archspec.cpu import TARGETS

    return max((level for level in (2, 3, 4) if _can(TARGETS[f"x86_64_v{level}"], instruction_sets)), default=1)


def arm_vendor(implementer: str) -> str:
    """Returns the lower-case name of an Arm implementer's code ("0x41" is "arm"), or the code if it isn't known."""
    from archspec.cpu.schema import TARGETS_JSON

    return str(TARGETS_JSON["conversions"]["arm_vendors"].get(implementer.lower(), implementer)).lower()


def this_hosts_microarchitecture() -> str | None:
    """Returns archspec's own answer for this host; it queries macOS and Windows, which have no such files."""
    from archspec.cpu import host

    return str(host().name)
