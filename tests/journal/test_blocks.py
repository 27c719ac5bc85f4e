"""Blocks and entries: there and back, and every change of a bit refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.errors import JournalError
from mainspring.journal import (
    ConfigText,
    Ending,
    Entry,
    Input,
    LaneState,
    LogBytes,
    Opening,
    Positions,
    decode_block,
    encode_block,
)
from mainspring.journal.entries import decode_entries, encode_entries

_int64 = st.integers(-(2**63), 2**63 - 1)
_text = st.text(max_size=12)
_configs = st.builds(
    ConfigText, text=_text, origin=_text, folder=_text, overrides=st.lists(_text, max_size=3).map(tuple)
)
_entries = st.lists(
    st.one_of(
        st.builds(LogBytes, st.binary(max_size=200)),
        st.builds(Positions, _int64, st.lists(st.integers(0, 2**63 - 1), max_size=3).map(tuple)),
        st.builds(Input, st.lists(st.integers(0, 2**63 - 1), max_size=3).map(tuple), st.binary(max_size=60)),
        st.builds(LaneState, _int64, _text, _text),
        st.builds(Ending, sha256=_text, records=st.integers(0, 2**40), failure=_text, stopped_early=_text),
        st.builds(
            Opening,
            opened_at=_text,
            version=_text,
            lane=_text,
            mode=_text,
            config=st.none() | _configs,
            instruments=st.lists(_text, max_size=3).map(tuple),
            captures=st.lists(st.tuples(_text, st.integers(0, 2**40)), max_size=2).map(tuple),
        ),
    ),
    max_size=5,
)
_SAMPLE: list[Entry] = [
    LogBytes(b"MSORDERS"),
    Input((3, 4), b"event"),
    LaneState(17, "halted", "drill"),
    Positions(17, (3, 4)),
    Ending(sha256="ab", records=2),
]


@given(_entries, st.integers(1, 2**40), st.integers(1, 2**40), st.integers(0, 2**32 - 1))
def test_a_block_comes_back(entries, session, number, previous):
    """A block is read where it stands and after the block that it followed."""
    data, crc = encode_block(session, number, previous, entries)
    assert decode_block(data, session, number, previous) == (entries, crc)


def test_every_changed_bit_is_refused():
    """No bit of a block can change without notice."""
    data, _ = encode_block(2, 7, 99, _SAMPLE)
    for place in range(8 * len(data)):
        changed = bytearray(data)
        changed[place // 8] ^= 1 << place % 8
        with pytest.raises(JournalError, match="checksum doesn't match"):
            decode_block(bytes(changed), 2, 7, 99)


def test_every_cut_is_refused():
    """Nor can its end be missing."""
    data, _ = encode_block(2, 7, 99, _SAMPLE)
    for end in range(len(data)):
        with pytest.raises(JournalError):
            decode_block(data[:end], 2, 7, 99)


@pytest.mark.parametrize(
    ("place", "said"),
    [((3, 7, 99), "number 7 of session 2"), ((2, 8, 99), "number 7 of session 2"), ((2, 7, 98), "was replaced")],
)
def test_a_block_elsewhere_is_refused(place, said):
    """A block of another session, at another number or after another block isn't read in its place."""
    data, _ = encode_block(2, 7, 99, _SAMPLE)
    with pytest.raises(JournalError, match=said):
        decode_block(data, *place)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\x09\x00\x00\x00\x00", "unknown kind 9"),
        (b"\x01\x05\x00\x00\x00abcd", "doesn't end within it"),
        (b"\x01\x05\x00", "doesn't end within it"),
        (b"\x02\x01\x00\x00\x00\xc0", "can't be read"),
        (b"\x03\x01\x00\x00\x00\xc0", "can't be read"),
    ],
)
def test_what_is_no_entry_is_refused(data, said):
    """A later release's kinds, and bodies that end too soon, are errors that say where."""
    with pytest.raises(JournalError, match=said):
        decode_entries(data)
    assert decode_entries(encode_entries(_SAMPLE)) == _SAMPLE
