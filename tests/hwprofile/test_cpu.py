import json
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from hwprofile import instruction_sets
from hwprofile.cpu import normalised

RECORDED = Path(__file__).resolve().parents[2].parent / "shared/data/hw/py-cpuinfo"


@pytest.fixture
def recorded(tmp_path):
    """A root folder whose /proc/cpuinfo is that of a recorded machine; skips, by name, where it is absent."""

    def root(machine: str) -> Path:
        file = RECORDED / machine / "cat_proc_cpuinfo.txt"
        if not file.is_file():
            pytest.skip(f"captures absent: hw/py-cpuinfo/{machine}")
        (tmp_path / "proc").mkdir()
        (tmp_path / "proc/cpuinfo").write_bytes(file.read_bytes())
        return tmp_path

    return root


def write_cpuinfo(root: Path, text: str) -> Path:
    (root / "proc").mkdir()
    (root / "proc/cpuinfo").write_text(text)
    return root


@pytest.mark.parametrize(
    ("machine", "has", "lacks"),
    [
        ("linux_debian_8_x86_64", {"sse", "sse2", "sse3", "pni", "ssse3"}, {"sse4_2", "avx", "neon"}),
        ("linux_ubuntu_16_04_x86_64", {"sse2", "sse3", "ssse3", "sse4_2", "popcnt"}, {"avx2", "avx512f", "neon"}),
        ("linux_odroid_c2_aarch64", {"asimd", "neon", "fp", "crc32"}, {"sve", "sse2"}),
        ("linux_raspberry_pi_model_b_arm", {"vfp", "thumb"}, {"neon", "asimd"}),
        ("linux_old_world_loongarch64", {"lsx", "lasx"}, {"neon"}),
        ("linux_new_world_loongarch64", {"lam", "fpu"}, {"lasx"}),
        ("linux_fedora_24_ppc64le", {"altivec"}, {"sse2"}),
    ],
)
def test_recorded_machines(recorded, machine, has, lacks):
    """A recorded /proc/cpuinfo of each architecture gives the sets that it lists, and none that it doesn't."""
    found = instruction_sets(recorded(machine))
    assert has <= found
    assert not lacks & found


@pytest.mark.parametrize("machine", ["linux_debian_8_5_x86_64", "linux_fedora_24_x86_64", "linux_odroid_c2_aarch64"])
def test_agrees_with_py_cpuinfo(recorded, machine):
    """What py-cpuinfo's own tests expect of a recorded machine is among what is found."""
    found = instruction_sets(recorded(machine))
    expected = json.loads((RECORDED / machine / "expected.json").read_text())["expected"]
    flags = [case["flags"] for case in expected.values() if "flags" in case]
    assert flags
    for names in flags:
        assert normalised(names) <= found


def test_only_what_every_cpu_has(tmp_path):
    """Where the cores of a host differ, a set that one of them lacks isn't usable."""
    root = write_cpuinfo(
        tmp_path, "processor : 0\nFeatures : fp asimd sve\n\nprocessor : 1\nFeatures : fp asimd\nHardware : x\n"
    )
    assert instruction_sets(root) == {"fp", "asimd", "neon"}


def test_unknown_is_empty(tmp_path):
    """A root without kernel files gives nothing, not this host's own sets."""
    assert instruction_sets(tmp_path) == frozenset()
    assert instruction_sets(write_cpuinfo(tmp_path, "no colon\n\x00:\n")) == frozenset()


def test_names_of_other_systems():
    """The names that macOS and Windows use become those of Linux."""
    assert normalised(["SSE4.2", "AVX1.0", "sse3", "AVX2"]) == {"sse4_2", "avx1_0", "avx", "sse3", "avx2"}


@pytest.mark.parametrize(("machine", "expected"), [("arm64", "neon"), ("AMD64", "sse2"), ("x86_64", "sse2")])
def test_without_kernel_files_or_libraries(monkeypatch, machine, expected):
    """Where neither the kernel nor py-cpuinfo says anything, what the architecture always has is still known."""
    from hwprofile import cpu

    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setitem(sys.modules, "cpuinfo", None)
    assert expected in cpu._from_libraries()


def test_py_cpuinfo_fills_in(monkeypatch):
    """Where the kernel has no list, py-cpuinfo's counts, in our names."""
    from hwprofile import cpu

    class Library:
        @staticmethod
        def get_cpu_info():
            return {"flags": ["sse4.2", "avx2"]}

    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setitem(sys.modules, "cpuinfo", Library)
    assert cpu._from_libraries() == {"fxsr", "mmx", "sse", "sse2", "sse4_2", "avx2"}


def test_imports_nothing_of_ours():
    """The import brings in neither Mainspring nor py-cpuinfo nor psutil."""
    program = "import sys, hwprofile.__main__; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"mainspring", "mainspring_plugins", "cpuinfo", "psutil", "msgspec"} & set(done.stdout.split())
