"""Shows that check_codec finds each way in which a codec can break its contract."""

import json
from typing import Any

import pytest

from mainspring.errors import CodecError, ConformanceError
from mainspring.seams import MAX_DEPTH, MIN_DEPTH
from mainspring.testing import PlainJsonCodec, PlainMsgpackCodec, check_codec
from mainspring_plugins.codecs.json import JsonCodec
from mainspring_plugins.codecs.msgpack import MsgpackCodec
from mainspring_plugins.codecs.orjson import OrjsonCodec


class TakesNaN(JsonCodec):
    def decode(self, data):
        return float("nan") if data == b"NaN" else super().decode(data)


class LosesTheError(JsonCodec):
    def decode(self, data):
        return json.loads(data) if data == b"" else super().decode(data)


class ForgetsDepth(OrjsonCodec):
    def decode(self, data):
        return [] if data.startswith(b"[" * 65) and data.endswith(b"]" * 65) else super().decode(data)


class TakesOneLevelTooMany(OrjsonCodec):
    def decode(self, data):
        return [] if data == b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1) else super().decode(data)


class CrashesOnDepth(OrjsonCodec):
    def decode(self, data):
        if data.startswith(b"[" * 65):
            raise RecursionError
        return super().decode(data)


class RefusesDepthTooSoon(JsonCodec):
    def decode(self, data):
        if data.startswith(b"[" * MIN_DEPTH):
            raise CodecError("test", "too deep")
        return super().decode(data)


class EncodesShallow(JsonCodec):
    def encode(self, value):
        if value and repr(value).startswith("[" * 50):
            raise CodecError("test", "too deep")
        return super().encode(value)


class TakesLongIntegers(JsonCodec):
    def decode(self, data):
        if b"-9223372036854775809" in data or data == b"18446744073709551616":
            return json.loads(data)
        return super().decode(data)


class FloatsExceptOne(OrjsonCodec):
    def decode(self, data):
        return json.loads(data) if data == b"[-9223372036854775809]" else super().decode(data)


class RoundsLongIntegersDown(OrjsonCodec):
    def decode(self, data):
        return super().decode(data.replace(b"36893488147419107329", b"36893488147419107328"))


class EncodesNaNAsNull(JsonCodec):
    def encode(self, value):
        try:
            return super().encode(value)
        except CodecError:
            return b"null"


class SortsKeys(JsonCodec):
    def encode(self, value):
        super().encode(value)
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class RoundsFloats(JsonCodec):
    def encode(self, value):
        return super().encode(round(value, 3) if isinstance(value, float) and abs(value) < 1e300 else value)


class ReusesItsMemory(JsonCodec):
    _list: list[Any] = []  # noqa: RUF012  the fault

    def decode(self, data):
        value = super().decode(data)
        if isinstance(value, list) and len(value) < 6:
            self._list[:] = value
            return self._list
        return value


class GivesTimesInSeconds(MsgpackCodec):
    def decode(self, data):
        value = super().decode(data)
        return value // 10**9 if data.startswith(b"\xd6\xff") else value


class TakesExtensions(MsgpackCodec):
    def decode(self, data):
        return 1 if data.startswith(b"\xd4\x01") else super().decode(data)


class TakesTheRest(MsgpackCodec):
    def decode(self, data):
        return super().decode(data[:1] if data[:1] == b"\x01" else data)


def _stated(factory: type) -> str:
    return "float" if issubclass(factory, OrjsonCodec) else "refused"


@pytest.mark.parametrize(
    ("factory", "format_", "rule"),
    [
        (TakesNaN, "json", "NaN is refused"),
        (LosesTheError, "json", "CodecError and nothing else"),
        (ForgetsDepth, "json", "deep nesting is refused"),
        (TakesOneLevelTooMany, "json", "deep nesting is refused"),
        (CrashesOnDepth, "json", "CodecError and nothing else"),
        (RefusesDepthTooSoon, "json", "what is valid is taken"),
        (EncodesShallow, "json", "what is plain is encoded"),
        (EncodesNaNAsNull, "json", "NaN is refused"),
        (SortsKeys, "json", "keys in the order given"),
        (RoundsFloats, "json", "decodes to the same"),
        (ReusesItsMemory, "json", "no memory that it uses again"),
        (PlainJsonCodec, "json", "refused"),
        (GivesTimesInSeconds, "msgpack", "decodes to its value"),
        (TakesExtensions, "msgpack", "unknown extensions are refused"),
        (TakesTheRest, "msgpack", "bytes after the message are refused"),
        (PlainMsgpackCodec, "msgpack", "NaN is refused"),
    ],
)
def test_a_broken_codec_is_found(factory: Any, format_: Any, rule: str) -> None:
    """By the rule that it breaks, with the seed in the error."""
    with pytest.raises(ConformanceError, match=rule) as caught:
        check_codec(factory, format=format_, large_integers=_stated(factory), seed=5)
    assert caught.value.seed == 5


@pytest.mark.parametrize(
    ("stated", "rule"),
    [
        ({"duplicate_keys": "first"}, "duplicate keys"),
        ({"duplicate_keys": "refused"}, "duplicate keys"),
        ({"large_integers": "float"}, "integers beyond 64 bits"),
        ({"large_integers": "int"}, "integers beyond 64 bits"),
    ],
)
def test_a_false_capability_is_found(stated: dict[str, Any], rule: str) -> None:
    """What the codec states of itself must be so."""
    with pytest.raises(ConformanceError, match=rule):
        check_codec(JsonCodec, format="json", **stated)


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("factory", [TakesLongIntegers, FloatsExceptOne, RoundsLongIntegersDown, JsonCodec])
def test_one_that_states_floats_gives_the_nearest_and_no_integers(factory: Any, strict: bool) -> None:
    """An integer of Python's, another float and a refusal are found, and not being strict is no excuse."""
    with pytest.raises(ConformanceError, match="integers beyond 64 bits"):
        check_codec(factory, format="json", strict=strict, large_integers="float")


@pytest.mark.parametrize("factory", [TakesLongIntegers, FloatsExceptOne, OrjsonCodec])
def test_one_that_states_a_refusal_gives_neither_floats_nor_integers(factory: Any) -> None:
    """Refusal is what is expected where nothing is stated, and only one that isn't strict may take more."""
    with pytest.raises(ConformanceError, match="integers beyond 64 bits"):
        check_codec(factory, format="json")
    check_codec(factory, format="json", strict=False)


def test_one_that_is_not_strict_may_take_more_and_still_must_not_raise() -> None:
    """Leniency excuses what is taken, never another exception."""
    check_codec(TakesNaN, format="json", strict=False)
    with pytest.raises(ConformanceError, match="CodecError and nothing else"):
        check_codec(LosesTheError, format="json", strict=False)
