"""A session that trades without end keeps to its memory: what has ended is forgotten, but for the log."""

import gc
import subprocess
import weakref
from itertools import islice
from pathlib import Path

import pytest

from hwprofile.children import code_command
from mainspring.session.driver import Driver
from mainspring_tools.soak import trading_lane, trading_messages

# Records by which all is kept that will be of ended orders, and the samples for the report are full.
_FULL = 240_000
# Two huge pages and what an allocator keeps for itself. Six bytes kept of each of `_MANY` records would be more.
_MOST_GROWTH = 6_000_000
_MANY = 1_000_000
_MOST_OBJECTS = 2_000


_CODE = """
import sys
from pathlib import Path
from mainspring_tools.soak import soak

full, records = int(sys.argv[2]), int(sys.argv[3])
samples = soak(full, Path(sys.argv[1]))
first = next(samples)
last = next(sample for sample in samples if sample.records >= records)
print(last.fills, last.resident - first.resident, last.objects - first.objects)
"""


def _grows(records: int, folder: Path) -> tuple[int, int]:
    """Runs a session of so many records; returns by how many bytes and objects it grew once it was full.

    In a process of its own: memory that other tests have freed, or tables that they have filled, may grow at any time.
    """
    command = code_command(_CODE, str(folder), str(_FULL), str(records))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    fills, resident, objects = map(int, done.stdout.split())
    assert fills > records // 60
    return resident, objects


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc/self/statm to read the memory from")
def test_memory_stays_flat_while_orders_come_and_go(tmp_path: Path) -> None:
    """Once what is kept of ended orders is full, nothing is added."""
    resident, objects = _grows(_FULL + _MANY, tmp_path)
    assert resident < _MOST_GROWTH
    assert objects < _MOST_OBJECTS


@pytest.mark.gate
@pytest.mark.weekly
def test_memory_stays_flat_over_ten_million_order_events(tmp_path: Path) -> None:
    """The same, for as long as a busy session lasts."""
    resident, objects = _grows(10_000_000, tmp_path)
    assert resident < _MOST_GROWTH
    assert objects < _MOST_OBJECTS


def test_a_lane_that_traded_is_freed(tmp_path: Path) -> None:
    """What a run knows of its lane leads back to it: the garbage collector finds that."""
    wired = trading_lane(tmp_path)
    driver, seen = Driver(wired), weakref.ref(wired.lane)
    driver.run(list(islice(trading_messages(), 2_000)))
    assert wired.log is not None
    assert wired.log.records > 2_000
    del wired, driver
    gc.collect()
    assert seen() is None
