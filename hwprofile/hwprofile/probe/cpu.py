"""Identifies a host's CPU from the kernel's files, below any root."""

import ctypes
import platform
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from hwprofile.instructions import instruction_sets, library_answers
from hwprofile.kernel_files import cpuinfo_fields, kernel_release, read_text
from hwprofile.probe.microarchitecture import (
    arm_vendor,
    microarchitecture,
    psabi_level,
    this_hosts_microarchitecture,
)
from hwprofile.probe.numbers import read_int
from hwprofile.probe.x86_models import name_by_model
from hwprofile.profile import Cpu

__all__ = ["read_cpu"]

_ROOT = Path("/")
_PR_SVE_GET_VL = 51
_SVE_LENGTH_BYTES = 0xFFFF
# Other systems' names of the same architectures.
_ARCHITECTURES = {"amd64": "x86_64", "x64": "x86_64", "arm64": "aarch64"}

_Fields = Mapping[str, Sequence[str]]


def read_cpu(root: Path) -> Cpu:
    """Returns the CPU of the host whose files are below `root`.

    On Arm, which has no such numbers, `family` is the version of the architecture, `model` the part number and
    `stepping` variant and revision (r1p2 is 0x12); on POWER, `model` and `stepping` are the halves of the processor
    version register. If the host's CPUs differ, the identity is that of the first, and the microarchitecture is what
    they have in common.
    """
    fields = cpuinfo_fields(root)
    if root == _ROOT and not fields:
        return _from_libraries()
    sets = instruction_sets(root)
    architecture = _architecture(root, fields)
    vendor = _vendor(fields)
    family, model, stepping = _numbers(fields)
    power = re.match(r"POWER(\d+)", _first(fields, "cpu") or "")
    return Cpu(
        architecture=architecture,
        vendor=vendor,
        model_name=_model_name(fields),
        family=family,
        model=model,
        stepping=stepping,
        microcode=_first(fields, "microcode"),
        microarchitecture=microarchitecture(
            architecture,
            vendor=vendor,
            instruction_sets=sets,
            numbers=(family, model, stepping),
            parts={part.lower() for part in fields.get("cpu part", ())},
            generation=int(power[1]) if power else None,
            design=_first(fields, "uarch") or ("x60" if "X60" in (_first(fields, "model name") or "") else None),
        ),
        x86_64_level=psabi_level(sets) if architecture == "x86_64" else None,
        instruction_sets=tuple(sorted(sets)),
        sve_bits=_sve_bits(root) if "sve" in sets else None,
    )


def _first(fields: _Fields, name: str) -> str | None:
    """Returns a field's first value that isn't empty."""
    return next((value for value in fields.get(name, ()) if value), None)


def _number(fields: _Fields, name: str) -> int | None:
    try:
        return int(_first(fields, name) or "", 0)
    except ValueError:
        return None


def _architecture(root: Path, fields: _Fields) -> str | None:
    """Returns the name that `uname -m` prints: the kernel's own, else one inferred from `/proc/cpuinfo`."""
    if root == _ROOT:
        return platform.machine() or None
    reported = read_text(root / "proc/sys/kernel/arch")
    if reported:
        return reported
    release = (kernel_release(root) or "").replace("-", ".").rpartition(".")[2]
    if release in ("x86_64", "i686", "aarch64", "armv7l", "ppc64", "ppc64le", "s390x", "riscv64", "loongarch64"):
        return release
    return next(_deduced(fields), None)


def _deduced(fields: _Fields) -> Iterator[str]:
    flags = (_first(fields, "flags") or "").split()
    if "fpu" in flags:
        yield "x86_64" if "lm" in flags else "i686"
    if "cpu implementer" in fields:
        version = re.search(r"\((v\d+\w*)\)", _model_name(fields) or "")
        if "asimd" in (_first(fields, "features") or "").split():
            yield "aarch64"
        yield f"arm{version[1]}" if version else "arm"
    # POWER doesn't show its byte order, so the architecture's name stands for both.
    if (_first(fields, "cpu") or "").startswith(("POWER", "PPC970", "Cell Broadband")):
        yield "ppc64"
    isa = _first(fields, "isa") or ""
    if isa.startswith("rv"):
        yield f"riscv{isa[2:4]}"
    if "loongarch64" in isa.split():
        yield "loongarch64"
    if isa.startswith("mips"):
        yield "mips64" if "mips64r1" in isa.split() else "mips"
    if (_first(fields, "vendor_id") or "").startswith("IBM/S390"):
        yield "s390x"
    if (_first(fields, "arch") or "").startswith("IA-64"):
        yield "ia64"


