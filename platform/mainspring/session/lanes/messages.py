"""What a lane's process and its parent say to one another, and how it goes through a pipe.

A frame is the length of its body in 4 bytes, little endian, and the body. The parent's first frame says where it finds
modules, the second is the lane's order. Both are pickled: the order holds options of plugins, which only their own
classes can make, paths may hold bytes that aren't UTF-8, and they come from the process that started this one. Every
other frame of the parent's is a word: "go", "stop" and why, "bye". A lane's are msgpack.
"""

import pickle
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from mainspring.host.plan import HardwarePlan, LanePlan
from mainspring.report import ActionReport, encodable
from mainspring.session.results import LaneResult

__all__ = [
    "BYE",
    "GO",
    "STOP",
    "Finished",
    "Frames",
    "Order",
    "Progressed",
    "Ready",
    "Refused",
    "Said",
    "decode_order",
    "decode_path",
    "decode_said",
    "encode_order",
    "encode_path",
    "encode_said",
    "frame",
]

_PREFIX_BYTES: Final = 4

GO: Final = "go"
"""Run now."""

STOP: Final = "stop"
"""Stop and report the results; the reason follows the command."""

BYE: Final = "bye"
"""The lane may exit."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What a lane's process needs to know."""

    lane: LanePlan
    hardware: HardwarePlan
    allow: tuple[str, ...]
    logs: dict[str, Path]


class Ready(msgspec.Struct, frozen=True, kw_only=True, tag="ready"):
    """The lane is built and placed, and waits for "go"."""

    process: int
    actions: list[ActionReport]


class Progressed(msgspec.Struct, frozen=True, kw_only=True, tag="progress"):
    """Progress so far; see `mainspring.session.Progress`."""

    messages: int
    fraction: float | None


class Finished(msgspec.Struct, frozen=True, kw_only=True, tag="finished"):
    """The lane's results; `undone` are the tuning actions that were undone. It waits for "bye"."""

    result: LaneResult
    undone: list[ActionReport]


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag="refused"):
    """An error ended the lane; this is its text. The process then exits."""

    problem: str


Said: TypeAlias = Ready | Progressed | Finished | Refused

_ENCODER = msgspec.msgpack.Encoder()
_DECODER: msgspec.msgpack.Decoder[Said] = msgspec.msgpack.Decoder(Said)


def encode_said(said: Said) -> bytes:
    """Encodes a lane's message as the body of a frame."""
    try:
        return _ENCODER.encode(said)
    except UnicodeEncodeError:
        return _ENCODER.encode(encodable(msgspec.to_builtins(said)))


def decode_said(body: bytes) -> Said:
    """Decodes what `encode_said` wrote. Raises `msgspec.DecodeError` for anything else."""
    return _DECODER.decode(body)


def encode_path(path: list[str]) -> bytes:
    """Encodes the module search path as the body of a frame."""
    return pickle.dumps(path)


def decode_path(body: bytes) -> list[str]:
    """Decodes what `encode_path` wrote."""
    found: list[str] = pickle.loads(body)  # noqa: S301  see the module's docstring
    return found


def encode_order(order: Order) -> bytes:
    """Encodes a lane's order as the body of a frame."""
    return pickle.dumps(order)


def decode_order(body: bytes) -> Order:
    """Decodes what `encode_order` wrote. It unpickles, so only the process started for the order may call it."""
    order: Order = pickle.loads(body)  # noqa: S301  see the module's docstring
    return order


def frame(body: bytes) -> bytes:
    """Returns the body with its length before it."""
    return len(body).to_bytes(_PREFIX_BYTES, "little") + body


class Frames:
    """Splits a stream of bytes, however chunked, into the bodies of frames."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Returns the bodies completed by `data`."""
        held = self._held
        held += data
        bodies = []
        while len(held) >= _PREFIX_BYTES:
            end = _PREFIX_BYTES + int.from_bytes(held[:_PREFIX_BYTES], "little")
            if len(held) < end:
                break
            bodies.append(bytes(held[_PREFIX_BYTES:end]))
            del held[:end]
        return bodies

    @property
    def broken(self) -> bool:
        """Whether a frame has begun but isn't complete."""
        return bool(self._held)
