"""Shows what the JSON codecs make of JSONTestSuite: what is JSON is taken, what isn't is refused, by all of them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mainspring.errors import CodecError
from mainspring.seams import Codec

Agreed = Callable[[bytes], dict[str, str | None]]


def _outcome(codec: Codec, data: bytes) -> Any:
    """A text of what was decoded, or None where it was refused. The text tells 1 from 1.0 and 0.0 from -0.0."""
    try:
        return repr(codec.decode(data))
    except CodecError:
        return None


def _files(suites: Path, prefix: str) -> list[Path]:
    files = sorted((suites / "JSONTestSuite/test_parsing").glob(f"{prefix}_*.json"))
    assert files
    return files


def test_what_is_json_is_taken(json_codecs: dict[str, Codec], suites: Path) -> None:
    """Every y_ file decodes to what the standard library decodes it to."""
    for path in _files(suites, "y"):
        data = path.read_bytes()
        for name, codec in json_codecs.items():
            assert _outcome(codec, data) == repr(json.loads(data)), (name, path.name)


def test_what_is_not_json_is_refused(json_codecs: dict[str, Codec], suites: Path) -> None:
    """Every n_ file is refused, with CodecError."""
    for path in _files(suites, "n"):
        for name, codec in json_codecs.items():
            with pytest.raises(CodecError):
                print(name, path.name, codec.decode(path.read_bytes()))


def test_where_the_format_leaves_it_open_all_agree(agreed: Agreed, suites: Path) -> None:
    """Every i_ file is taken by all with one result, or refused by all, but for what the contract leaves to a codec."""
    outcomes = {path.stem: set(agreed(path.read_bytes()).values()) for path in _files(suites, "i")}
    assert {name for name, found in outcomes.items() if None not in found} == {
        "i_number_double_huge_neg_exp",
        "i_number_real_underflow",
    }
    assert {name for name, found in outcomes.items() if None in found and len(found) > 1} == {
        "i_number_too_big_neg_int",
        "i_number_too_big_pos_int",
        "i_number_very_big_negative_int",
        "i_structure_500_nested_arrays",
    }


@pytest.mark.parametrize("folder", ["JSONTestSuite/test_transform", "orjson-corpora/transform"])
def test_transformed_files_come_out_alike(agreed: Agreed, suites: Path, folder: str) -> None:
    """Big numbers, duplicate keys and odd strings: one result for all, but for integers beyond 64 bits."""
    files = sorted((suites / folder).glob("*.json"))
    assert files
    outcomes = {path.stem: set(agreed(path.read_bytes()).values()) for path in files}
    assert {name for name, found in outcomes.items() if len(found) > 1} <= {"number_-9223372036854775809"}


def test_integers_beyond_64_bits_are_treated_as_stated(
    json_codecs: dict[str, Codec], large_integers: dict[str, str], suites: Path
) -> None:
    """One below the smallest is refused or a float, the smallest and a large one are taken, whole."""
    right = {"refused": None, "float": "[-9.223372036854776e+18]"}
    folder = suites / "JSONTestSuite/test_transform"
    for name, codec in json_codecs.items():
        assert codec.decode((folder / "number_-9223372036854775808.json").read_bytes()) == [-(2**63)], name
        assert (
            _outcome(codec, (folder / "number_-9223372036854775809.json").read_bytes()) == right[large_integers[name]]
        ), name
        assert codec.decode((folder / "number_10000000000000000999.json").read_bytes()) == [10000000000000000999], name
