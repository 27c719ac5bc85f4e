"""WebSocket frames (RFC 6455): the plain decoder, and what is sent. No input or output of its own.

No extension is negotiated, so that a reserved bit is an error.
"""

from codecs import utf_8_decode

from mainspring.errors import FrameError
from mainspring.seams.codec import MAX_MESSAGE_BYTES

__all__ = ["FrameDecoder", "FrameEvent", "encode_frame"]

FrameEvent = tuple[str, int | None, bytes]
"""What came ("text", "binary", "ping", "pong" or "close"), the code of a close that names one, and the payload: the
message, or the reason of a close."""

_OPCODES = {0: "continuation", 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong"}
_NUMBERS = {name: number for number, name in _OPCODES.items()}
_CONTROL = ("close", "ping", "pong")
_MAX_CONTROL_BYTES = 125
_TWO_BYTES = 126
_MASK_BYTES = 4
_PROTOCOL_ERROR, _INVALID_DATA, _TOO_BIG = 1002, 1007, 1009
_NOT_UTF8 = "a text that isn't UTF-8"
# RFC 6455, section 7.4, and the codes that were registered since.
_CLOSE_CODES = frozenset((*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)))


class FrameDecoder:
    """Decodes one direction of a connection.

    `masked` is whether frames have to be masked: those of a client are, those of a server never. With `check_utf8` off
    a text message is handed out unchecked, for a consumer that checks it anyway; with it on, a text is refused with the
    chunk that has its first wrong byte. After an error every call raises that error, and after a close nothing comes
    any more.
    """

    def __init__(
        self, *, masked: bool = False, max_message_bytes: int = MAX_MESSAGE_BYTES, check_utf8: bool = True
    ) -> None:
        self._masked = masked
        self._max_message_bytes = max_message_bytes
        self._check_utf8 = check_utf8
        self._held = b""
        self._gathered = b""
        self._gathering = ""
        # Of a text: the character that the end of what was checked cuts, and how much of the frame at hand was checked.
        self._cut = b""
        self._checked = 0
        self._offset = 0
        self._frame_bytes = 0
        self._closed = False
        self._error: FrameError | None = None

    def feed(self, chunk: bytes) -> list[FrameEvent]:
        """The events of a chunk, however the stream was cut. Raises `FrameError`, with the code to close with.

        What came before a broken frame in the same chunk is in the error's `events`.
        """
        if self._error is not None:
            raise self._error
        events: list[FrameEvent] = []
        self._held += chunk
        try:
            while not self._closed and (frame := self._next()) is not None:
                event = self._event(*frame)
                if event is not None:
                    events.append(event)
        except FrameError as error:
            error.events = tuple(events)
            self._error = FrameError(error.problem, error.close_code, error.at)
            raise
        return events

    def _fail(self, close_code: int, problem: str) -> FrameError:
        return FrameError(problem, close_code, self._offset)

    def _next(self) -> tuple[str, bool, bytes] | None:
        """The next whole frame: its opcode, whether it ends a message, and its payload; None where more is needed."""
        data = self._held
        header = self._header(data)
        if header is None:
            return None
        opcode, final, mask, start, end = header
        if self._check_utf8 and (self._gathering if opcode == "continuation" else opcode) == "text":
            self._check_text(data[start:end], mask, final and end <= len(data))
        if end > len(data):
            return None
        self._checked = 0
        payload = data[start:end]
        if mask is not None:
            payload = _masked(payload, mask)
        self._held = data[end:]
        self._frame_bytes = end
        return opcode, final, payload

    def _check_text(self, payload: bytes, mask: bytes | None, whole: bool) -> None:
        """Checks what has come of a frame's payload since the last time. With `whole` the message ends with it."""
        done = self._checked
        part = payload[done:]
        if mask is not None:
            part = _masked(part, mask[done % 4 :] + mask[: done % 4])
        part = self._cut + part
        try:
            used = utf_8_decode(part, "strict", whole)[1]
        except UnicodeDecodeError:
            raise self._fail(_INVALID_DATA, _NOT_UTF8) from None
        self._cut, self._checked = part[used:], len(payload)
        if self._cut[:1] == b"\xed" and self._cut[1:] >= b"\xa0":
            # Half of a surrogate, for whose end Python waits.
            raise self._fail(_INVALID_DATA, _NOT_UTF8)

    def _header(self, data: bytes) -> tuple[str, bool, bytes | None, int, int] | None:
        """Opcode, whether it ends a message, mask, and where the payload begins and ends; None where more is needed."""
        if not data:
            return None
        final, opcode = bool(data[0] & 0x80), self._opcode(data[0])
        if len(data) == 1:
            return None
        if bool(data[1] & 0x80) != self._masked:
            raise self._fail(_PROTOCOL_ERROR, "a frame that isn't masked" if self._masked else "a masked frame")
        if opcode in _CONTROL and (not final or data[1] & 0x7F > _MAX_CONTROL_BYTES):
            raise self._fail(_PROTOCOL_ERROR, "a control frame that is fragmented or too long")
        found = self._length(data)
        if found is None:
            return None
        length, start = found
        self._refuse_misplaced(opcode, length)
        mask = None
        if self._masked:
            start += 4
            if len(data) < start:
                return None
            mask = data[start - 4 : start]
        return opcode, final, mask, start, start + length

    def _opcode(self, first: int) -> str:
        if first & 0x70:
            raise self._fail(_PROTOCOL_ERROR, "a reserved bit is set")
        opcode = _OPCODES.get(first & 0x0F)
        if opcode is None:
            raise self._fail(_PROTOCOL_ERROR, "an unknown opcode")
        return opcode

    def _length(self, data: bytes) -> tuple[int, int] | None:
        """The payload's length, and the place behind it; None where more is needed."""
        length = data[1] & 0x7F
        if length <= _MAX_CONTROL_BYTES:
            return length, 2
        width, least = (2, 126) if length == _TWO_BYTES else (8, 2**16)
        if len(data) < 2 + width:
            return None
        length = int.from_bytes(data[2 : 2 + width], "big")
        if length < least or length >> 63:
            raise self._fail(_PROTOCOL_ERROR, "a length that isn't written in the fewest bytes")
        return length, 2 + width

    def _refuse_misplaced(self, opcode: str, length: int) -> None:
        before = len(self._gathered) if opcode == "continuation" else 0
        if opcode not in _CONTROL and length > self._max_message_bytes - before:
            raise self._fail(_TOO_BIG, "a message that is too large")
        if opcode == "continuation" and not self._gathering:
            raise self._fail(_PROTOCOL_ERROR, "a continuation of nothing")
        if opcode in ("text", "binary") and self._gathering:
            raise self._fail(_PROTOCOL_ERROR, "a new message before the last one has ended")

    def _event(self, opcode: str, final: bool, payload: bytes) -> FrameEvent | None:
        if opcode == "continuation" or (opcode in ("text", "binary") and not final):
            self._gathering = self._gathering or opcode
            self._gathered += payload
            if not final:
                self._offset += self._frame_bytes
                return None
            opcode, payload = self._gathering, self._gathered
            self._gathering, self._gathered = "", b""
        code = None
        if opcode == "close":
            code, payload = self._close(payload)
        self._offset += self._frame_bytes
        return opcode, code, payload

    def _close(self, payload: bytes) -> tuple[int | None, bytes]:
        code = None
        if payload:
            if len(payload) == 1:
                raise self._fail(_PROTOCOL_ERROR, "a close code of one byte")
            code, payload = int.from_bytes(payload[:2], "big"), payload[2:]
            if code not in _CLOSE_CODES:
                raise self._fail(_PROTOCOL_ERROR, "a close code that may not be sent")
            if not _is_utf8(payload):
                raise self._fail(_INVALID_DATA, "a reason that isn't UTF-8")
        self._closed = True
        return code, payload


