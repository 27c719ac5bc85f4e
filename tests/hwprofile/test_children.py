"""No process of ours runs a module that happens to lie in the user's folder."""

import ast
import subprocess
from pathlib import Path

import hwprofile
import mainspring
import mainspring_perf
import mainspring_plugins
from hwprofile.children import code_command, foreign_command, module_command, script_command

HELPER = Path(hwprofile.__file__).parent / "children.py"
PACKAGES = [hwprofile, mainspring, mainspring_perf, mainspring_plugins]
SOURCES = sorted(file for one in PACKAGES for folder in one.__path__ for file in Path(folder).rglob("*.py"))
OPTIONS = {"-m", "-c", "-P", "-I", "-E", "-s"}


def other_ways(source):
    """The lines that could start an interpreter otherwise: its path, its options, or a library that starts it."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and node.value in OPTIONS:
            found.append(f"line {node.lineno}: {node.value!r}")
        elif isinstance(node, ast.Attribute) and ast.unparse(node) in ("sys.executable", "sys._base_executable"):
            found.append(f"line {node.lineno}: {ast.unparse(node)}")
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = {alias.name.partition(".")[0] for alias in node.names} | {getattr(node, "module", None)}
            if names & {"multiprocessing", "concurrent.futures.process", "runpy"} or "ProcessPoolExecutor" in names:
                found.append(f"line {node.lineno}: {ast.unparse(node)}")
    return found


def test_every_child_is_started_by_the_one_helper():
    """Nothing else knows the interpreter's path or its options: `hwprofile.children` makes every such command."""
    assert len(SOURCES) > 400
    found = {str(file): ways for file in SOURCES if file != HELPER and (ways := other_ways(file.read_text("utf-8")))}
    assert found == {}


def test_the_search_finds_other_ways():
    """The test above can fail: each of the usual ways to start an interpreter is found."""
    for source in (
        "import sys, subprocess\nsubprocess.run([sys.executable, 'x.py'])",
        "command = [python, '-m', 'mainspring']",
        "import multiprocessing",
        "from concurrent.futures import ProcessPoolExecutor",
    ):
        assert other_ways(source), source


def test_a_child_runs_nothing_of_the_current_folder(tmp_path):
    """A `msgspec.py` there isn't run by a module, by code or by a script of ours; our environment's is."""
    (tmp_path / "msgspec.py").write_text("raise SystemExit('ran the one in the current folder')\n")
    script = tmp_path / "script.py"
    script.write_text("import msgspec; print(msgspec.__version__)\n")
    code = "import msgspec; print(msgspec.__version__)"
    for command in (
        code_command(code),
        script_command(script),
        module_command("mainspring", "--version"),
        module_command("mainspring.session.lanes.child"),
        module_command("mainspring.tuning.whole"),
    ):
        done = subprocess.run(command, cwd=tmp_path, input="", capture_output=True, text=True, check=False)
        assert "ran the one" not in done.stderr, command


def test_commands():
    """The helper's commands are the interpreter's own options, and another interpreter's may be older."""
    assert module_command("m", "a", python="/py") == ["/py", "-P", "-m", "m", "a"]
    assert code_command("c", python="/py") == ["/py", "-P", "-c", "c"]
    assert script_command("s.py", "a", python="/py") == ["/py", "-P", "s.py", "a"]
    assert foreign_command("/py", "s.py", "a") == ["/py", "-I", "s.py", "a"]
    assert foreign_command("/py", code="c") == ["/py", "-I", "-c", "c"]
