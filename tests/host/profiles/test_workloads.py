"""The digest of a workload: the same for the same work, another for any other, cheap for gigabytes."""

import hashlib
import os
from pathlib import Path

import msgspec
import pytest

from mainspring.errors import DataError
from mainspring.host.config import parse_config
from mainspring.host.planning import make_plan
from mainspring.host.profiles import workload
from mainspring.host.registry import Registry

TRADES = """
feed = { plugin = "simulated", seconds = 1 }
instruments = ["BTC/USDT"]
slippage.plugin = "square-root"
router.plugin = "paper"
latency.request_us = 250
[strategy.maker]
plugin = "quote-maker"
size = 0.01
[risk]
max_order_size = 0.5
"""


@pytest.fixture(scope="module")
def registry():
    return Registry.load()


@pytest.fixture
def digest(registry):
    """The digest of the configuration with overrides."""

    def of(*overrides):
        return workload(make_plan(parse_config(TRADES, "s.toml", Path(), overrides), registry)).digest

    return of


def test_the_same_work_is_the_same(digest):
    """Twice the same, and whatever doesn't decide what a message costs: seed, lanes, sizes, limits, latencies."""
    whole = digest()
    assert len(whole) == 64
    assert int(whole, 16)
    for unlike in (
        "seed=2",
        "budget.feed_us=1",
        "lanes=1",
        "hardware.timer_slack_ns=1",
        "strategy.maker.size=0.02",
        "risk.max_order_size=0.6",
        "latency.request_us=251",
        "market.volatility_half_life_s=30",
    ):
        assert digest(unlike) == whole


@pytest.mark.parametrize(
    "change",
    [
        "feed.seconds=2",
        'instruments=["ETH/USDT"]',
        'instruments=["BTC/USDT", "ETH/USDT"]',
        'mode="replay"',
        'strategy.maker={plugin="momentum", size=0.01}',
        "slippage.plugin=fixed-bps",
        "risk.max_position=1",
        "decoder.plugin=python",
        "book.plugin=sorted-dict",
        "codec.json=orjson",
        "session.chunk=512",
        'hardware.gc="as-is"',
        'instrument={"BTC/USDT"={tick_size="0.1"}}',
    ],
)
def test_other_work_is_another(digest, change):
    """Each thing that decides what a message costs; a slot that is pinned is another than one that is open."""
    assert digest(change) != digest()


@pytest.fixture
def of_capture(registry, tmp_path):
    """The workload of captures of these bytes, each under its name."""
    plan = make_plan(parse_config(TRADES, "s.toml", Path(), ['mode="replay"']), registry)

    def of(**files: bytes):
        for name, data in files.items():
            (tmp_path / name).write_bytes(data)
        source = msgspec.structs.replace(plan.source, captures=tuple(tmp_path / name for name in files))
        return workload(msgspec.structs.replace(plan, source=source))

    return of


def test_a_capture_is_its_bytes_and_not_its_path(of_capture):
    """The same bytes elsewhere are the same work; other bytes, another length or another order are not."""
    whole = b"0123456789" * 100_000
    digest = of_capture(a=whole).digest
    assert of_capture(b=whole).digest == digest
    assert of_capture(a=whole).description == "a read as simulated, BTC/USDT, mode replay"
    others = {
        "beginning": b"x" + whole[1:],
        "middle": whole[:500_000] + b"x" + whole[500_001:],
        "end": whole[:-1] + b"x",
        "longer": whole + b"0",
        "empty": b"",
    }
    digests = [of_capture(a=data).digest for data in others.values()]
    assert len({digest, *digests}) == 1 + len(others)
    assert of_capture(a=b"1", b=b"2").digest != of_capture(b=b"2", a=b"1").digest
    ours, theirs = of_capture(a=b"1").parts, of_capture(a=b"2").parts
    assert {part for part in ours if ours[part] != theirs[part]} == {"messages"}


def test_gigabytes_cost_no_more_than_megabytes(of_capture, tmp_path, monkeypatch):
    """Of a sparse file of 8 GiB, 768 KiB are read."""
    read = []
    digests = hashlib.sha256

    class Counting:
        def __init__(self, data=b""):
            self._digest = digests(data)

        def update(self, data):
            read.append(len(data))
            self._digest.update(data)

        def hexdigest(self):
            return self._digest.hexdigest()

    (tmp_path / "huge").touch()
    os.truncate(tmp_path / "huge", 8 << 30)
    monkeypatch.setattr("mainspring.host.profiles.workloads.hashlib.sha256", Counting)
    monkeypatch.setattr(Path, "write_bytes", lambda _path, _data: 0)
    of_capture(huge=b"")
    assert sum(read) == 768 << 10


def test_a_capture_that_is_gone(of_capture, tmp_path, monkeypatch):
    """An error of data, with the file."""
    monkeypatch.setattr(Path, "write_bytes", lambda _path, _data: 0)
    with pytest.raises(DataError, match="gone can't be read"):
        of_capture(gone=b"")
