"""Shows that each codec keeps the contract, and that what it states of itself is so."""

import struct
import sys
from typing import Any

import pytest

from mainspring.errors import CodecError
from mainspring.seams import MAX_JSON_DEPTH
from mainspring.testing import check_codec


@pytest.mark.parametrize("seed", range(2))
def test_keeps_the_contract(offer: Any, seed: int) -> None:
    """The conformance kit finds nothing, with the capabilities as stated."""
    stated = offer.capabilities
    check_codec(
        offer.factory,
        format=stated["format"],
        strict=stated["strict"],
        seed=seed,
    )


def test_ours_are_strict(offer: Any) -> None:
    """So that each may read a feed, and has nothing to say of what it lets through."""
    assert offer.capabilities["strict"]
    assert "lenient" not in offer.capabilities


def test_there_is_one_default_a_format(offers: list[Any]) -> None:
    """orjson for JSON, msgpack for binary, both of them without extras."""
    defaults = {offer.capabilities["format"]: offer for offer in offers if offer.rank}
    assert len([offer for offer in offers if offer.rank]) == len(defaults) == 2
    assert all(not offer.packages for offer in defaults.values())


def test_timestamps_are_exact(msgpack_codecs: dict[str, Any]) -> None:
    """To the nanosecond."""
    for name, codec in msgpack_codecs.items():
        assert codec.decode(b"\xd7\xff" + struct.pack(">Q", 123_456_789 << 34 | 1)) == 1_123_456_789, name


@pytest.mark.parametrize(("name", "deepest"), [("orjson", MAX_JSON_DEPTH)])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_bounds_of_libraries_are_within_the_contract(
    json_codecs: dict[str, Any], name: str, deepest: int, opening: bytes, closing: bytes
) -> None:
    """Where a codec leaves depth to its library: the last level that it takes, and the first that it refuses."""
    if name not in json_codecs:
        pytest.skip(f"{name} is not installed")
    codec = json_codecs[name]
    codec.decode(opening * deepest + b"1" + closing * deepest)
    for levels in (deepest + 1, 100_000):
        for data in (opening * levels + b"1" + closing * levels, opening * levels):
            with pytest.raises(CodecError, match=name):
                codec.decode(data)


@pytest.mark.parametrize("name", ["orjson", "simdjson"])
def test_bounds_of_libraries_do_not_hang_on_the_recursion_limit(json_codecs: dict[str, Any], name: str) -> None:
    """A process that raises it, far beyond what the stack holds, gets a refusal and no crash."""
    if name not in json_codecs:
        pytest.skip(f"{name} is not installed")
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(10**6)
    try:
        with pytest.raises(CodecError, match=name):
            json_codecs[name].decode(b"[" * 100_000 + b"]" * 100_000)
    finally:
        sys.setrecursionlimit(before)


def test_no_error_but_codec_error_escapes_from_cycles(offer: Any) -> None:
    """A list that holds itself can't be encoded."""
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(CodecError, match=offer.name if offer.name != "simdjson" else "orjson"):
        offer.factory().encode(endless)
