"""Shows that the codecs of a format are twins: the same values, the same refusals, on generated input."""

import json
import random
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mainspring.errors import CodecError
from mainspring.seams import MAX_JSON_DEPTH, Codec
from mainspring_plugins.codecs._limits import check_json_depth, has_large_integer

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
_SETTINGS = settings(deadline=None, derandomize=True)


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
def test_json_codecs_agree_on_what_is_broken(agreed: Callable[[bytes], str | None], seed: int) -> None:
    """Bytes of real shapes with a few of them changed: all refuse, or all take and give the same."""
    taken = 0
    rng = random.Random(seed)
    whole = b'{"e":"depthUpdate","u":18446744073709551615,"b":[["1.50","0"],[1e5,-0.0]],"\\u00e9":"\\ud83d\\ude00"}'
    for _ in range(1500):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(data))
            data[at : at + rng.randint(0, 2)] = rng.choice(_BREAKAGE)
        taken += agreed(bytes(data)) is not None
    assert 50 < taken < 1450


def _number(rng: random.Random) -> bytes:
    """A number at the edges of what integers and floats hold, or nearly one."""
    whole = rng.choice((str(2**63), str(2**64), "0", "9" * 309, "17976931348623158" + "0" * 292, "123"))
    digits = str(max(0, int(whole) + rng.randint(-2, 2))) if rng.random() < 0.7 else whole
    fraction = rng.choice(("", "", ".0", ".5", "." + "0" * 30 + "1", "."))
    exponent = rng.choice(("", "", "", "e0", "E-310", "e+308", "e-99999999999", "e99999999999", "e", "e+"))
    return (rng.choice(("", "-", "-", "+", "00")) + digits + fraction + exponent).encode()


_ODD = (
    b"NaN",
    b"-Infinity",
    b'"\\ud800"',
    b'"\\udc00\\ud800"',
    b'"\\u0000"',
    b'"\0"',
    b'"\xed\xa0\x80"',
    b'"\xff"',
    b"\xef\xbb\xbf1",
)


@pytest.mark.parametrize("seed", range(4))
def test_json_codecs_agree_on_numbers_keys_and_odd_texts(agreed: Callable[[bytes], str | None], seed: int) -> None:
    """Numbers about 64 bits and the range of a double, equal keys, what JSON lacks, and what follows the message."""
    rng = random.Random(seed)
    taken = 0
    for _ in range(1500):
        members = [
            b'"%b":%b'
            % (rng.choice((b"a", b"b", b"\\u0061")), _number(rng) if rng.random() < 0.95 else rng.choice(_ODD))
            for _ in range(rng.randint(1, 3))
        ]
        follows = rng.choice((b"",) * 12 + (b" ", b"\0", b"{}", b"\xff"))
        taken += agreed(b"{" + b",".join(members) + b"}" + follows) is not None
    assert 50 < taken < 1450


@pytest.mark.parametrize("levels", [1, 63, 64, 65, 500, 1022, 1023, 1024, 1025, 1026, 5_000])
@pytest.mark.parametrize(
    ("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"]":', b"}]"), (b'[[],{"a":1},', b"]")]
)
@pytest.mark.parametrize("limit", [400, 100_000])
def test_json_codecs_agree_on_nesting(
    json_codecs: dict[str, Codec], levels: int, opening: bytes, closing: bytes, limit: int
) -> None:
    """Every level up to the bound is taken and none beyond, whatever Python's recursion limit is."""
    pairs = levels // (2 if opening.startswith(b"[{") else 1)
    data = opening * pairs + b"1" + closing * pairs
    takes = _depth(data) <= MAX_JSON_DEPTH
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(limit)
    try:
        values = {name: _value(codec, data) for name, codec in json_codecs.items()}
    finally:
        sys.setrecursionlimit(before)
    sys.setrecursionlimit(10_000)
    try:
        right = json.dumps(json.loads(data) if takes else "refused")
        assert {name: json.dumps(value) for name, value in values.items()} == dict.fromkeys(values, right)
    finally:
        sys.setrecursionlimit(before)


def _value(codec: Codec, data: bytes) -> Any:
    try:
        return codec.decode(data)
    except CodecError:
        return "refused"


@given(
    levels=st.integers(MAX_JSON_DEPTH - 4, MAX_JSON_DEPTH + 4),
    texts=st.lists(st.text('[]{}",a\\', max_size=5), max_size=6),
)
@_SETTINGS
@example(levels=MAX_JSON_DEPTH + 4, texts=["]" * MAX_JSON_DEPTH])
@example(levels=MAX_JSON_DEPTH - 4, texts=["[" * MAX_JSON_DEPTH, "", "{"])
def test_depth_is_counted_outside_strings(levels: int, texts: list[str]) -> None:
    """The quick count refuses exactly what nests too deep, whatever brackets and quotes its strings hold."""
    strings = json.dumps(texts).encode()
    data = b'[{"]":' * (levels // 2) + strings + b"}]" * (levels // 2)
    deepest = levels // 2 * 2 + 1
    assert _depth(data) == deepest
    if deepest > MAX_JSON_DEPTH:
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
def test_large_integers_are_found_where_they_stand(number: int) -> None:
    """In a string or as a float the same digits are no integer."""
    assert not has_large_integer(b'{"%d":"%d","a":[%d.0,%de0]}' % (number, number, number, number))
    assert has_large_integer(b"[%d]" % number) is not (-(2**63) <= number < 2**64)
