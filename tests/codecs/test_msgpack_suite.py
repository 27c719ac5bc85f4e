"""Shows what the msgpack codecs make of msgpack-test-suite: every valid encoding of a value decodes to the value."""

import json
from pathlib import Path
from typing import Any

import pytest

from mainspring.errors import CodecError
from mainspring.seams import Codec


@pytest.fixture(scope="module")
def cases(suites: Path) -> list[dict[str, Any]]:
    groups = json.loads((suites / "msgpack-test-suite/dist/msgpack-test-suite.json").read_text())
    return [case for group in groups.values() for case in group]


def _encodings(case: dict[str, Any]) -> list[bytes]:
    return [bytes.fromhex(text.replace("-", "")) for text in case["msgpack"]]


def _value(case: dict[str, Any]) -> Any:
    kind, value = next((key, case[key]) for key in case if key != "msgpack")
    if kind == "binary":
        return bytes.fromhex(value.replace("-", ""))
    return int(case["bignum"]) if "bignum" in case else value


def test_valid_encodings_decode_to_the_value(msgpack_codecs: dict[str, Codec], cases: list[dict[str, Any]]) -> None:
    """All that isn't an extension, in every form that the format allows."""
    for case in cases:
        if "ext" in case or "timestamp" in case:
            continue
        for data in _encodings(case):
            for name, codec in msgpack_codecs.items():
                assert codec.decode(data) == _value(case), (name, data.hex())


def test_values_come_back(msgpack_codecs: dict[str, Codec], cases: list[dict[str, Any]]) -> None:
    """What a codec encodes is one of the suite's valid encodings of the value, and decodes to it."""
    for case in cases:
        if "ext" in case or "timestamp" in case:
            continue
        for name, codec in msgpack_codecs.items():
            data = codec.encode(_value(case))
            assert data in _encodings(case), (name, case)
            assert codec.decode(data) == _value(case), (name, case)


def test_timestamps_are_nanoseconds(msgpack_codecs: dict[str, Codec], cases: list[dict[str, Any]]) -> None:
    """Exact; beyond 64 bits they are refused."""
    stamps = [case for case in cases if "timestamp" in case]
    assert stamps
    for case in stamps:
        seconds, nanoseconds = case["timestamp"]
        exact = seconds * 10**9 + nanoseconds
        for name, codec in msgpack_codecs.items():
            for data in _encodings(case):
                if -(2**63) <= exact < 2**64:
                    assert codec.decode(data) == exact, (name, case)
                else:
                    with pytest.raises(CodecError):
                        codec.decode(data)


def test_other_extensions_are_refused(msgpack_codecs: dict[str, Codec], cases: list[dict[str, Any]]) -> None:
    """Alone, and inside an array."""
    extensions = [data for case in cases if "ext" in case for data in _encodings(case)]
    assert extensions
    for data in extensions:
        for codec in msgpack_codecs.values():
            for message in (data, b"\x91" + data):
                with pytest.raises(CodecError):
                    codec.decode(message)
