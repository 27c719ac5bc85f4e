import ctypes
import json
import platform
import sys
from pathlib import Path
from typing import Any

import archspec.cpu
import pytest

from hwprofile.instructions import normalised
from hwprofile.probe import cpu as cpu_module
from hwprofile.probe.cpu import read_cpu
from hwprofile.probe.x86_models import name_by_model

DATA = Path(__file__).resolve().parents[3].parent / "shared/data/hw"
LIBRARY_MACHINES = DATA / "py-cpuinfo"
TARGETS = DATA / "archspec-json/tests/targets"

ON_LINUX = (
    *("bug_152_cpu_zero", "linux_alt_p9_mipsel_bfk3", "linux_beagle_bone_arm", "linux_debian_8_5_x86_64"),
    *("linux_debian_8_7_1_ppc64le", "linux_debian_8_x86_64", "linux_fedora_24_ppc64le", "linux_fedora_24_x86_64"),
    *("linux_gentoo_2_2_x86_64", "linux_mips64el_loongson3A3000", "linux_new_world_loongarch64"),
    *("linux_odroid_c2_aarch64", "linux_old_world_loongarch64", "linux_raspberry_pi_model_b_arm"),
    "linux_ubuntu_16_04_x86_64",
)
# Machines whose record holds what other systems' commands printed (dmesg, sysctl, kstat, sysinfo, wmic), and no file
# of a Linux kernel: there, read_cpu asks archspec and py-cpuinfo, whose own parsers these records test.
ON_OTHER_SYSTEMS = (
    *("free_bsd_11_x86_64", "haiku_x86_32", "haiku_x86_64", "open_indiana_5_11_x86_64_ryzen_7", "osx_10_9_x86_64"),
    *("pcbsd_10_x86_64", "solaris_11_x86_32", "true_os_18_x86_64_ryzen_7", "windows_8_x86_64"),
)
OURS = {"vendor_id_raw": "vendor", "brand_raw": "model_name", "family": "family", "model": "model"} | {
    "stepping": "stepping"
}
# Both libraries know a byte order only from `uname -m`; /proc/cpuinfo of POWER doesn't tell it.
LITTLE_ENDIAN = {"linux-centos7-power8le": "3.10.0-957.el7.ppc64le"}


def root_with(tmp_path: Path, cpuinfo: str, **files: str) -> Path:
    (tmp_path / "proc/sys/kernel").mkdir(parents=True, exist_ok=True)
    (tmp_path / "proc/cpuinfo").write_text(cpuinfo)
    for name, text in files.items():
        path = tmp_path / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def recorded(machine: str) -> tuple[str, dict[str, dict[str, Any]]]:
    folder = LIBRARY_MACHINES / machine
    if not folder.is_dir():
        pytest.skip(f"captures absent: hw/py-cpuinfo/{machine}")
    return (folder / "cat_proc_cpuinfo.txt").read_text(), json.loads((folder / "expected.json").read_text())["expected"]


def target_names() -> list[str]:
    """The recorded CPUs of archspec's that come from /proc/cpuinfo; one that is skipped, where they are absent."""
    return sorted(path.name for path in TARGETS.glob("*-*-*") if path.name.startswith(("linux-", "bgq-"))) or ["absent"]


@pytest.mark.parametrize("target", target_names())
def test_microarchitectures_of_archspec(tmp_path, target):
    """The first block of /proc/cpuinfo of each of archspec's recorded CPUs gives the name that archspec expects."""
    if target == "absent":
        pytest.skip("captures absent: hw/archspec-json/tests/targets")
    files = {}
    if target in LITTLE_ENDIAN:
        files["proc__sys__kernel__osrelease"] = LITTLE_ENDIAN[target]
    found = read_cpu(root_with(tmp_path, (TARGETS / target).read_text(), **files))
    assert found.microarchitecture == target.rpartition("-")[2]


@pytest.mark.parametrize("machine", ON_LINUX)
def test_machines_of_py_cpuinfo(tmp_path, machine):
    """Vendor, model, family, stepping and instruction sets are what py-cpuinfo's tests expect of /proc/cpuinfo."""
    text, expected = recorded(machine)
    cases = [case for name, case in expected.items() if name.endswith("_proc_cpuinfo")]
    assert cases
    found = read_cpu(root_with(tmp_path, text))
    for case in cases:
        for theirs, ours in OURS.items():
            assert theirs not in case or getattr(found, ours) == case[theirs]
        if "flags" in case:
            assert set(found.instruction_sets) == normalised(case["flags"])


