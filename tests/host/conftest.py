import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mainspring.host.offers import Offer, freeze
from mainspring.host.registry import SEAMS, Registry

Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Installs a distribution as an installer would: module files and a dist-info folder, in a folder on the path.

    `install(name, {module: source}, folder="site")` makes one entry point a module. The modules are forgotten
    after the test.
    """
    modules: set[str] = set()
    folders: set[Path] = set()

    def make(
        name: str,
        sources: dict[str, str],
        *,
        version: str = "1.0",
        folder: str = "site",
        entry_points: dict[str, str] | None = None,
    ) -> Path:
        site = tmp_path / folder
        site.mkdir(exist_ok=True)
        for module, source in sources.items():
            (site / f"{module}.py").write_text(source, encoding="utf-8")
        info = site / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
        points = {module: module for module in sources} if entry_points is None else entry_points
        lines = [f"{label} = {value}" for label, value in points.items()]
        (info / "entry_points.txt").write_text("\n".join(["[mainspring]", *lines, ""]), encoding="utf-8")
        modules.update(sources)
        if site not in folders:
            folders.add(site)
            monkeypatch.syspath_prepend(str(site))
        return site

    yield make
    for module in modules:
        sys.modules.pop(module, None)


@pytest.fixture(scope="session")
def to_toml() -> Callable[[dict[str, Any]], str]:
    """Writes a table of plain values as TOML, each top-level key on a line of its own, what is below inline."""

    def value_text(value: Any) -> str:
        if isinstance(value, dict):
            return "{" + ", ".join(f"{key_text(key)} = {value_text(below)}" for key, below in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(map(value_text, value)) + "]"
        if isinstance(value, bool):
            return "true" if value else "false"
        return key_text(value) if isinstance(value, str) else str(value)

    def key_text(key: str) -> str:
        return json.dumps(key, ensure_ascii=False).replace("\x7f", "\\u007f")

    return lambda table: "".join(f"{key_text(key)} = {value_text(value)}\n" for key, value in table.items())


@pytest.fixture
def make_offer() -> Callable[..., Offer]:
    """Makes an offer of the distribution `acme 2.3`, as one that a plugin registered."""

    def make(seam: str, name: str, factory: Callable[..., Any] = object, **more: Any) -> Offer:
        return Offer(seam=seam, name=name, factory=factory, summary=name, distribution="acme", version="2.3", **more)

    return make


@pytest.fixture
def make_registry() -> Callable[..., Registry]:
    """Makes a registry of offers."""

    def make(*offers: Offer) -> Registry:
        by_seam: dict[str, dict[str, Offer]] = {seam: {} for seam in SEAMS}
        for offer in offers:
            by_seam[offer.seam][offer.name] = offer
        return Registry(freeze(by_seam), [])

    return make
