import platform
import subprocess
import sys
from pathlib import Path

import pytest

from hwprofile import instruction_sets, instructions
from hwprofile.instructions import normalised

RECORDED = Path(__file__).resolve().parents[2].parent / "shared/data/hw/py-cpuinfo"


@pytest.fixture
def recorded(tmp_path):
    """A root folder whose /proc/cpuinfo is that of a recorded machine; skips, by name, where it is absent."""

    def root(machine: str) -> Path:
        file = RECORDED / machine / "cat_proc_cpuinfo.txt"
        if not file.is_file():
            pytest.skip(f"captures absent: hw/py-cpuinfo/{machine}")
        return write_cpuinfo(tmp_path, file.read_text())

    return root


@pytest.fixture
def fresh():
    """Forgets what py-cpuinfo said, before and after."""
    instructions.library_answers.cache_clear()
    yield
    instructions.library_answers.cache_clear()


def write_cpuinfo(root: Path, text: str) -> Path:
    (root / "proc").mkdir(exist_ok=True)
    (root / "proc/cpuinfo").write_text(text)
    return root


@pytest.mark.parametrize(
    ("machine", "has", "lacks"),
    [
        ("linux_debian_8_x86_64", {"sse", "sse2", "sse3", "pni", "ssse3"}, {"sse4_2", "avx", "neon"}),
        ("linux_ubuntu_16_04_x86_64", {"sse2", "sse3", "ssse3", "sse4_2", "popcnt"}, {"avx2", "avx512f", "neon"}),
        ("linux_odroid_c2_aarch64", {"asimd", "neon", "fp", "crc32"}, {"sve", "sse2"}),
        ("linux_raspberry_pi_model_b_arm", {"vfp", "thumb"}, {"neon", "asimd"}),
        ("linux_alt_p9_mipsel_bfk3", {"msa", "vz"}, {"neon"}),
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


def test_only_what_every_cpu_has(tmp_path):
    """Where the cores of a host differ, a set that one of them lacks isn't usable."""
    root = write_cpuinfo(
        tmp_path, "processor : 0\nFeatures : fp asimd sve\n\nprocessor : 1\nFeatures : fp asimd\nHardware : x\n"
    )
    assert instruction_sets(root) == {"fp", "asimd", "neon"}


def test_what_the_system_does_not_save_is_not_usable(tmp_path):
    """AVX without XSAVE (an old kernel, booted with noxsave) is listed and yet can't be used; with it, it can."""
    flags = "fpu fxsr sse sse2 sse4_2 avx fma avx2 avx512f"
    assert instruction_sets(write_cpuinfo(tmp_path, f"flags : {flags}\n")) == {"fpu", "fxsr", "sse", "sse2", "sse4_2"}
    assert "avx2" in instruction_sets(write_cpuinfo(tmp_path, f"flags : {flags} xsave\n"))


def test_risc_v_extensions(tmp_path):
    """RISC-V writes its extensions as one word: letters, then longer names."""
    root = write_cpuinfo(tmp_path, "processor : 0\nisa : rv64imafdcv_zicsr_zba\nmmu : sv39\n")
    assert instruction_sets(root) == {"i", "m", "a", "f", "d", "c", "v", "zicsr", "zba"}


def test_unknown_is_empty(tmp_path):
    """A root without kernel files gives nothing, not this host's own sets."""
    assert instruction_sets(tmp_path) == frozenset()
    assert instruction_sets(write_cpuinfo(tmp_path, "no colon\n\x00:\n")) == frozenset()


def test_names_of_other_systems():
    """The names that macOS and Windows use become those of Linux."""
    assert normalised(["SSE4.2", "AVX1.0", "sse3", "AVX2"]) == {"sse4_2", "avx1_0", "avx", "sse3", "avx2"}


@pytest.mark.parametrize(("machine", "expected"), [("arm64", "neon"), ("AMD64", "sse2"), ("x86_64", "sse2")])
def test_without_kernel_files_or_libraries(monkeypatch, fresh, machine, expected):
    """Where neither the kernel nor py-cpuinfo says anything, what the architecture always has is still known."""
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setitem(sys.modules, "cpuinfo", None)
    assert expected in instructions._from_libraries()


def test_py_cpuinfo_fills_in(monkeypatch, fresh):
    """Where the kernel has no list, py-cpuinfo's counts, in our names."""

    class Library:
        @staticmethod
        def get_cpu_info():
            return {"flags": ["sse4.2", "avx2"]}

    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setitem(sys.modules, "cpuinfo", Library)
    assert instructions._from_libraries() == {"fxsr", "mmx", "sse", "sse2", "sse4_2", "avx2"}


def test_the_import_is_light():
    """`import hwprofile` brings in nothing of Mainspring's, and no library at all."""
    program = "import sys, hwprofile; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    libraries = {"archspec", "cpuinfo", "mainspring", "mainspring_plugins", "msgspec", "psutil"}
    assert not libraries & set(done.stdout.split())
