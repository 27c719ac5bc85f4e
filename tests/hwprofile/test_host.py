import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hwprofile import describe
from hwprofile.__main__ import main
from hwprofile.kernel_files import parse_cpu_list

RECORDED = Path(__file__).resolve().parents[2].parent / "shared/data/hw/py-cpuinfo"


@pytest.fixture
def host(tmp_path):
    """Writes the files of a host, given by their paths, and returns its root."""

    def write(**files: str) -> Path:
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return write


def test_this_host():
    """The host that runs the test: what any system says is known, and agrees with Python's own view."""
    found = describe()
    assert found.python is not None
    assert found.python.startswith("CPython 3.")
    assert found.memory_total_bytes is not None
    assert found.memory_total_bytes > 2**27
    assert found.online_cpus
    if hasattr(os, "sched_getaffinity"):
        assert found.usable_cpus == tuple(sorted(os.sched_getaffinity(0)))


def test_another_host(host):
    """Files below another root are all that is told: nothing of the running host gets in."""
    root = host(
        proc__cpuinfo="processor : 0\nmodel name : Epyc\nflags : sse hypervisor\n",
        proc__meminfo="MemTotal:       16384 kB\nMemFree: 1 kB\n",
        proc__sys__kernel__osrelease="6.1.0-test\n",
        sys__devices__system__cpu__online="0-2,5\n",
        sys__class__dmi__id__sys_vendor="Amazon EC2\n",
    )
    found = describe(root)
    assert found.cpu_model == "Epyc"
    assert found.memory_total_bytes == 16384 * 1024
    assert found.kernel == "6.1.0-test"
    assert found.online_cpus == (0, 1, 2, 5)
    assert found.hypervisor == "amazon"
    assert (found.usable_cpus, found.python, found.system, found.architecture) == (None, None, None, None)


def test_nothing_known(tmp_path):
    """A root with no files gives None for everything, and no guess."""
    found = describe(tmp_path)
    assert found.instruction_sets == ()
    assert {value for name, value in vars(found).items() if name != "instruction_sets"} == {None}


@pytest.mark.parametrize(
    ("vendor", "flags", "expected"),
    [
        ("QEMU", "sse hypervisor", "qemu"),
        ("QEMU", "sse", "qemu"),
        ("Amazon EC2", "sse", None),
        ("Microsoft Corporation", "sse hypervisor", "hyper-v"),
        ("Dell Inc.", "sse", None),
        ("Dell Inc.", "sse hypervisor", "unnamed"),
    ],
)
def test_hypervisor(host, vendor, flags, expected):
    """A cloud's name proves no hypervisor (it rents out bare metal too), the CPU's flag proves one without a name."""
    root = host(sys__class__dmi__id__sys_vendor=vendor, proc__cpuinfo=f"flags : {flags}\n")
    assert describe(root).hypervisor == expected


def test_xen_names_itself(host):
    """The kernel's own word on the hypervisor comes before the firmware's."""
    root = host(sys__hypervisor__type="xen\n", sys__class__dmi__id__sys_vendor="Amazon EC2")
    assert describe(root).hypervisor == "xen"


@pytest.mark.parametrize(
    ("machine", "model"),
    [
        ("linux_debian_8_5_x86_64", "Intel(R) Pentium(R) CPU G640 @ 2.80GHz"),
        ("linux_raspberry_pi_model_b_arm", "ARMv6-compatible processor rev 7 (v6l)"),
        ("linux_odroid_c2_aarch64", "Arm implementer 0x41, part 0xd03"),
        ("linux_fedora_24_ppc64le", "POWER8E (raw), altivec supported"),
        ("linux_alt_p9_mipsel_bfk3", "MIPS P5600 V3.0  FPU V2.0"),
        ("linux_new_world_loongarch64", "Loongson-3A5000"),
    ],
)
def test_cpu_model_of_recorded_machines(tmp_path, machine, model):
    """Each architecture's kernel names the model in its own field; all of them are found."""
    file = RECORDED / machine / "cat_proc_cpuinfo.txt"
    if not file.is_file():
        pytest.skip(f"captures absent: hw/py-cpuinfo/{machine}")
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cpuinfo").write_bytes(file.read_bytes())
    assert describe(tmp_path).cpu_model == model


def test_cpu_lists():
    """The kernel's lists of CPUs, ranges and single ones, in any order; what isn't one is an error."""
    assert parse_cpu_list("0-3,8\n") == (0, 1, 2, 3, 8)
    assert parse_cpu_list("8,1-2") == (1, 2, 8)
    assert parse_cpu_list("") == ()
    with pytest.raises(ValueError, match="invalid literal"):
        parse_cpu_list("0-x")


def test_show_as_json(capsys):
    """`show --json` prints what `describe` found."""
    assert main(["show", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["instruction_sets"] == list(describe().instruction_sets)
    assert printed["cpu_model"] == describe().cpu_model


def test_shows_without_a_command():
    """`python -m hwprofile` alone prints the table, unknown values as such."""
    done = subprocess.run([sys.executable, "-m", "hwprofile"], capture_output=True, text=True, check=True)
    assert "instructions" in done.stdout
    assert done.stderr == ""


def test_unknown_is_said(capsys, monkeypatch, tmp_path):
    """What isn't known is printed as unknown, not left out."""
    import hwprofile.__main__ as command

    nothing = describe(tmp_path)
    monkeypatch.setattr(command, "describe", lambda: nothing)
    assert main([]) == 0
    assert capsys.readouterr().out.count("unknown") == 10
