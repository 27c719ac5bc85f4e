"""Commands that are imported when they are typed."""

import inspect
import subprocess
import sys

import mainspring.cli.bench_gates
import mainspring.cli.scaling
from mainspring.cli import app as command_line


def test_help_imports_no_benchmark():
    """Neither the benchmarks nor the event loop are imported for a command that needs neither."""
    script = "import sys, mainspring.cli.app; print(sorted({'mainspring_perf', 'pyperf', 'trio'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_the_list_says_is_what_they_say():
    """A late command's help in the list is the first line of the real one's."""
    helps = {one.name: one.help for one in command_line._Commands.late}
    assert helps["bench"] == mainspring.cli.bench_gates.bench_app.info.help
    assert inspect.getdoc(mainspring.cli.scaling.scaling).partition("\n")[0] == helps["scaling"]


def test_late_commands_are_listed_and_run(mainspring):
    """They stand in the list, with their own help and errors once they are typed."""
    code, out, _ = mainspring("--help")
    assert code == 0
    assert all(f" {name} " in out for name in ("bench", "scaling", "run"))
    code, out, _ = mainspring("bench", "history", "--help")
    assert code == 0
    assert "saved runs over time" in out
    code, _, err = mainspring("scaling", "nothing")
    assert code == 2
    assert "nothing" in err
