import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SOURCE_ROOTS = [ROOT / name for name in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["dev-mode-dirs"]]
ENTRY_POINTS: dict[str, str] = PROJECT["project"]["entry-points"]["mainspring"]
NATIVE = ROOT / "plugins" / "native"
NATIVE_PROJECT: dict[str, Any] = tomllib.loads((NATIVE / "pyproject.toml").read_text(encoding="utf-8"))
NATIVE_ENTRY_POINTS: dict[str, str] = NATIVE_PROJECT["project"]["entry-points"]["mainspring"]
SCRIPTS: dict[str, str] = PROJECT["project"]["scripts"]


def module_file(module: str, roots: list[Path]) -> Path | None:
    """The file of a module of ours, None where there is none."""
    below = Path(*module.split("."))
    found = [root / tail for root in roots for tail in (below.with_suffix(".py"), below / "__init__.py")]
    return next((path for path in found if path.is_file()), None)


def module_name(path: Path) -> str:
    """The import name of a plugin's module file, of either distribution."""
    root = NATIVE / "python" if path.is_relative_to(NATIVE) else ROOT / "plugins"
    return ".".join(path.relative_to(root).with_suffix("").parts)


def requirement_name(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert match is not None
    return match.group()


def dependencies() -> list[str]:
    """The distributions that the project, its extras and its development ask for, itself aside."""
    lists = [
        PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"].values(),
        *PROJECT["dependency-groups"].values(),
        PROJECT["build-system"]["requires"],
    ]
    names = {requirement_name(one) for requirements in lists for one in requirements}
    return sorted(names - {PROJECT["project"]["name"]})


@pytest.mark.parametrize("label", ENTRY_POINTS)
def test_an_entry_point_names_a_module_that_registers(label: str) -> None:
    """Each plugin line of the project file leads to a module file, in which a hook is implemented."""
    path = module_file(ENTRY_POINTS[label], SOURCE_ROOTS)
    assert path is not None, f"{label} = {ENTRY_POINTS[label]} leads to no file"
    assert re.search(r"^@hookimpl\ndef register_", path.read_text(encoding="utf-8"), re.MULTILINE)


def test_every_plugin_module_has_its_line() -> None:
    """A module of ours that implements a hook and has no entry point would never be loaded."""
    plugins = ROOT / "plugins"
    files = [path for path in plugins.rglob("*.py") if ".venv" not in path.parts]
    hooks = [path for path in files if "@hookimpl" in path.read_text(encoding="utf-8")]
    modules = {module_name(path) for path in hooks}
    assert modules == {*ENTRY_POINTS.values(), *NATIVE_ENTRY_POINTS.values()}


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_command_names_a_function(script: str) -> None:
    """Each command of the project file leads to a function in a module file."""
    module, _, function = SCRIPTS[script].partition(":")
    path = module_file(module, SOURCE_ROOTS)
    assert path is not None
    assert re.search(rf"\b{function}\b", path.read_text(encoding="utf-8"))


def test_a_module_that_is_not_there_is_found(tmp_path: Path) -> None:
    """The checks above can fail: only a module file, or a package's, counts."""
    (tmp_path / "package").mkdir()
    assert module_file("package", [tmp_path]) is None
    assert module_file("package.absent", [tmp_path]) is None
    (tmp_path / "package" / "__init__.py").touch()
    assert module_file("package", [tmp_path]) is not None


def reasons(text: str) -> dict[str, str]:
    """The reason for each package, from the rows `| names | reason |` of the section "Dependencies"."""
    _, _, section = text.partition("\n## Dependencies\n")
    rows = [line.split("|")[1:3] for line in section.split("\n## ")[0].splitlines() if line.count("|") == 3]
    return {name: reason.strip() for names, reason in rows for name in re.findall(r"[\w.-]+", names)}


@pytest.mark.parametrize("name", dependencies())
def test_a_dependency_is_named_with_its_reason(name: str) -> None:
    """Whoever asks why a dependency is there finds a row for it in docs/ARCHITECTURE.md."""
    assert reasons((ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")).get(name)


def test_a_dependency_without_a_reason_is_found() -> None:
    """The rule above can fail: for a package that has no row, and for one whose row says nothing."""
    rows = "| package | why |\n| --- | --- |\n| a, b-c (extras) | it is fast |\n| d | |\n"
    text = f"# A\n\n## Dependencies\n\n{rows}\n## E\n| f | g |\n"
    found = reasons(text)
    assert (found["a"], found["b-c"], found["d"]) == ("it is fast", "it is fast", "")
    assert "f" not in found


def test_the_wheel_holds_every_import_package() -> None:
    """Each source root's package is shipped with its marker for type checkers, and the maintainers' tools aren't."""
    packages = [ROOT / one for one in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]]
    assert [*(path.parent for path in packages), ROOT / "tools"] == SOURCE_ROOTS
    for path in packages:
        assert (path / "__init__.py").is_file()
        assert (path / "py.typed").is_file()


def test_the_version_is_told_once_the_same() -> None:
    """The package and the project file agree on the version."""
    text = (ROOT / "platform" / "mainspring" / "__init__.py").read_text(encoding="utf-8")
    assert f'__version__ = "{PROJECT["project"]["version"]}"' in text


def test_the_wheel_leaves_out_what_only_guards_this_project() -> None:
    """Recorded counts, targets that need cargo, trials and page builders stay in the checkout."""
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["force-include"] == {"perf/targets.toml": "mainspring_perf/targets.toml"}
    shipped = {path.name for package in wheel["packages"] for path in (ROOT / package).rglob("*") if path.is_file()}
    assert not shipped & {"Cargo.toml", "acceptance.py", "gate_trials.py", "marked.py", "native_programs.py"}


def test_a_scheduled_job_fails_below_the_coverage_floor() -> None:
    """There is a floor, pytest-cov reads it, and the weekly job measures a whole run."""
    assert PROJECT["tool"]["coverage"]["report"]["fail_under"] >= 90
    weekly = (ROOT / ".github/workflows/weekly.yml").read_text(encoding="utf-8")
    assert re.search(r"pytest --hypothesis-profile=thorough --cov$", weekly, re.MULTILINE)
