"""Checks a codec against the contract of `mainspring.seams.Codec`."""

from collections.abc import Callable
from random import Random
from typing import Any, Literal

from mainspring.errors import CodecError, ConformanceError
from mainspring.seams import MAX_ENCODED_DEPTH, Codec
from mainspring.testing._codec_samples import Samples, samples
from mainspring.testing._rules import Offered, Rules, shorten

__all__ = ["check_codec", "check_offered", "random_value"]

_ALPHABET = 'ab0 ["\\{]}:,/\n\x00\x7f\u00e9\u20ac\ufeff\U0001f600'
_PLAIN = (dict, list, str, int, float, bool, type(None), bytes)


def check_codec(
    factory: Callable[[], Codec],
    *,
    format: Literal["json", "msgpack"],  # noqa: A002  the name of the capability
    strict: bool = True,
    seed: int = 0,
    rounds: int = 300,
) -> None:
    """Tries a codec of `factory` on what it must take, on what it must refuse, and on `rounds` seeded values.

    `format` and `strict` are the capabilities that the codec states. One that isn't `strict` may read what the contract
    refuses, and read differently what the contract takes. It still raises nothing but `CodecError`, keeps nothing that
    it returned, and reads what it wrote.

    Raises `ConformanceError`, which names the broken rule, the bytes or the value, and the seed.
    """
    rules = Rules(seed)
    codec = factory()
    _check_taken(rules, codec, samples(format), strict)
    _check_refused(rules, codec, samples(format), strict)
    _check_compact(rules, codec, format)
    _check_round_trip(rules, codec, _nested(MAX_ENCODED_DEPTH))
    for _ in range(rounds):
        _check_round_trip(rules, codec, random_value(rules.random))
    _check_mutations(rules, codec, rounds)


def random_value(random: Random, depth: int = 0) -> Any:
    """Returns a seeded value that every codec can hold, nested up to `depth` levels.

    It has finite floats, 64-bit integers and text keys.
    """
    kind = random.randrange(9 if depth < 4 else 6)
    if kind == 0:
        return random.choice((None, True, False))
    if kind <= 2:
        return random.choice((random.randint(-(2**63), 2**64 - 1), random.randint(-200, 200)))
    if kind == 3:
        return random.choice((0.0, -0.5, 1e308, 5e-324, random.uniform(-1e6, 1e6)))
    if kind <= 5:
        return _text(random)
    if kind <= 7:
        return [random_value(random, depth + 1) for _ in range(random.randrange(6))]
    return {_text(random): random_value(random, depth + 1) for _ in range(random.randrange(6))}


def _text(random: Random) -> str:
    return "".join(random.choice(_ALPHABET) for _ in range(random.randrange(8)))


def _nested(depth: int) -> list[Any]:
    """Returns a list nested `depth` levels deep."""
    value: list[Any] = []
    for _ in range(depth - 1):
        value = [value]
    return value


def _decode(rules: Rules, codec: Codec, data: bytes) -> tuple[bool, Any]:
    """Returns whether the codec accepted the bytes, and the result."""
    try:
        return True, codec.decode(data)
    except CodecError:
        return False, None
    except Exception as error:  # any other exception of a plugin under test is the finding
        rules.hold(
            "decode raises CodecError and nothing else", False, f"{shorten(data)}: {type(error).__name__}: {error}"
        )
        raise


def _check_taken(rules: Rules, codec: Codec, tried: Samples, strict: bool) -> None:
    for data, value in tried.taken:
        took, found = _decode(rules, codec, data)
        if not strict:
            continue
        rules.hold("what is valid is taken", took, f"{shorten(data)} was refused")
        if value is not None:
            # By their text, which tells 1 from 1.0 and 0.0 from -0.0.
            same = repr(found) == repr(value)
            rules.hold("what is valid decodes to its value", same, f"{shorten(data)} gave {shorten(found)}")


def _check_refused(rules: Rules, codec: Codec, tried: Samples, strict: bool) -> None:
    for rule, data in tried.refused:
        took, found = _decode(rules, codec, data)
        rules.hold(rule, not (took and strict), f"{shorten(data)} gave {shorten(found)}")
    for rule, value in tried.unencodable:
        took, found = _encode(rules, codec, value)
        rules.hold(rule, not (took and strict), f"encode({shorten(value)}) gave {shorten(found)}")


def _encode(rules: Rules, codec: Codec, value: Any) -> tuple[bool, Any]:
    try:
        return True, codec.encode(value)
    except CodecError:
        return False, None
    except Exception as error:  # any other exception of a plugin under test is the finding
        rules.hold(
            "encode raises CodecError and nothing else", False, f"{shorten(value)}: {type(error).__name__}: {error}"
        )
        raise


def _check_compact(rules: Rules, codec: Codec, format_: str) -> None:
    value = {"b": [1, "x"], "a": None}
    right = b'{"b":[1,"x"],"a":null}' if format_ == "json" else b"\x82\xa1b\x92\x01\xa1x\xa1a\xc0"
    took, found = _encode(rules, codec, value)
    rules.hold("encode is compact, keys in the order given", took and found == right, f"{value} gave {shorten(found)}")


def _check_round_trip(rules: Rules, codec: Codec, value: Any) -> None:
    took, data = _encode(rules, codec, value)
    rules.hold("what is plain is encoded", took and type(data) is bytes, f"{shorten(value)} gave {shorten(data)}")
    took, found = _decode(rules, codec, data)
    rules.hold("what was encoded is decoded", took, f"{shorten(data)} was refused")
    same = found == value and repr(found) == repr(value)
    rules.hold("what was encoded decodes to the same", same, f"{shorten(value)} came back as {shorten(found)}")


def _check_mutations(rules: Rules, codec: Codec, rounds: int) -> None:
    random = rules.random
    kept: list[tuple[Any, str]] = []
    for _ in range(rounds):
        took, data = _encode(rules, codec, random_value(random))
        broken = bytearray(data)
        for _ in range(random.randint(1, 3)):
            at = random.randrange(len(broken) + 1)
            broken[at : at + random.randint(0, 2)] = random.randbytes(random.randint(0, 2))
        took, found = _decode(rules, codec, bytes(broken))
        if took:
            rules.hold("decoded objects are plain", isinstance(found, _PLAIN), f"{bytes(broken)!r} gave {type(found)}")
            kept.append((found, repr(found)))
    for found, before in kept:
        rules.hold("decode gives no memory that it uses again", repr(found) == before, f"{before} is now {found!r}")


def check_offered(offered: Offered) -> str:
    """Checks an offered codec for `check_offer`; returns what was left out."""
    format_ = offered.capabilities.get("format")
    if format_ not in ("json", "msgpack"):
        raise ConformanceError("the format is stated", f"format is {format_!r}", seed=offered.seed)
    strict = bool(offered.capabilities.get("strict", False))
    check_codec(offered.factory, format="json" if format_ == "json" else "msgpack", strict=strict, seed=offered.seed)
    lenient = offered.capabilities.get("lenient")
    if not strict and not lenient:
        raise ConformanceError("a codec that isn't strict says what it lets through", "no `lenient`", seed=offered.seed)
    return "" if strict else f"not strict: {lenient}"
