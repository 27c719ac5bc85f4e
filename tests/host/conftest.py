import json
from collections.abc import Callable
from typing import Any

import pytest

from mainspring.host.offers import Offer, freeze
from mainspring.host.registry import Registry
from mainspring.seams import SEAMS


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
