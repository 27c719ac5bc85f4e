"""Writes a new plugin project: installable, outside the source tree, with a working plugin and a test."""

import keyword
import re
import sys
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from string import Template
from typing import NamedTuple

from mainspring import __version__
from mainspring.data.replace import private_folder
from mainspring.errors import PluginError
from mainspring.seams import SEAMS, Seam

__all__ = ["Drafted", "new_plugin"]

# A PEP 508 distribution name that also gives a Python identifier, so it starts with a letter.
_NAME = re.compile(r"[a-z](?:[a-z0-9._-]*[a-z0-9])?", re.IGNORECASE | re.ASCII)


class Drafted(NamedTuple):
    """What a drafted feed's project has: its module by the plugin's name, a capture as text, and a symbol of it."""

    code: Callable[[str], str]
    sample: str
    symbol: str


def new_plugin(name: str, seam: str, target_dir: Path, drafted: Drafted | None = None) -> list[Path]:
    """Writes a plugin project for `seam` into the new folder `target_dir/name`; returns the files, in order.

    `name` becomes the name of the distribution (normalised as PEP 503 says) and of the plugin and, with underscores,
    of the import package. `drafted` is for a feed that was drafted from a recording. Raises `PluginError` if the name
    is invalid, the seam is unknown, or the folder exists or can't be written. Nothing is overwritten.
    """
    row = SEAMS.get(seam)
    if row is None:
        raise PluginError(name, f"unknown seam {seam!r}; the seams are: {', '.join(SEAMS)}")
    distribution = _distribution_name(name)
    folder = target_dir / distribution
    files = {folder / path: text for path, text in _files(distribution, row, drafted).items()}
    if folder.exists():
        raise PluginError(name, f"{folder} already exists; nothing was written. Choose another name")
    try:
        with private_folder(folder) as private:
            for path, text in files.items():
                written = private / path.relative_to(folder)
                written.parent.mkdir(parents=True, exist_ok=True)
                written.write_text(text, encoding="utf-8")
            private.rename(folder)
    except OSError as error:
        raise PluginError(name, f"{folder} can't be written: {error.strerror or error}") from error
    return list(files)


def _distribution_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise PluginError(
            name, f"{name!r} can't name a distribution: use ASCII letters and digits joined by hyphens, a letter first"
        )
    distribution = re.sub(r"[-_.]+", "-", name).lower()
    package = distribution.replace("-", "_")
    if package.startswith(("mainspring", "hwprofile")):
        raise PluginError(
            name, f"{distribution!r} could be mistaken for one of Mainspring's own; start with a name of yours"
        )
    if keyword.iskeyword(package) or package in sys.stdlib_module_names:
        raise PluginError(name, f"{package!r} already has a meaning in Python; choose another name")
    return distribution


def _files(distribution: str, row: Seam, drafted: Drafted | None) -> dict[str, str]:
    seam, scaffold = row.name, row.scaffold
    package = distribution.replace("-", "_")
    words = [word.capitalize() for word in distribution.split("-")]
    names = {
        "distribution": distribution,
        "package": package,
        "plugin": distribution.replace("-", row.separator),
        "class_name": "".join(words if words[-1] == scaffold.noun else [*words, scaffold.noun]),
        "seam": seam,
        "mainspring_version": __version__,
    }
    session = {
        "mode": scaffold.mode,
        "instrument": scaffold.instrument if drafted is None else drafted.symbol,
        "slots": "\n".join(filter(None, [scaffold.feed, scaffold.slots])),
        "strategy_name": scaffold.strategy_name,
        "strategy": scaffold.strategy,
        "risk": f"{scaffold.risk}\n" if scaffold.risk else "",
    }
    session = {key: Template(value).substitute(names) for key, value in session.items()}
    shared = {
        "pyproject.toml": "pyproject.toml",
        "README.md": "README.md",
        "session.toml": "session.toml",
        f"src/{package}/__init__.py": "package.py",
        f"src/{package}/py.typed": "py.typed",
    }
    own = {f"src/{package}/{seam}.py": f"{seam}.py", f"tests/test_{seam}.py": f"test_{seam}.py"}
    if scaffold.sample:
        shared["sample.capture"] = "sample.capture"
    if drafted is not None:
        own[f"tests/test_{seam}.py"] = f"test_drafted_{seam}.py"
    files = {
        path: Template(
            resources.files(of).joinpath("templates", f"{template}.tmpl").read_text(encoding="utf-8")
        ).substitute(names | session)
        for of, templates in (("mainspring.host", shared), (scaffold.package, own))
        for path, template in templates.items()
    }
    if drafted is not None:
        files |= {f"src/{package}/{seam}.py": drafted.code(names["plugin"]), "sample.capture": drafted.sample}
    return files
