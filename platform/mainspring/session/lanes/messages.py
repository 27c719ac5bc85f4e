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
"""Run no further, and say what came of it; what follows the word says why."""

BYE: Final = "bye"
"""Nothing more is wanted of you."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What a lane's process needs to know."""

    lane: LanePlan
    hardware: HardwarePlan
    allow: tuple[str, ...]
    logs: dict[str, Path]


class Ready(msgspec.Struct, frozen=True, kw_only=True, tag="ready"):
    """The lane is made and in its place, and waits for the word to go."""

    process: int
    actions: list[ActionReport]


class Progressed(msgspec.Struct, frozen=True, kw_only=True, tag="progress"):
    """How far it has come; see `mainspring.session.Progress`."""

    messages: int
    fraction: float | None


class Finished(msgspec.Struct, frozen=True, kw_only=True, tag="finished"):
    """What came of the lane; `undone` are the actions that gave its place back. It waits for the word to end."""

    result: LaneResult
    undone: list[ActionReport]


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag="refused"):
    """An error ended the lane: its text. The process ends after this."""

    problem: str


Said: TypeAlias = Ready | Progressed | Finished | Refused

_ENCODER = msgspec.msgpack.Encoder()
_DECODER: msgspec.msgpack.Decoder[Said] = msgspec.msgpack.Decoder(Said)


def encode_said(said: Said) -> bytes:
    """A lane's message, as the body of a frame."""
    try:
        return _ENCODER.encode(said)
    except UnicodeEncodeError:
        return _ENCODER.encode(encodable(msgspec.to_builtins(said)))


def decode_said(body: bytes) -> Said:
    """The message that `encode_said` wrote. Raises `msgspec.DecodeError` for anything else."""
    return _DECODER.decode(body)


def encode_path(path: list[str]) -> bytes:
    """Where modules are found, as the body of a frame."""
    return pickle.dumps(path)


def decode_path(body: bytes) -> list[str]:
    """The path that `encode_path` wrote."""
    found: list[str] = pickle.loads(body)  # noqa: S301  see the module's docstring
    return found


def encode_order(order: Order) -> bytes:
    """A lane's order, as the body of a frame."""
    return pickle.dumps(order)


def decode_order(body: bytes) -> Order:
    """The order that `encode_order` wrote: to be read by the process that was started to carry it out, and no other."""
    order: Order = pickle.loads(body)  # noqa: S301  see the module's docstring
    return order


def frame(body: bytes) -> bytes:
    """The body with its length before it."""
    return len(body).to_bytes(_PREFIX_BYTES, "little") + body


class Frames:
    """Cuts a stream of bytes into the bodies of frames, however it arrives."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The bodies that are whole with this."""
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
        """Whether a frame has begun and isn't whole."""
        return bool(self._held)
