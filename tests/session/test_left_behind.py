"""What sessions leave behind in their process: nothing, whatever ran in them."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

_PROGRAM = Path(__file__).with_name("left_behind.py")
# Tables of the interpreter's and of libraries that fill as they are used; a lane has tens of thousands.
_MOST_BLOCKS = 1_000


@pytest.fixture(scope="module")
def left_behind():
    """For each kind of session, how many blocks of memory it left behind, and how many objects of which classes."""
    ran = subprocess.run([sys.executable, _PROGRAM], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return msgspec.json.decode(ran.stdout, type=dict[str, tuple[int, dict[str, int]]])


def test_no_object_of_ours_survives_its_session(left_behind):
    """Native and plain parts, strategies in Python and compiled, strangers' plugins, failures: all is collected."""
    assert len(left_behind) >= 11
    assert {kind: objects for kind, (_, objects) in left_behind.items() if objects} == {}


def test_no_memory_stays_allocated(left_behind):
    """What the collector can't see is freed too."""
    assert {kind: blocks for kind, (blocks, _) in left_behind.items() if blocks > _MOST_BLOCKS} == {}
