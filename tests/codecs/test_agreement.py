"""Shows that the codecs of a format are twins: the same values, the same refusals, on generated input."""

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mainspring.errors import CodecError
from mainspring.seams import MIN_DEPTH, Codec
from mainspring_plugins.codecs._limits import check_json_depth, check_json_integers

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    _TEXT,
)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(_TEXT, inner, max_size=5)),
    max_leaves=20,
)
_BREAKAGE = (b"", b"9", b'"', b"[", b"}", b"\\", b"\xc3", b"e", b"-", b"d")
_SETTINGS = settings(max_examples=150, deadline=None, derandomize=True)


@given(value=_VALUES)
@_SETTINGS
def test_json_codecs_read_each_other(json_codecs: dict[str, Codec], value: Any) -> None:
    """What one encodes, each decodes to the same value."""
    for writer in json_codecs.values():
        data = writer.encode(value)
        for name, reader in json_codecs.items():
            assert repr(reader.decode(data)) == repr(value), name


@given(value=st.recursive(_LEAVES | st.binary(max_size=9), lambda inner: st.lists(inner, max_size=4), max_leaves=12))
@_SETTINGS
def test_msgpack_codecs_read_each_other(msgpack_codecs: dict[str, Codec], value: Any) -> None:
    """What one encodes, each decodes to the same value, bytes among them."""
    for writer in msgpack_codecs.values():
        data = writer.encode(value)
        for name, reader in msgpack_codecs.items():
            assert repr(reader.decode(data)) == repr(value), name


@pytest.mark.parametrize("seed", range(4))
def test_json_codecs_agree_on_what_is_broken(agreed: Callable[[bytes], dict[str, str | None]], seed: int) -> None:
    """Bytes of real shapes with a few of them changed: all refuse, or all take and give the same, as far as the
    contract says.
    """
    taken = 0
    rng = random.Random(seed)
    whole = b'{"e":"depthUpdate","u":18446744073709551615,"b":[["1.50","0"],[1e5,-0.0]],"\\u00e9":"\\ud83d\\ude00"}'
    for _ in range(1500):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(data))
            data[at : at + rng.randint(0, 2)] = rng.choice(
                (b"", b"9", b'"', b"[", b"}", b"\\", b"\xc3", b"e", b"-", b"d")
            )
        taken += None not in agreed(bytes(data)).values()
    assert 50 < taken < 1450


@given(levels=st.integers(MIN_DEPTH - 4, MIN_DEPTH + 4), texts=st.lists(st.text('[]{}",a\\', max_size=5), max_size=6))
@_SETTINGS
@example(levels=MIN_DEPTH + 4, texts=["]" * MIN_DEPTH])
@example(levels=MIN_DEPTH - 4, texts=["[" * MIN_DEPTH, "", "{"])
def test_depth_is_counted_outside_strings(levels: int, texts: list[str]) -> None:
    """The quick count refuses exactly what nests too deep, whatever brackets and quotes its strings hold."""
    strings = json.dumps(texts).encode()
    data = b'[{"]":' * (levels // 2) + strings + b"}]" * (levels // 2)
    deepest = levels // 2 * 2 + 1
    assert _depth(data) == deepest
    if deepest > MIN_DEPTH:
        with pytest.raises(CodecError, match="deeper"):
            check_json_depth("test", data)
    else:
        check_json_depth("test", data)


def _depth(data: bytes) -> int:
    """How deep JSON nests, counted byte by byte."""
    deepest = depth = 0
    inside = escaped = False
    for byte in data:
        if inside:
            inside = escaped or byte != ord('"')
            escaped = byte == ord("\\") and not escaped
        elif byte == ord('"'):
            inside = True
        elif byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


@given(number=st.integers(-(2**70), 2**70))
@_SETTINGS
def test_integers_are_bounded_where_they_stand(number: int) -> None:
    """In a string or as a float the same digits pass."""
    check_json_integers("test", b'{"%d":"%d","a":[%d.0,%de0]}' % (number, number, number, number))
    if -(2**63) <= number < 2**64:
        check_json_integers("test", b"[%d]" % number)
    else:
        with pytest.raises(CodecError, match="64 bits"):
            check_json_integers("test", b"[%d]" % number)
