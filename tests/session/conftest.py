"""What tests of whole sessions share."""

import gzip
from itertools import islice

import pytest

from mainspring.host.registry import Registry


@pytest.fixture(scope="module")
def registry():
    return Registry.load()


@pytest.fixture(autouse=True)
def _cache(tmp_path_factory, monkeypatch):
    """A cache folder of the tests' own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture
def first_messages(tmp_path):
    """Copies so many of a recorded capture's first messages into a capture of the test's own."""

    def copy(capture, messages):
        if not capture.exists():
            pytest.skip(f"capture absent: binance/{capture.parent.name}/{capture.name}")
        path = tmp_path / "first messages" / capture.parent.name / capture.stem
        path.parent.mkdir(parents=True)
        with gzip.open(capture) as lines, path.open("wb") as short:
            short.writelines(islice(lines, messages))
        return path

    return copy