def encode_frame(kind: str, payload: bytes, mask: bytes | None = None) -> bytes:
    """Encodes `payload` as a frame of one whole message: "text", "binary", "ping", "pong" or "close".

    `mask` is the four bytes that a client masks with, unpredictable and new for each frame; a server has none. Raises
    `ValueError` for another kind, a mask of another length, and a control frame of more than 125 bytes.
    """
    opcode = _NUMBERS.get(kind, 0)
    if not opcode:
        raise ValueError(f"no message is of the kind {kind!r}")
    if kind in _CONTROL and len(payload) > _MAX_CONTROL_BYTES:
        raise ValueError(f"a {kind} holds at most {_MAX_CONTROL_BYTES} bytes, not {len(payload)}")
    if mask is not None and len(mask) != 4:
        raise ValueError(f"a mask has four bytes, not {len(mask)}")
    masked, length = 0 if mask is None else 0x80, len(payload)
    if length <= _MAX_CONTROL_BYTES:
        header = bytes((0x80 | opcode, masked | length))
    elif length < 2**16:
        header = bytes((0x80 | opcode, masked | 126)) + length.to_bytes(2, "big")
    else:
        header = bytes((0x80 | opcode, masked | 127)) + length.to_bytes(8, "big")
    return header + payload if mask is None else header + mask + _masked(payload, mask)


def _masked(payload: bytes, mask: bytes) -> bytes:
    length = len(payload)
    key = (mask * (length // 4 + 1))[:length]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(length, "big")


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
