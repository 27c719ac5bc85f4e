import io
import subprocess
import sys

import pytest

from hwprofile.__main__ import main
from hwprofile.profile import HostProfile
from hwprofile.terminal import in_the_terminals_letters


@pytest.fixture
def recorded(tmp_path):
    """A recorded host of one core."""
    files = {
        "proc/cpuinfo": "processor : 0\nvendor_id : GenuineIntel\nmodel name : Xeon of old\nflags : fpu lm sse2\n",
        "proc/sys/kernel/osrelease": "6.1.0-recorded\n",
        "sys/devices/system/cpu/online": "0\n",
        "sys/devices/system/cpu/possible": "0\n",
        "sys/devices/system/cpu/cpu0/topology/core_id": "0\n",
        "sys/devices/system/cpu/cpu0/topology/physical_package_id": "0\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_recorded_host(capsys, recorded):
    """`--from` shows what was recorded, and nothing of the host that runs the test."""
    assert main(["show", "--from", str(recorded)]) == 0
    text = capsys.readouterr().out
    assert "Xeon of old" in text
    assert "6.1.0-recorded" in text
    assert "[0]" in text
    assert "python" not in text


def test_as_json(capsys, recorded):
    """`--json` gives the profile, from which the same one is made again."""
    assert main(["show", "--json", "--from", str(recorded)]) == 0
    profile = HostProfile.from_json(capsys.readouterr().out)
    assert (profile.cpu.model_name, profile.system.python) == ("Xeon of old", None)


def test_without_a_command():
    """`python -m hwprofile` alone shows this host, also where the output takes no frames."""
    for encoding in ("utf-8", "ascii"):
        done = subprocess.run(
            [sys.executable, "-X", "utf8=0", "-m", "hwprofile"],
            capture_output=True,
            env={"PYTHONIOENCODING": encoding, "COLUMNS": "80"},
            check=True,
        )
        text = done.stdout.decode(encoding)
        assert "fingerprint" in text
        assert "?" not in text
        assert done.stderr == b""


@pytest.mark.parametrize(("made", "diagnostic"), [(True, "holds neither sys nor proc"), (False, "is no directory")])
def test_a_wrong_directory(capsys, tmp_path, made, diagnostic):
    """A directory that holds no host's files is refused with the remedy, and nothing is printed."""
    root = tmp_path / "host"
    if made:
        root.mkdir()
    assert main(["show", "--from", str(root)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert str(root) in printed.err
    assert diagnostic in printed.err
    assert "sys and proc" in printed.err


def test_an_unknown_command(capsys):
    """A command that there isn't is refused with a list of those that there are."""
    with pytest.raises(SystemExit) as stopped:
        main(["shwo"])
    assert stopped.value.code == 2
    diagnostic = capsys.readouterr().err
    for command in ("show", "doctor", "jitter", "pin"):
        assert command in diagnostic


def test_frames_in_plain_letters(monkeypatch):
    """Where the output's encoding has no frames, plain signs stand for them; where it has, they stay."""
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert in_the_terminals_letters("┌─┐│é") == "+-+|?"
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
    assert in_the_terminals_letters("┌─┐│é") == "┌─┐│é"
