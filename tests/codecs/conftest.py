"""The built-in codecs as their plugins offer them, and the folder of the shared suites."""

import importlib
import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mainspring.errors import CodecError
from mainspring.seams import Codec

_MODULES = ("json", "orjson", "msgspec_json", "simdjson", "msgpack")
_SUITES = Path(__file__).resolve().parents[2].parent / "shared/data/codecs"


class OfferedCodec(NamedTuple):
    """A codec plugin's offer."""

    name: str
    factory: Any
    capabilities: dict[str, Any]
    packages: tuple[str, ...]
    rank: int


class _Catalogue:
    def __init__(self) -> None:
        self.offers: list[OfferedCodec] = []

    def add(self, name, factory, *, summary, options=None, needs=None, capabilities, rank=0) -> None:
        packages = needs.packages if needs else ()
        self.offers.append(OfferedCodec(name, factory, dict(capabilities), packages, rank))


def _offers() -> list[OfferedCodec]:
    catalogue = _Catalogue()
    for module in _MODULES:
        importlib.import_module(f"mainspring_plugins.codecs.{module}").register_codecs(catalogue)
    return catalogue.offers


_ALL = _offers()


@pytest.fixture
def offers() -> list[OfferedCodec]:
    return _ALL


@pytest.fixture(params=_ALL, ids=[offer.name for offer in _ALL])
def offer(request: pytest.FixtureRequest) -> OfferedCodec:
    chosen: OfferedCodec = request.param
    for package in chosen.packages:
        pytest.importorskip(package)
    return chosen


def _usable(format_: str) -> dict[str, Codec]:
    usable = {}
    for offer in _ALL:
        if offer.capabilities["format"] == format_ and all(map(importlib.util.find_spec, offer.packages)):
            usable[offer.name] = offer.factory()
    return usable


@pytest.fixture(scope="session")
def json_codecs() -> dict[str, Codec]:
    """Every JSON codec that runs here, by name."""
    return _usable("json")


@pytest.fixture(scope="session")
def agreed(json_codecs: dict[str, Codec]) -> Callable[[bytes], str | None]:
    """What all JSON codecs make of the bytes: a text that tells 1 from 1.0 and 0.0 from -0.0, or None for a refusal."""

    def agreed(data: bytes) -> str | None:
        outcomes = {name: _outcome(codec, data) for name, codec in json_codecs.items()}
        assert len(set(outcomes.values())) == 1, (data, outcomes)
        return outcomes["orjson"]

    return agreed


def _outcome(codec: Codec, data: bytes) -> str | None:
    try:
        value = codec.decode(data)
    except CodecError:
        return None
    # As JSON, as `repr` gives up on deep nesting.
    return json.dumps(value)


@pytest.fixture(scope="session")
def msgpack_codecs() -> dict[str, Codec]:
    """Every msgpack codec that runs here, by name."""
    return _usable("msgpack")


@pytest.fixture(scope="session")
def suites() -> Path:
    if not _SUITES.is_dir():
        pytest.skip("captures absent: codecs")
    return _SUITES