@pytest.mark.parametrize("machine", ON_LINUX)
def test_architectures_of_py_cpuinfo(tmp_path, machine):
    """The architecture that /proc/cpuinfo gives away is that of the machine, but for what can't be told from it."""
    folder = LIBRARY_MACHINES / machine
    if not folder.is_dir():
        pytest.skip(f"captures absent: hw/py-cpuinfo/{machine}")
    uname = json.loads((folder / "expected.json").read_text())["mock"]["arch_string_raw"]
    # The byte order isn't told; and a BeagleBone's uname stands beside a Raspberry Pi's /proc/cpuinfo in that record.
    uname = {"ppc64le": "ppc64", "armv7l": "armv6l"}.get(uname, uname)
    assert read_cpu(root_with(tmp_path, (folder / "cat_proc_cpuinfo.txt").read_text())).architecture == uname


@pytest.mark.parametrize("machine", ON_OTHER_SYSTEMS)
def test_machines_without_files_of_a_kernel(machine):
    """Nothing is there that read_cpu could read: these records are of commands, each of another system."""
    folder = LIBRARY_MACHINES / machine
    if not folder.is_dir():
        pytest.skip(f"captures absent: hw/py-cpuinfo/{machine}")
    assert not list(folder.glob("*cpuinfo*"))


def test_every_recorded_machine_is_in_a_test():
    """No folder of py-cpuinfo's machines is left out; selinux/ records no machine."""
    if not LIBRARY_MACHINES.is_dir():
        pytest.skip("captures absent: hw/py-cpuinfo")
    folders = {path.name for path in LIBRARY_MACHINES.iterdir() if path.is_dir()}
    assert folders - {"selinux"} == {*ON_LINUX, *ON_OTHER_SYSTEMS}


@pytest.mark.parametrize(
    ("cpuinfo", "expected"),
    [
        (
            "vendor_id : IBM/S390\nfeatures : esan3 vx\nprocessor 0: version = 00, machine = 2964\n",
            ("IBM/S390", "IBM machine type 2964", "s390x"),
        ),
        (
            "processor : 0\nvendor : GenuineIntel\narch : IA-64\nfamily : Itanium 2\n",
            ("GenuineIntel", "Itanium 2", "ia64"),
        ),
        ("processor : 0\nisa : rv64imafdc\nuarch : sifive,u74-mc\n", ("sifive", "sifive,u74-mc", "riscv64")),
        (
            "processor : 0\ncpu : Cell Broadband Decoder, altivec supported\n",
            ("ibm", "Cell Broadband Decoder, altivec supported", "ppc64"),
        ),
    ],
)
def test_rarer_architectures(tmp_path, cpuinfo, expected):
    """Each architecture's kernel names the CPU in its own way."""
    found = read_cpu(root_with(tmp_path, cpuinfo))
    assert (found.vendor, found.model_name, found.architecture) == expected


@pytest.mark.parametrize(
    ("machine", "vendor", "model", "architecture"),
    [
        ("linux_raspberry_pi_model_b_arm", "arm", "ARMv6-compatible processor rev 7 (v6l)", "armv6l"),
        ("linux_odroid_c2_aarch64", "arm", "Arm implementer 0x41, part 0xd03", "aarch64"),
        ("linux_fedora_24_ppc64le", "ibm", "POWER8E (raw), altivec supported", "ppc64"),
        ("linux_alt_p9_mipsel_bfk3", "mips", "MIPS P5600 V3.0  FPU V2.0", "mips"),
        ("linux_mips64el_loongson3A3000", "loongson", "ICT Loongson-3A R3 (Loongson-3A3000) @ 1449MHz", "mips64"),
        ("linux_new_world_loongarch64", "loongson", "Loongson-3A5000", "loongarch64"),
    ],
)
def test_vendors_that_only_we_name(tmp_path, machine, vendor, model, architecture):
    """Where the kernel has no field of that name, the vendor comes from the implementer's number or the model."""
    text, _ = recorded(machine)
    found = read_cpu(root_with(tmp_path, text))
    assert (found.vendor, found.model_name, found.architecture) == (vendor, model, architecture)


ARM = "processor : {n}\nFeatures : {f}\nCPU implementer : 0x41\nCPU architecture: 8\nCPU variant : 0x1\n"
NEOVERSE_V1 = (
    "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm jscvt fcma lrcpc dcpop sha3 sm3 "
    "sm4 asimddp sha512 sve asimdfhm dit uscat ilrcpc flagm ssbs paca pacg dcpodp svei8mm svebf16 i8mm bf16 dgh rng"
)


def test_arm_numbers_and_the_length_of_sve(tmp_path):
    """Implementer, part, variant and revision identify an Arm core; a recorded host's SVE length is its default."""
    text = ARM.format(n=0, f=NEOVERSE_V1) + "CPU part : 0xd40\nCPU revision : 2\n"
    found = read_cpu(root_with(tmp_path, text, proc__sys__abi__sve_default_vector_length="32\n"))
    assert (found.vendor, found.family, found.model, found.stepping) == ("arm", 8, 0xD40, 0x12)
    assert (found.microarchitecture, found.sve_bits) == ("neoverse_v1", 256)
    assert {"sve", "neon"} <= set(found.instruction_sets)


