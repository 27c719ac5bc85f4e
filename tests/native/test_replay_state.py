"""The record of a strategy: its fields as attributes, over the memory that a compiled body writes to."""

import ctypes
from typing import Any

import numpy as np
import pytest

pytest.importorskip("mainspring_native.replay", reason="NumPy isn't installed")

from mainspring_native.replay.strategy import make_state

FIELDS = np.dtype(
    [("flag", "i1"), ("count", "i8"), ("small", "u2"), ("mean", "f8"), ("past", "f8", (3,)), ("name", "S4")], align=True
)


def record(state: Any) -> Any:
    """NumPy's view of the state's memory."""
    return np.ndarray((), FIELDS, state)


def test_a_state_has_the_layout_of_its_record_type():
    """What is written to a field stands where NumPy, and so a compiled body, has it, and the other way round."""
    state = make_state(FIELDS)
    assert ctypes.sizeof(state) == FIELDS.itemsize
    state.flag, state.count, state.small, state.mean, state.name = -1, 2**40, 7, 0.5, b"abc"
    state.past[1] = 2.5

    seen = record(state)
    assert [seen[name].item() for name in ("flag", "count", "small", "mean", "name")] == [-1, 2**40, 7, 0.5, b"abc"]
    seen["count"], seen["past"] = 3, [1.0, 2.0, 3.0]
    assert (state.count, state.past.tolist(), state.name) == (3, [1.0, 2.0, 3.0], b"abc")


def test_whole_numbers_lose_a_fraction_as_compiled():
    """A float that is written to a field of integers is cut, and a number of NumPy's is taken."""
    state = make_state(FIELDS)
    state.count = -1.75
    state.small = np.int64(9)
    state.past = 4.0
    assert (state.count, state.small, state.past.tolist()) == (-1, 9, [4.0, 4.0, 4.0])


def test_there_are_no_fields_but_those():
    """A misspelt field is an error, read or written."""
    state = make_state(FIELDS)
    with pytest.raises(AttributeError, match="cuont"):
        state.cuont = 1
    with pytest.raises(AttributeError, match="cuont"):
        _ = state.cuont


def test_states_are_equal_by_their_fields():
    """Two of the same type and values are equal, and say what they hold."""
    one, other = make_state(FIELDS), make_state(FIELDS)
    assert one == other
    other.count = 1
    assert one != other
    assert "count=1, small=0" in repr(other)
