"""The shared captures, and codecs for both encodings."""

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgpack
import orjson
import pytest

_DATA = Path(__file__).resolve().parents[2].parent / "shared/data"
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


@pytest.fixture
def data_file() -> Callable[[str], Path]:
    """A file below ../shared/data; the test is skipped, by its name, where it is absent."""

    def find(name: str) -> Path:
        if not (_DATA / name).is_file():
            pytest.skip(f"captures absent: {name}")
        return _DATA / name

    return find


class JsonCodec:
    """JSON by orjson."""

    def decode(self, data: bytes) -> Any:
        return orjson.loads(data)

    def encode(self, value: Any) -> bytes:
        return orjson.dumps(value)


class MsgpackCodec:
    """msgpack, with timestamps as nanoseconds."""

    def decode(self, data: bytes) -> Any:
        return msgpack.unpackb(data, timestamp=0, ext_hook=msgpack.ExtType, object_hook=self._times)

    def encode(self, value: Any) -> bytes:
        data: bytes = msgpack.packb(value)
        return data

    @staticmethod
    def _times(value: dict[str, Any]) -> dict[str, Any]:
        return {
            key: item.to_unix_nano() if isinstance(item, msgpack.Timestamp) else item for key, item in value.items()
        }


@pytest.fixture
def json_codec() -> JsonCodec:
    return JsonCodec()


@pytest.fixture
def msgpack_codec() -> MsgpackCodec:
    return MsgpackCodec()


@pytest.fixture
def as_msgpack() -> Callable[[bytes], bytes]:
    """Re-encodes a JSON message as the venue's msgpack: its times under "t" as the timestamp extension."""

    def time(text: str) -> msgpack.Timestamp:
        whole, _, fraction = text.removesuffix("Z").partition(".")
        seconds = (datetime.datetime.fromisoformat(whole + "+00:00") - _EPOCH) // datetime.timedelta(seconds=1)
        return msgpack.Timestamp(seconds, int((fraction or "0").ljust(9, "0")))

    def encode(raw: bytes) -> bytes:
        messages = orjson.loads(raw)
        for message in messages:
            if "t" in message:
                message["t"] = time(message["t"])
        data: bytes = msgpack.packb(messages)
        return data

    return encode