def test_cores_of_two_designs(tmp_path):
    """A host of big and little cores has in common what its architecture has, not the name of its first core."""
    blocks = [ARM.format(n=n, f="fp asimd") + f"CPU part : {part}\n\n" for n, part in enumerate(("0xd03", "0xd08"))]
    assert read_cpu(root_with(tmp_path, "".join(blocks))).microarchitecture == "aarch64"


def test_the_kernels_own_word_for_the_architecture(tmp_path):
    """Kernels from 6.1 on name the architecture, and many releases end with it; what the fields tell comes last."""
    cpuinfo = "processor : 0\ncpu : POWER9, altivec supported\nrevision : 2.2 (pvr 004e 1202)\n"
    root = root_with(tmp_path, cpuinfo)
    assert (read_cpu(root).architecture, read_cpu(root).microarchitecture) == ("ppc64", "power9")
    root_with(tmp_path, cpuinfo, proc__sys__kernel__osrelease="4.18.0-80.el8.ppc64le\n")
    assert (read_cpu(root).architecture, read_cpu(root).microarchitecture) == ("ppc64le", "power9le")
    root_with(tmp_path, cpuinfo, proc__sys__kernel__arch="ppc64\n")
    found = read_cpu(root)
    assert (found.architecture, found.microarchitecture, found.model, found.stepping) == (
        *("ppc64", "power9"),
        *(0x4E, 0x1202),
    )


LEVEL_1 = "fpu lm fxsr mmx sse sse2"
LEVEL_2 = f"{LEVEL_1} pni ssse3 sse4_1 sse4_2 popcnt cx16 lahf_lm"
LEVEL_3 = f"{LEVEL_2} xsave avx avx2 bmi1 bmi2 f16c fma abm movbe"
LEVEL_4 = f"{LEVEL_3} avx512f avx512bw avx512cd avx512dq avx512vl"


@pytest.mark.parametrize(
    ("flags", "level"),
    [
        *((LEVEL_1, 1), (LEVEL_2, 2), (LEVEL_3, 3), (LEVEL_4, 4)),
        (LEVEL_4.replace("avx512cd", ""), 3),
        (LEVEL_4.replace("xsave", ""), 2),
        (LEVEL_2.replace("lm ", "", 1), None),
    ],
)
def test_levels_of_the_psabi(tmp_path, flags, level):
    """The x86-64 level is the highest of which nothing lacks; a 32-bit CPU has none."""
    assert read_cpu(root_with(tmp_path, f"processor : 0\nflags : {flags}\n")).x86_64_level == level


def test_nothing_known(tmp_path):
    """A root without files gives None everywhere, nothing of the host that runs the test."""
    found = vars(read_cpu(tmp_path))
    assert found.pop("instruction_sets") == ()
    assert set(found.values()) == {None}


def test_this_host():
    """On the host that runs the test, the name is that of its numbers, or archspec's own."""
    found = read_cpu(Path("/"))
    assert found.architecture
    known = name_by_model(found.vendor, found.family, found.model, found.stepping) or archspec.cpu.host().name
    assert found.microarchitecture in (known, None)
    assert found.instruction_sets


def test_hosts_without_such_files(monkeypatch):
    """Where this host has no /proc/cpuinfo, archspec and py-cpuinfo are asked."""
    answers = {"vendor_id_raw": "GenuineIntel", "brand_raw": "Core i5", "family": 6, "model": 58, "stepping": 9}
    monkeypatch.setattr(cpu_module, "cpuinfo_fields", lambda root: {})
    monkeypatch.setattr(cpu_module, "library_answers", lambda: answers)
    monkeypatch.setattr(cpu_module, "this_hosts_microarchitecture", lambda: "ivybridge")
    monkeypatch.setattr(cpu_module, "instruction_sets", lambda: frozenset({"sse2"}))
    monkeypatch.setattr(platform, "machine", lambda: "AMD64")
    found = read_cpu(Path("/"))
    assert (found.vendor, found.model_name, found.architecture) == ("GenuineIntel", "Core i5", "x86_64")
    assert (found.microarchitecture, found.x86_64_level) == ("ivybridge", 1)


def test_the_length_of_sve_is_asked_of_the_kernel(monkeypatch):
    """This process' own SVE length comes by prctl: bytes in the low half of its answer."""

    class Library:
        @staticmethod
        def prctl(*arguments: int) -> int:
            assert arguments[0] == 51
            return 1 << 17 | 64

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda name, use_errno: Library)
    assert cpu_module._sve_bits(Path("/")) == 512
