import hashlib
import re
from pathlib import Path

import pytest

from mainspring.data.catalogue import capture_catalogue, find_entry
from mainspring.data.paths import cache_folder, data_folders
from mainspring.errors import DataError

BINANCE = Path(__file__).resolve().parents[2].parent / "shared/data/binance"
CATALOGUE = capture_catalogue()


def test_entries_are_whole():
    """Every entry has an address that can't change under it, a digest, a licence, and a feed that is a plugin."""
    assert {"btcusdt-spot", "btcusdt-spot-next", "btcusdt-usdm", "btcusd-perp-coinm", "btcusd-perp-coinm-next"} <= set(
        CATALOGUE
    )
    for name, entry in CATALOGUE.items():
        assert entry.name == name
        assert entry.address.startswith("https://")
        assert re.search(r"/[0-9a-f]{40}/", entry.address), "pinned to a commit"
        assert entry.address.endswith(entry.file)
        assert re.fullmatch(r"[0-9a-f]{64}", entry.sha256)
        assert "MIT" in entry.licence
        assert entry.feed in {"binance-spot", "binance-usdm", "binance-coinm"}
        assert entry.continues is None or entry.continues in CATALOGUE
    assert len({entry.file for entry in CATALOGUE.values()}) == len(CATALOGUE)


@pytest.mark.parametrize("name", list(CATALOGUE))
def test_size_and_digest_are_those_of_the_capture(name):
    """The capture itself, where it is here, has the size and the digest that the catalogue says."""
    entry = CATALOGUE[name]
    file = BINANCE / entry.file
    if not file.is_file():
        pytest.skip(f"captures absent: binance/{entry.file}")
    data = file.read_bytes()
    assert len(data) == entry.size_bytes
    assert hashlib.sha256(data).hexdigest() == entry.sha256


def test_find_entry():
    """An entry is found by its name; another name gets the nearest."""
    assert find_entry("btcusdt-spot").file == "spot/btcusdt_20240808.gz"
    with pytest.raises(DataError, match="did you mean 'btcusdt-usdm'"):
        find_entry("btcusdt-usmd")


def test_cache_folder(tmp_path, monkeypatch):
    """The folder of the environment, or the one below the user's home."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert cache_folder() == tmp_path / "x/mainspring"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert tmp_path in cache_folder().parents


@pytest.mark.parametrize("value", ["", ":", None])
def test_no_data_folders(value, monkeypatch):
    """An unset or empty variable, or empty parts of it, name no folder."""
    monkeypatch.delenv("MAINSPRING_DATA", raising=False)
    if value is not None:
        monkeypatch.setenv("MAINSPRING_DATA", value)
    assert data_folders() == ()
