import ast
import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import hwprofile
import mainspring
import mainspring_perf
import mainspring_plugins
from mainspring import model, seams
from mainspring.seams import SEAMS

TESTS = Path(__file__).resolve().parents[1]
HOOKS = [row.hook for row in SEAMS.values()]


def missing_from_docs(hook: Callable[..., Any]) -> list[str]:
    """What a hook's docstring has to say and doesn't."""
    text = inspect.getdoc(hook) or ""
    return [
        said
        for said in (
            "Offers ",
            "Called once, when the registry loads.",
            "catalogue.add(name, factory, ",
            "Capabilities: ",
        )
        if said not in text
    ] + ["called as `factory("] * ("called as `factory(" not in " ".join(text.split()))


def files_naming(name: str, folder: Path) -> list[Path]:
    """The test files below the folder in whose code a plugin's hook of that name stands, in strings included."""
    return [path for path in sorted(folder.rglob("test_*.py")) if name in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook.__name__)
def test_a_hook_has_its_whole_contract_in_its_docstring(hook: Callable[..., Any]) -> None:
    """What it offers, when it is called, how the factory is called, and which capabilities are asked for."""
    assert missing_from_docs(hook) == []
    assert "`mainspring.seams." in (hook.__doc__ or ""), "names no Protocol that what the factory makes has to keep"


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook.__name__)
def test_a_hook_has_a_test(hook: Callable[..., Any]) -> None:
    """Some test writes a plugin with this hook."""
    assert files_naming(hook.__name__, TESTS), f"no test names {hook.__name__}"


def test_a_hook_without_docs_or_test_is_found() -> None:
    """The two rules above can fail: for a hook with no docstring, a thin one, and one that no test names."""

    def no_docs(catalogue: seams.Catalogue) -> None: ...

    def thin_docs(catalogue: seams.Catalogue) -> None:
        """Offers things. Called once, when the registry loads. Capabilities: none."""

    assert len(missing_from_docs(no_docs)) == 5
    assert missing_from_docs(thin_docs) == ["catalogue.add(name, factory, ", "called as `factory("]
    assert files_naming("_".join(("register", "nothing")), TESTS) == []


def test_every_hook_belongs_to_a_seam() -> None:
    """A hook that the seams declare is called by the registry, under the same contract as the others."""
    declared = {name for name in seams.__all__ if name.startswith("register_")}
    assert declared == {hook.__name__ for hook in HOOKS}
    for hook in HOOKS:
        assert list(inspect.signature(hook).parameters) == ["catalogue"]


def modules(package: ModuleType) -> list[ModuleType]:
    """The package and all its public modules."""
    found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    public = [one.name for one in found if not any(part.startswith("_") for part in one.name.split("."))]
    return [package, *(importlib.import_module(name) for name in public)]


CONTRACT_MODULES = [*modules(model), *modules(seams)]


def undocumented(module: ModuleType) -> list[str]:
    """The public classes, methods and functions that a module defines without a docstring."""

    def walk(node: ast.AST, prefix: str) -> list[str]:
        found = []
        for below in ast.iter_child_nodes(node):
            if not isinstance(below, ast.ClassDef | ast.FunctionDef) or below.name.startswith("_"):
                continue
            if ast.get_docstring(below) is None:
                found.append(f"{prefix}{below.name}")
            if isinstance(below, ast.ClassDef):
                found.extend(walk(below, f"{prefix}{below.name}."))
        return found

    return walk(ast.parse(inspect.getsource(module)), "")


@pytest.mark.parametrize("module", CONTRACT_MODULES, ids=lambda module: module.__name__)
def test_what_plugin_authors_read_is_documented(module: ModuleType) -> None:
    """Each module of the model and the seams, and each public class, method and function in it, has a docstring."""
    assert module.__doc__
    assert undocumented(module) == []


def test_what_is_undocumented_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule above can fail: for a class, a method and a function, private ones aside."""
    source = 'class A:\n    def m(self): ...\n    def _m(self): ...\n\ndef f(): ...\n\ndef g():\n    "Done."\n'
    (tmp_path / "undocumented_sample.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert undocumented(importlib.import_module("undocumented_sample")) == ["A", "A.m", "f"]


@pytest.mark.parametrize("package", [model, seams], ids=lambda package: package.__name__)
def test_a_contract_package_exports_all_that_its_modules_offer(package: ModuleType) -> None:
    """A plugin author finds everything in the package itself, and no name in it means two things."""
    offered: dict[str, Any] = {}
    for module in modules(package)[1:]:
        for name in module.__all__:
            assert offered.setdefault(name, getattr(module, name)) is getattr(module, name)
    assert set(package.__all__) == set(offered)


ROOTS = (mainspring, mainspring_plugins, hwprofile, mainspring_perf)
FOUND = [
    *((root.__name__, True) for root in ROOTS),
    *((one.name, one.ispkg) for root in ROOTS for one in pkgutil.walk_packages(root.__path__, f"{root.__name__}.")),
]


@pytest.mark.parametrize("name", [name for name, _ in FOUND if not name.endswith("__main__")])
def test_a_module_exports_what_it_says(name: str) -> None:
    """Each name in `__all__` is there, stands there once, and none that starts with an underscore is exported."""
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        # An adapter imports its peer, which is installed in an environment of its own.
        if not name.startswith("mainspring_perf.peers.adapters.") or str(error.name).startswith("mainspring"):
            raise
        pytest.skip(f"peer absent: {error.name}")
    exported = list(getattr(module, "__all__", []))
    assert len(set(exported)) == len(exported)
    for one in exported:
        assert hasattr(module, one), f"{name} has no {one}"
        assert one == "__version__" or not one.startswith("_")


@pytest.mark.parametrize("name", [name for name, is_package in FOUND if is_package])
def test_a_package_exports_all_that_it_imports(name: str) -> None:
    """What a package's `__init__` imports of its own modules it exports: they are there for nothing else."""
    package = importlib.import_module(name)
    assert package.__file__ is not None
    tree = ast.parse(Path(package.__file__).read_text(encoding="utf-8"))
    imports = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] not in sys.stdlib_module_names
    ]
    imported = {alias.asname or alias.name for node in imports for alias in node.names}
    assert imported <= set(getattr(package, "__all__", []))
