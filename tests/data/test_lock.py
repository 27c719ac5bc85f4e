import os
import subprocess
import sys

import pytest

from mainspring.data.lock import exclusive

fcntl = pytest.importorskip("fcntl", reason="flock is POSIX's")


def test_one_at_a_time(tmp_path):
    """While one holds the lock, another is refused at its deadline; afterwards it gets it."""
    path = tmp_path / "a.lock"
    refused = pytest.raises(TimeoutError, match="another process has held its lock for 0 s")
    with exclusive(path), refused, exclusive(path, within_s=0):
        pass
    with exclusive(path, within_s=0):
        pass


def test_no_other_user_can_hold_it(tmp_path):
    """The lock file is readable by its user only, as flock needs a readable file; one that was readable is no more."""
    path = tmp_path / "a.lock"
    path.touch(0o644)
    with exclusive(path):
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_fifo_in_its_place(tmp_path):
    """A FIFO or a link in the lock's place is an error, not a wait without end."""
    os.mkfifo(tmp_path / "fifo.lock")
    with pytest.raises(OSError, match="isn't a regular file"), exclusive(tmp_path / "fifo.lock", within_s=0):
        pass
    (tmp_path / "link.lock").symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match="symbolic links"), exclusive(tmp_path / "link.lock", within_s=0):
        pass
    assert not (tmp_path / "target").exists()


def test_freed_by_the_end_of_its_holder(tmp_path):
    """A holder that is killed leaves the lock free."""
    path = tmp_path / "a.lock"
    script = "import os, sys; from pathlib import Path; from mainspring.data.lock import exclusive\n"
    script += "with exclusive(Path(sys.argv[1])): os.kill(os.getpid(), 9)"
    assert subprocess.run([sys.executable, "-c", script, str(path)], check=False).returncode == -9
    with exclusive(path, within_s=0):
        pass
