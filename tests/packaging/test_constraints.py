"""`constraints.txt` pins what the project needs, with hashes, and names no place to fetch it from."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_ROOT = Path(__file__).resolve().parents[2]
_PINS = (_ROOT / "constraints.txt").read_text(encoding="utf-8")


def _needed() -> list[Requirement]:
    """What the project asks for, our own distributions and the peers left out."""
    text = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project, extras = text["project"], dict(text["project"]["optional-dependencies"])
    extras.pop("peers")
    lines = [*project["dependencies"], *(one for extra in extras.values() for one in extra)]
    lines += text["dependency-groups"]["dev"]
    return [one for one in map(Requirement, lines) if not one.name.startswith("mainspring")]


@pytest.mark.parametrize("requirement", _needed(), ids=lambda one: one.name)
def test_a_requirement_is_pinned_within_its_range(requirement: Requirement) -> None:
    """The version that was tested is one that pyproject allows. `just pin` writes the file again."""
    name = re.escape(canonicalize_name(requirement.name))
    found = re.search(rf"^{name}==(?P<version>[^ ;]+)", _PINS, re.MULTILINE)
    assert found, "not pinned: run `just pin`"
    assert requirement.specifier.contains(found["version"], prereleases=True)


def test_every_pin_has_hashes_and_no_address() -> None:
    """What is installed is what was tested, wherever it comes from."""
    blocks = re.split(r"\n(?=\S)", _PINS.strip())
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert "://" not in _PINS
    assert "index" not in _PINS.split("==")[0]
