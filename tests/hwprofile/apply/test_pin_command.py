import os
import subprocess
import sys

import pytest

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="pinning is Linux's")


def pin(*arguments, **options):
    command = [sys.executable, "-m", "hwprofile", "pin", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, **options)


SHOW = [sys.executable, "-c", "import os; print(sorted(os.sched_getaffinity(0)))"]


@linux
def test_runs_a_command_there(tmp_path):
    """The command runs on the CPUs, with its own exit code, and has them reserved while it runs."""
    cpu = max(os.sched_getaffinity(0))
    done = pin("--cpus", str(cpu), "--", *SHOW)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"[{cpu}]\n", "")
    assert pin("--cpus", str(cpu), "--", sys.executable, "-c", "raise SystemExit(7)").returncode == 7
    script = "import os; from hwprofile.apply import taken_cpus as t; print(t(), t(except_pids=(os.getppid(),)))"
    environment = {**os.environ, "HWPROFILE_RESERVATIONS": str(tmp_path / "reserved")}
    inner = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {script!r}], check=True)"
    done = pin("--cpus", str(cpu), "--reserve", "--", sys.executable, "-c", inner, env=environment)
    assert (done.stdout, done.stderr) == (f"({cpu},) ()\n", "")


@linux
def test_moves_a_process():
    """A process that runs is moved with its threads, and stays there."""
    cpu = max(os.sched_getaffinity(0))
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, text=True) as process:
        done = pin("--cpus", str(cpu), "--pid", str(process.pid))
        assert done.returncode == 0
        assert f"process {process.pid}: CPU {cpu}" in done.stdout
        assert os.sched_getaffinity(process.pid) == {cpu}
        process.communicate("\n")


@linux
def test_what_is_not_held_is_not_run():
    """With a CPU that may not be used, the command isn't run, and the reason is told; the mask counts as a limit."""
    cpus = sorted(os.sched_getaffinity(0))
    done = pin("--cpus", str(cpus[-1] + 1), "--", *SHOW)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"CPU {cpus[-1] + 1} may not be used by this process" in done.stderr
    if len(cpus) > 1:
        # With a mask of one CPU, as under taskset.
        done = pin("--cpus", str(cpus[-1]), "--", *SHOW, preexec_fn=lambda: os.sched_setaffinity(0, {cpus[0]}))
        assert (done.returncode, done.stdout) == (1, "")
    assert pin("--cpus", str(cpus[0]), "--node", "977", "--", *SHOW).returncode == 1
    done = pin("--cpus", str(cpus[0]), "--pid", "4194305")
    assert done.returncode == 1
    assert pin("--cpus", str(cpus[0]), "--", "no-such-command-anywhere").returncode == 127
    assert pin("--cpus", str(cpus[0]), "--", "/").returncode == 126


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--cpus", "a-b", "--", "true"), "is no list of CPUs"),
        (("--cpus", "0"), "give either a command"),
        (("--cpus", "0", "--pid", "1", "--", "true"), "give either a command"),
        (("--cpus", "0", "--pid", "1", "--reserve"), "go with a command"),
        (("--cpus", "0", "--pid", "0"), "0 is no process"),
        ((), "--cpus"),
    ],
)
def test_called_wrongly(arguments, words):
    """A wrong call returns 2 and says what to give."""
    done = pin(*arguments)
    assert done.returncode == 2
    assert words in done.stderr
