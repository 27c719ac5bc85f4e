"""Shows what the JSON codecs make of JSONTestSuite: what is JSON is taken, what isn't is refused, by all of them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mainspring.errors import CodecError
from mainspring.seams import Codec

Agreed = Callable[[bytes], str | None]


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
    """Every i_ file is taken by all with one result, or refused by all."""
    taken = {path.stem for path in _files(suites, "i") if agreed(path.read_bytes()) is not None}
    assert taken == {
        "i_number_double_huge_neg_exp",
        "i_number_real_underflow",
        "i_number_too_big_neg_int",
        "i_number_too_big_pos_int",
        "i_number_very_big_negative_int",
        "i_structure_500_nested_arrays",
    }


@pytest.mark.parametrize("folder", ["JSONTestSuite/test_transform", "orjson-corpora/transform"])
def test_transformed_files_come_out_alike(agreed: Agreed, suites: Path, folder: str) -> None:
    """Big numbers, duplicate keys and odd strings: one result for all."""
    files = sorted((suites / folder).glob("*.json"))
    assert files
    for path in files:
        agreed(path.read_bytes())


def test_integers_are_whole_within_64_bits_and_floats_beyond(agreed: Agreed, suites: Path) -> None:
    """The smallest and a large one are whole, and one below the smallest is the nearest float."""
    folder = suites / "JSONTestSuite/test_transform"
    assert agreed((folder / "number_-9223372036854775808.json").read_bytes()) == "[-9223372036854775808]"
    assert agreed((folder / "number_-9223372036854775809.json").read_bytes()) == "[-9.223372036854776e+18]"
    assert agreed((folder / "number_10000000000000000999.json").read_bytes()) == "[10000000000000000999]"