def _vendor(fields: _Fields) -> str | None:
    implementer = _first(fields, "cpu implementer")
    if implementer is not None:
        return arm_vendor(implementer)
    named = _first(fields, "vendor_id") or _first(fields, "vendor")
    if named is not None:
        return named
    design, comma, _ = (_first(fields, "uarch") or "").partition(",")
    if comma:
        return design
    model = " ".join(filter(None, (_model_name(fields), _first(fields, "cpu family"), _first(fields, "cpu model"))))
    for mark, name in (
        ("Loongson", "loongson"),
        ("POWER", "ibm"),
        ("PPC970", "ibm"),
        ("Cell Broadband", "ibm"),
        ("MIPS", "mips"),
    ):
        if mark in model:
            return name
    return None


def _model_name(fields: _Fields) -> str | None:
    for name in ("model name", "cpu model", "cpu", "processor", "family"):
        for value in fields.get(name, ()):
            # Old Arm kernels write the model as "Processor", all others the CPU's number.
            if value and not value.isdecimal():
                return value
    if "cpu implementer" in fields and "cpu part" in fields:
        # Arm kernels name no model; these two numbers identify it.
        return f"Arm implementer {fields['cpu implementer'][0]}, part {fields['cpu part'][0]}"
    machine = re.search(r"machine = (\w+)", _first(fields, "processor 0") or "")
    return f"IBM machine type {machine[1]}" if machine else _first(fields, "uarch")


def _numbers(fields: _Fields) -> tuple[int | None, int | None, int | None]:
    """Returns family, model and stepping as described in `read_cpu`."""
    if "cpu implementer" in fields:
        variant, revision = _number(fields, "cpu variant"), _number(fields, "cpu revision")
        stepping = None if variant is None or revision is None else variant << 4 | revision
        # "AArch64" is how kernels before 3.17 wrote version 8.
        family = 8 if _first(fields, "cpu architecture") == "AArch64" else _number(fields, "cpu architecture")
        return family, _number(fields, "cpu part"), stepping
    version = re.search(r"\(pvr ([0-9a-f]{4}) ([0-9a-f]{4})\)", _first(fields, "revision") or "")
    if version:
        return None, int(version[1], 16), int(version[2], 16)
    if "marchid" in fields:
        return None, _number(fields, "marchid"), _number(fields, "mimpid")
    stepping = _number(fields, "stepping")
    return (
        _number(fields, "cpu family"),
        _number(fields, "model"),
        _number(fields, "cpu revision") if stepping is None else stepping,
    )


def _sve_bits(root: Path) -> int | None:
    """Returns the length of this thread's SVE registers; for a recorded host, its processes' default."""
    if root == _ROOT and sys.platform == "linux":
        answer = ctypes.CDLL(None, use_errno=True).prctl(_PR_SVE_GET_VL, 0, 0, 0, 0)
        if answer >= 0:
            return 8 * (int(answer) & _SVE_LENGTH_BYTES)
    length = read_int(root / "proc/sys/abi/sve_default_vector_length")
    return None if length is None else 8 * length


def _from_libraries() -> Cpu:
    """Returns this host's CPU according to archspec and py-cpuinfo, without kernel files (macOS, Windows)."""
    answers = library_answers()
    sets = instruction_sets()
    machine = platform.machine().lower()
    architecture = _ARCHITECTURES.get(machine, machine) or None
    return Cpu(
        architecture=architecture,
        vendor=answers.get("vendor_id_raw"),
        model_name=answers.get("brand_raw") or platform.processor() or None,
        family=answers.get("family"),
        model=answers.get("model"),
        stepping=answers.get("stepping"),
        microcode=None,
        microarchitecture=name_by_model(
            answers.get("vendor_id_raw"), answers.get("family"), answers.get("model"), answers.get("stepping")
        )
        or this_hosts_microarchitecture(),
        x86_64_level=psabi_level(sets) if architecture == "x86_64" else None,
        instruction_sets=tuple(sorted(sets)),
        sve_bits=None,
    )
