"""What tests of whole sessions share."""

import pytest

from mainspring.host.registry import Registry


@pytest.fixture(scope="module")
def registry():
    return Registry.load()


@pytest.fixture(autouse=True)
def _cache(tmp_path_factory, monkeypatch):
    """A cache folder of the tests' own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
