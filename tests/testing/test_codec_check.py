"""Shows that check_codec finds each way in which a codec can break its contract."""

import json
from typing import Any

import pytest

from mainspring.errors import CodecError, ConformanceError
from mainspring.seams import MAX_JSON_DEPTH
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


class TakesOneLevelTooMany(OrjsonCodec):
    def decode(self, data):
        return [] if data == b"[" * (MAX_JSON_DEPTH + 1) + b"]" * (MAX_JSON_DEPTH + 1) else super().decode(data)


class CrashesOnDepth(OrjsonCodec):
    def decode(self, data):
        if data.startswith(b"[" * 65):
            raise RecursionError
        return super().decode(data)


class RefusesDepthTooSoon(JsonCodec):
    def decode(self, data):
        if data.startswith(b"[" * MAX_JSON_DEPTH):
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


class RefusesLongIntegers(OrjsonCodec):
    def decode(self, data):
        if b"18446744073709551616" in data and b'"' not in data:
            raise CodecError("test", "too large")
        return super().decode(data)


class TakesTheFirstOfTwoKeys(JsonCodec):
    def decode(self, data):
        return {"a": 1, "b": 3} if data == b'{"a":1,"b":3,"a":2}' else super().decode(data)


class LosesTheSignOfZero(JsonCodec):
    def decode(self, data):
        return super().decode(data.replace(b"-0.0", b"0.0"))


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


class TakesNumbersAsKeys(MsgpackCodec):
    def decode(self, data):
        return {1: 2} if data == b"\x81\x01\x02" else super().decode(data)


class TakesTheRest(MsgpackCodec):
    def decode(self, data):
        return super().decode(data[:1] if data[:1] == b"\x01" else data)


@pytest.mark.parametrize(
    ("factory", "format_", "rule"),
    [
        (TakesNaN, "json", "NaN is refused"),
        (LosesTheError, "json", "CodecError and nothing else"),
        (TakesOneLevelTooMany, "json", "deep nesting is refused"),
        (CrashesOnDepth, "json", "CodecError and nothing else"),
        (RefusesDepthTooSoon, "json", "what is valid is taken"),
        (RefusesLongIntegers, "json", "what is valid is taken"),
        (TakesLongIntegers, "json", "decodes to its value"),
        (FloatsExceptOne, "json", "decodes to its value"),
        (RoundsLongIntegersDown, "json", "decodes to its value"),
        (TakesTheFirstOfTwoKeys, "json", "decodes to its value"),
        (LosesTheSignOfZero, "json", "decodes to its value"),
        (EncodesShallow, "json", "what is plain is encoded"),
        (EncodesNaNAsNull, "json", "NaN is refused"),
        (SortsKeys, "json", "keys in the order given"),
        (RoundsFloats, "json", "decodes to the same"),
        (ReusesItsMemory, "json", "no memory that it uses again"),
        (PlainJsonCodec, "json", "decodes to its value"),
        (GivesTimesInSeconds, "msgpack", "decodes to its value"),
        (TakesExtensions, "msgpack", "unknown extensions are refused"),
        (TakesNumbersAsKeys, "msgpack", "keys that are neither"),
        (TakesTheRest, "msgpack", "bytes after the message are refused"),
        (PlainMsgpackCodec, "msgpack", "NaN is refused"),
    ],
)
def test_a_broken_codec_is_found(factory: Any, format_: Any, rule: str) -> None:
    """By the rule that it breaks, with the seed in the error."""
    with pytest.raises(ConformanceError, match=rule) as caught:
        check_codec(factory, format=format_, seed=5)
    assert caught.value.seed == 5


def test_one_that_is_not_strict_may_take_more_and_still_must_not_raise() -> None:
    """Leniency excuses what is taken, never another exception."""
    check_codec(TakesNaN, format="json", strict=False)
    with pytest.raises(ConformanceError, match="CodecError and nothing else"):
        check_codec(LosesTheError, format="json", strict=False)
