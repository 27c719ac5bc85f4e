import os
import subprocess
import sys
import tempfile

import pytest

from mainspring.data.scratch import scratch_folder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="locks and pipes are another matter on Windows")


@pytest.fixture(autouse=True)
def base(tmp_path, monkeypatch):
    """A folder for temporary files of the test's own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_scratch_folder_is_gone_afterwards(base):
    """Nothing stays, whether the block ends well or not."""
    with scratch_folder("tune") as folder:
        (folder / "file").touch()
        assert folder.name.startswith("mainspring-scratch-tune-")
    with pytest.raises(ZeroDivisionError), scratch_folder("tune"):
        raise ZeroDivisionError
    assert list(base.iterdir()) == []


def test_folders_of_killed_processes_are_removed(base):
    """One whose process was killed goes at the next start; that of a living one stays."""
    script = (
        "import os, sys, tempfile; tempfile.tempdir = sys.argv[1]\n"
        "from mainspring.data.scratch import scratch_folder\n"
        "with scratch_folder('tune') as folder: print(folder.name, flush=True); os.kill(os.getpid(), 9)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, base], capture_output=True, text=True, check=False)
    left = base / killed.stdout.strip()
    assert killed.returncode == -9
    assert left.is_dir()
    with scratch_folder("tune") as living, scratch_folder("spool") as other:
        assert not left.exists()
        assert living.is_dir()
        assert other.is_dir()


def test_what_isnt_surely_forgotten_stays(base):
    """A folder that is only being made, one that is too old for that, a link, and others' files."""
    fresh, old, link, foreign = (
        base / name for name in ("mainspring-scratch-a", "mainspring-scratch-b", "mainspring-scratch-c", "other-d")
    )
    for folder in (fresh, old, foreign):
        folder.mkdir()
    link.symlink_to(foreign)
    os.utime(old, (0, 0))
    os.utime(foreign, (0, 0))
    with scratch_folder("tune"):
        pass
    assert sorted(path.name for path in base.iterdir()) == ["mainspring-scratch-a", "mainspring-scratch-c", "other-d"]
