"""Public functions document the parameters that their names and types don't explain; what is missing only falls."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_PACKAGES = ("platform/mainspring", "plugins/mainspring_plugins", "plugins/native/python", "hwprofile", "perf")

# How many parameters still lack a word. Documenting some lowers it; nothing raises it.
_MISSING = 0

# A type that says what a value is in memory, but not what it means.
_BARE = frozenset(
    (
        *("int", "float", "str", "bool", "bytes", "Decimal", "Fraction", "Any", "object", "None"),
        *("dict", "list", "tuple", "Sequence", "Mapping", "Callable"),
    )
)
_UNIT = re.compile(r"_(ns|us|ms|s|ticks|lots|bps|bytes|ppb|id|ids|hz|mhz|percent|path|file|folder|name|text)$")
# Names whose meaning is the same in every function.
_PLAIN = frozenset(
    (
        *("side", "ticks", "lots", "name", "names", "path", "file", "folder", "root", "text", "seed", "count", "cpu"),
        *("cpus", "console", "raw", "data", "message", "messages", "args", "argv", "now", "instrument", "index"),
        *("width", "height", "title", "label", "encoding", "pid", "tid", "ctx", "seam", "symbol", "venue_symbol"),
        *("seconds", "reason", "environ", "suite", "suites", "colour", "low", "high", "part", "whole", "vendor"),
        *("family", "model", "stepping", "address", "length", "machine", "ns", "value", "command", "strategy"),
    )
)
# The contract of an interface or a system call documents its parameters.
_ELSEWHERE = re.compile(r"\b([Ss]ee `[\w.]+`|[\w]+\(2\))")


def _needs(argument: ast.arg) -> bool:
    if argument.arg.startswith("_") or argument.arg in _PLAIN or _UNIT.search(argument.arg):
        return False
    if argument.annotation is None:
        return True
    return {node.id for node in ast.walk(argument.annotation) if isinstance(node, ast.Name)} <= _BARE


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef, str]]:
    """Public functions and methods, each with the documentation that a reader sees for it."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield node.name, node, ast.get_docstring(node) or ""
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            of_class = ast.get_docstring(node) or ""
            for part in node.body:
                if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
                    documented = f"{ast.get_docstring(part) or ''}\n{of_class}"
                    if part.name == "__init__":
                        yield f"{node.name}()", part, documented
                    elif not part.name.startswith("_"):
                        yield f"{node.name}.{part.name}", part, documented


def _undocumented() -> Iterator[str]:
    listed = subprocess.run(["git", "ls-files", "*.py"], cwd=_ROOT, capture_output=True, text=True, check=True)
    for name in listed.stdout.splitlines():
        path = _ROOT / name
        if not name.startswith(_PACKAGES) or path.stem.startswith("_") or not path.is_file():
            continue
        for function, node, documented in _functions(ast.parse(path.read_text(encoding="utf-8"))):
            arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            arguments = [one for one in arguments if one.arg not in ("self", "cls")]
            if len(arguments) < 2 or _ELSEWHERE.search(documented):
                continue
            for one in arguments:
                if _needs(one) and not re.search(rf"\b{re.escape(one.arg)}\b", documented):
                    yield f"{name}:{node.lineno}: {function}({one.arg})"


def test_parameters_are_documented() -> None:
    """Nothing new goes undocumented, and the count is kept at what is left."""
    missing = list(_undocumented())
    assert len(missing) <= _MISSING, f"{len(missing)} parameters lack a word, {_MISSING} did:\n" + "\n".join(missing)
    assert len(missing) == _MISSING, f"lower _MISSING to {len(missing)}"
