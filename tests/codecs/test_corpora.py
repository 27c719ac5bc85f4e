"""Shows that the JSON codecs agree on large real documents, and bring them round unchanged."""

import json
import lzma
from pathlib import Path

import pytest

from mainspring.seams import Codec


def test_round_trip_files_come_back(json_codecs: dict[str, Codec], suites: Path) -> None:
    """Decoded as the standard library does, and the same after encoding and decoding again."""
    files = sorted((suites / "orjson-corpora/roundtrip").glob("*.json"))
    assert files
    for path in files:
        data = path.read_bytes()
        for name, codec in json_codecs.items():
            assert codec.decode(codec.encode(codec.decode(data))) == codec.decode(data), (name, path.name)
            assert codec.decode(data) == json.loads(data), (name, path.name)


@pytest.mark.parametrize("file", ["github", "twitter", "citm_catalog", "canada"])
def test_corpora_decode_alike_and_come_back(json_codecs: dict[str, Codec], suites: Path, file: str) -> None:
    """Every codec's result equals the standard library's, and survives its own encoding."""
    data = lzma.decompress((suites / f"orjson-corpora/{file}.json.xz").read_bytes())
    right = json.loads(data)
    for name, codec in json_codecs.items():
        found = codec.decode(data)
        assert found == right, name
        assert codec.decode(codec.encode(found)) == right, name


def test_naughty_strings_come_back(
    json_codecs: dict[str, Codec], msgpack_codecs: dict[str, Codec], suites: Path
) -> None:
    """The big list of naughty strings, whole and line by line."""
    text = lzma.decompress((suites / "orjson-corpora/blns.txt.xz").read_bytes()).decode()
    value = {"text": text, "lines": text.split("\n")}
    for name, codec in {**json_codecs, **msgpack_codecs}.items():
        assert codec.decode(codec.encode(value)) == value, name
