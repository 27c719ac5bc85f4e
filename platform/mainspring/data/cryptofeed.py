"""Recordings in the form of cryptofeed's sample data: one file of a socket, one of the REST answers fetched meanwhile.

A socket's file has lines "TIME: MESSAGE" for what was received; lines with "<->" (connected) and "<-" (sent) say what
was done. A file of answers has lines "ADDRESS -> TIME: BODY". Times are seconds since the Unix epoch. A binary frame
stands there as Python writes bytes (b'...').

An answer becomes the message `{"request":"PATH?QUERY","data":BODY}`, so that a declaration can read the instrument from
its address where the body doesn't name it.
"""

import ast
import re
import zlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from mainspring.errors import CaptureError
from mainspring.seams import MAX_MESSAGE_BYTES, RawMessage
from mainspring.wire import answer_message

__all__ = ["is_cryptofeed", "read_cryptofeed"]

_RECEIVED = re.compile(rb"(\d{9,10}\.\d+): (.*)", re.DOTALL)
_DONE = re.compile(rb"\S+ <->? \d+\.\d+(: .*)?", re.DOTALL)
_ANSWER = re.compile(rb"https?://[^/\s]+(/\S*) -> (\d{9,10}\.\d+): (.*)", re.DOTALL)
_GZIP = b"\x1f\x8b"
_SETTINGS = b"configuration: "


def is_cryptofeed(head: bytes) -> bool:
    """Whether a file that begins so is such a recording."""
    line = head.partition(b"\n")[0]
    return any(pattern.match(line) for pattern in (_RECEIVED, _DONE, _ANSWER))


def read_cryptofeed(*paths: Path) -> Iterator[RawMessage]:
    """The messages of recordings that ran at the same time, in order of their receive times.

    Answers come before what was received at the same time. Raises `CaptureError`, which names file and line, for a
    line that is none of those described above.
    """
    messages = [message for path in paths for message in _messages(path)]
    # An answer is complete when it is received, and what comes then was sent after it.
    for receive_time_ns, _, raw in sorted(messages, key=lambda message: message[:2]):
        yield receive_time_ns, raw


def _messages(path: Path) -> Iterator[tuple[int, int, bytes]]:
    for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
        text = line.rstrip(b"\r")
        received, answer = _RECEIVED.fullmatch(text), _ANSWER.fullmatch(text)
        if received is not None:
            yield _nanoseconds(received[1]), 1, _unpacked(received[2], path, number)
        elif answer is not None:
            yield _nanoseconds(answer[2]), 0, answer_message(answer[1].decode(), answer[3])
        elif text and not text.startswith(_SETTINGS) and _DONE.fullmatch(text) is None:
            raise CaptureError(str(path), number, f"the line begins with {text[:30]!r}, which no recording has")


def _nanoseconds(seconds: bytes) -> int:
    return int(Decimal(seconds.decode()) * 1_000_000_000)


def _unpacked(message: bytes, path: Path, number: int) -> bytes:
    """The message, out of Python's writing of a binary frame and out of gzip."""
    if not message.startswith((b"b'", b'b"')):
        return message
    try:
        frame = ast.literal_eval(message.decode())
        if not frame.startswith(_GZIP):
            return bytes(frame)
        inflated = zlib.decompressobj(31).decompress(frame, MAX_MESSAGE_BYTES)
    except (ValueError, SyntaxError, zlib.error) as error:
        raise CaptureError(str(path), number, f"the binary frame can't be read ({error})") from error
    return inflated
