"""A profile's file while it is written: by a process that is killed at any step, and by two at once."""

import subprocess
import sys

import pytest

from mainspring.host.profiles.store import encode_profile, read_profile, save

# Kills itself before the n-th call into the interpreter's C code: every write, sync, rename and lock is such a call.
KILLED = """
import os, signal, sys
from pathlib import Path
from mainspring.host.profiles.store import decode_profile, read_profile, save
new = decode_profile(Path(sys.argv[1]).read_bytes(), Path(sys.argv[1])).profile
path = Path(sys.argv[2])
old = path.read_bytes()
step = 0
while True:
    step += int(sys.argv[3])
    child = os.fork()
    if not child:
        left = step
        def count(frame, event, what):
            global left
            left -= event == "c_call"
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)
        sys.setprofile(count)
        save(new)
        sys.setprofile(None)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    kept = read_profile(path)
    print(os.WTERMSIG(status), kept.because or kept.profile.seconds, flush=True)
    if os.WIFEXITED(status):
        break
    path.write_bytes(old)
"""

WRITER = """
import sys
from pathlib import Path
from mainspring.host.profiles.store import decode_profile, save
profile = decode_profile(Path(sys.argv[1]).read_bytes(), Path(sys.argv[1])).profile
print("ready", flush=True)
sys.stdin.readline()
for _ in range(100):
    save(profile)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork, and no SIGKILL, on Windows")
@pytest.mark.parametrize("stride", [5, pytest.param(1, marks=pytest.mark.gate)])
def test_killing_at_every_step_leaves_a_whole_file(make_profile, folder, tmp_path, stride):
    """Killed before each call, or each fifth: until the rename the old file is whole, from then on the new one."""
    path = save(make_profile(seconds=1.0))
    (tmp_path / "new").write_bytes(encode_profile(make_profile(seconds=2.0)))
    done = subprocess.run(
        [sys.executable, "-c", KILLED, tmp_path / "new", path, str(stride)], capture_output=True, text=True, check=True
    )
    *killed, last = [line.split(" ", 1) for line in done.stdout.splitlines()]
    assert last == ["0", "2.0"]
    assert len(killed) * stride > 30
    assert {signal for signal, _ in killed} == {"9"}
    seen = [kept for _, kept in killed]
    renamed = seen.index("2.0")
    assert renamed * stride > 20
    assert seen == ["1.0"] * renamed + ["2.0"] * (len(seen) - renamed)
    # What the killed ones left was cleared away, and no lock stayed held.
    assert sorted(one.name for one in folder.iterdir()) == sorted([".lock", path.name])


def test_two_writers_at_once(make_profile, folder, tmp_path):
    """Two processes save a hundred times each: whoever reads meanwhile finds one of the two, whole."""
    path = save(make_profile(seconds=1.0))
    writers = []
    for seconds in (1.0, 2.0):
        file = tmp_path / str(seconds)
        file.write_bytes(encode_profile(make_profile(seconds=seconds)))
        writers.append(
            subprocess.Popen(
                [sys.executable, "-c", WRITER, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        )
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("\n")
        writer.stdin.flush()
    while any(writer.poll() is None for writer in writers):
        kept = read_profile(path)
        assert kept.profile is not None, kept.because
        assert kept.profile.seconds in (1.0, 2.0)
    for writer in writers:
        writer.stdin.close()
        writer.stdout.close()
        assert writer.wait() == 0
    assert sorted(one.name for one in folder.iterdir()) == sorted([".lock", path.name])
