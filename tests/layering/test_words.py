"""The field's words: home-made names stay out of public names, help texts, error texts and docs."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]
_SOURCES = ("platform", "plugins", "hwprofile", "perf", "tools")

# Parts of a name, as `snake_case` and `CamelCase` split it.
_NAME_PARTS = frozenset(
    (
        *("woken", "wake", "wakes", "engine", "engines", "desk", "wish", "wishes", "tape", "spared", "collector"),
        *("complaint", "complaints", "act", "acts", "seat", "seats", "ground", "promise", "promises", "unkept"),
        *("wisdom", "stint", "stints", "racer", "racers", "contest", "contests", "contestant", "yardstick"),
        *("yardsticks", "judged", "mend", "mends", "mended", "blame", "befall", "befalls", "fares"),
    )
)
_NAMES = frozenset(
    {"Priced", "left_lots", "twice_mid", "mid_ticks_doubled", "quotes_make_market", "filled_by", "wakes_on"}
)
# The field uses these itself: a matching engine, other systems' engines.
_FIELD_NAMES = frozenset(
    {"MatchingEngine", "BacktestEngine", "BacktestEngineConfig", "RiskEngineConfig", "risk_engine"}
)
_ENGINES = re.compile(r"matching|simulated_market|simulated_venue|peers/|peers_notes|nautilus_trader|openpit")

# In prose. A word that the field also uses is listed with what makes it ours.
_PROSE = {
    "callbacks, subscription": r"\bwoken\b|\bwak(e|es|ing)\b(?! up\b)",
    "decoder": r"\b(?<!matching )(?<!backtest )(?<!risk )(?<!trading )(?<!execution )[Ee]ngines?\b",
    "order manager": r"\bdesks?\b",
    "request": r"\bwish(es)?\b",
    "leaves_lots": r"\bleft_lots\b",
    "mid in half ticks": r"\btwice[_ ]mid\b|\bmid_ticks_doubled\b",
    "conflated": r"(?<!be )\bspared\b",
    "garbage collector, gc": r"(?<![Gg]arbage )\bcollectors?\b",
    "diagnostic": r"\bcomplaints?\b|\bcomplains?\b",
    "assignment, CPU inventory, constraint, violation": r"\bseats?\b|\bunkept\b|\bpromises?\b",
    "tuning profile": r"\bwisdom\b",
    "trial, candidate, race": r"\bstints?\b|\bracers?\b|\bcontests?\b|\bcontestants?\b",
    "baseline": r"\byardsticks?\b",
    "reported": r"\btold\b",
    "assess, check": r"\bjudg(e|es|ed|ing)\b",
    "fix": r"\bmend(s|ed|ing)?\b",
    "wrap_error, name": r"\bblam(e|es|ed|ing)\b",
    "happens": r"\bbef[ae]lls?\b",
    "performs": r"\bfares?\b",
    "noisy neighbours": r"\bcompany\b",
    "provided by": r"\bfilled by\b|\bfills? (each|a|the|every) slots?\b",
    "again": r"\banew\b",
    "next to, as well as": r"\bbeside\b",
    "a person's name or role": r"\bwhoever\b",
    "plain English": r"\bthereof\b|\bcome by\b|\bso many\b(?! (that|as))|\bheld against\b|\bin hand\b|\bby itself\b",
}
# Threads and CPUs do wake, and some of these are names in the code.
_SYSTEM = re.compile(r"hwprofile|doctor-and-jitter")
_QUOTED = re.compile(r"`[^`\n]*`")


def _tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", *patterns], cwd=_ROOT, capture_output=True, text=True, check=True)
    return [_ROOT / name for name in listed.stdout.splitlines() if (_ROOT / name).is_file()]


def _python() -> list[Path]:
    return [path for path in _tracked("*.py", "*.pyi") if path.relative_to(_ROOT).parts[0] in _SOURCES]


def _parts(name: str) -> set[str]:
    return {part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def _public_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Classes, functions, their parameters and fields; nothing inside what is private."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if node.name.startswith("_") and not node.name.startswith("__"):
                continue
            yield node.lineno, node.name
            if isinstance(node, ast.ClassDef):
                yield from _public_names(node)
            else:
                yield from ((node.lineno, one.arg) for one in (*node.args.args, *node.args.kwonlyargs))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.lineno, node.target.id
        elif isinstance(node, ast.Assign):
            yield from ((node.lineno, one.id) for one in node.targets if isinstance(one, ast.Name))


def _texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every string of a module: docstrings, help, errors, what is printed."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.lineno, node.value


def _found(path: Path, text: str) -> Iterator[str]:
    """The words in a text that the field has better ones for. What stands in backticks is code."""
    where = path.relative_to(_ROOT).as_posix()
    allowed = {"decoder"} if _ENGINES.search(where) or path.name == "peers.md" else set()
    if _SYSTEM.search(where):
        allowed.add("callbacks, subscription")
    prose = _QUOTED.sub("``", text)
    for better, pattern in _PROSE.items():
        if better not in allowed:
            for match in re.finditer(pattern, prose):
                yield f"{match[0]!r} (say: {better})"


def test_public_names_are_the_fields() -> None:
    """Neither a public class, function, parameter or field has a home-made word in its name."""
    found = []
    for path in _python():
        where = path.relative_to(_ROOT).as_posix()
        for line, name in _public_names(ast.parse(path.read_text(encoding="utf-8"))):
            if name.startswith("_") or name in _FIELD_NAMES or (name == "engine" and _ENGINES.search(where)):
                continue
            if name in _NAMES or _NAME_PARTS & _parts(name):
                found.append(f"{where}:{line}: {name}")
    assert not found, "\n".join(found)


def test_texts_of_the_code_are_plain() -> None:
    """Docstrings, help and error texts have none of the words that the field has better ones for."""
    found = []
    for path in _python():
        for line, text in _texts(ast.parse(path.read_text(encoding="utf-8"))):
            found += [f"{path.relative_to(_ROOT)}:{line}: {one}" for one in _found(path, text)]
    assert not found, f"{len(found)}:\n" + "\n".join(found)


@pytest.mark.parametrize(
    "page", [one for one in _tracked("*.md") if one.name != "CHANGELOG.md"], ids=lambda page: page.name
)
def test_pages_are_plain(page: Path) -> None:
    """Pages of documentation have none of them either."""
    lines = page.read_text(encoding="utf-8").splitlines()
    found = [f"{page.name}:{number}: {one}" for number, line in enumerate(lines, 1) for one in _found(page, line)]
    assert not found, "\n".join(found)
