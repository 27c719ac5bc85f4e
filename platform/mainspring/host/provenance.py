"""Tells whether the module that an import would find is a file of the distribution that claims it."""

import base64
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

__all__ = ["Ownership"]


class Ownership:
    """The files of a distribution: those of its record, and all below its project if it is an editable install.

    Where it keeps no record (an old egg, some system packagers), those next to its metadata.
    """

    def __init__(self, distribution: importlib.metadata.Distribution) -> None:
        self._distribution = distribution
        self._name = str(distribution.name)
        self._base = Path(str(distribution.locate_file(""))).resolve()
        self._project = _editable_project(distribution)
        files = distribution.files
        self._recorded = None if files is None else {one.as_posix(): one for one in files}

    def why_foreign(self, module: str) -> str | None:
        """Why importing `module` wouldn't run this distribution's code; None if it would, or if there is none such.

        Nothing is imported to find out. Every package above the module has to be the distribution's, too.
        """
        for spec in _specs(module):
            if spec.origin is None or not spec.has_location:
                if spec.submodule_search_locations is None:
                    return f"the module {spec.name} is built into Python"
                # A namespace package: several distributions may share it, and it runs no code.
                continue
            problem = self._why_not(Path(spec.origin).resolve())
            if problem is not None:
                return f"the module {spec.name} would be imported from {spec.origin}, {problem}"
        return None

    def _why_not(self, file: Path) -> str | None:
        if self._project is not None and file.is_relative_to(self._project):
            return None
        if self._recorded is None:
            return (
                None if file.is_relative_to(self._base) else f"which doesn't lie next to the metadata of {self._name}"
            )
        recorded = self._recorded.get(Path(os.path.relpath(file, self._base)).as_posix()) or self._linked(file)
        if recorded is None:
            return f"which isn't a file of {self._name}"
        if recorded.hash is None or recorded.hash.value == _digest(file, recorded.hash.mode):
            return None
        owner = _other_owner(file, recorded.hash.mode)
        return None if owner is None else f"which {owner} has overwritten"

    def _linked(self, file: Path) -> importlib.metadata.PackagePath | None:
        """The recorded file that is a symbolic link to `file`, as some installers make them."""
        for recorded in (self._recorded or {}).values():
            if recorded.name == file.name and Path(str(self._distribution.locate_file(recorded))).resolve() == file:
                return recorded
        return None


def _specs(module: str) -> Iterator[ModuleSpec]:
    """The module and the packages above it, as an import finds them, outermost first."""
    path = None
    name = ""
    for part in module.split("."):
        name = f"{name}.{part}" if name else part
        try:
            spec = importlib.util.find_spec(name) if path is None else _find_below(name, path)
        except (ImportError, ValueError):
            return
        if spec is None:
            return
        yield spec
        path = list(spec.submodule_search_locations or ())


def _find_below(name: str, path: list[str]) -> ModuleSpec | None:
    """As `importlib.util.find_spec`, which would import the packages above `name`."""
    for finder in sys.meta_path:
        spec = finder.find_spec(name, path)
        if spec is not None:
            return spec
    return None


def _editable_project(distribution: importlib.metadata.Distribution) -> Path | None:
    """The project's folder, as PEP 610 records it; None if the install isn't editable."""
    text = distribution.read_text("direct_url.json")
    try:
        recorded = json.loads(text or "{}")
        if not recorded.get("dir_info", {}).get("editable"):
            return None
        return Path(url2pathname(urlsplit(recorded["url"]).path)).resolve()
    except (ValueError, KeyError, AttributeError):
        return None


def _digest(file: Path, algorithm: str) -> str:
    digest = hashlib.new(algorithm, file.read_bytes()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _other_owner(file: Path, algorithm: str) -> str | None:
    """The distribution whose record holds this very content of the file. None if it was changed by hand."""
    found = _digest(file, algorithm)
    for other in importlib.metadata.distributions():
        try:
            for one in other.files or ():
                same = one.name == file.name and one.hash is not None and one.hash.value == found
                if same and Path(str(other.locate_file(one))).resolve() == file:
                    return str(other.name)
        except Exception:  # noqa: BLE001, S112  a stranger's broken record names no owner
            continue
    return None
