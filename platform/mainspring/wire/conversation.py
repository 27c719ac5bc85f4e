"""What is said on one connection of a venue, without I/O: login, subscriptions, keepalive, and whether it went mute."""

from collections import deque
from collections.abc import Callable
from typing import Any, Final, Literal, TypeAlias

from mainspring.errors import CodecError, WireError
from mainspring.seams import NEVER_NS
from mainspring.seams.codec import MAX_MESSAGE_BYTES, Codec
from mainspring.wire._tree_kinds import compile_fits
from mainspring.wire.connection import Connection, Ping
from mainspring.wire.dialling import (
    Credentials,
    Dial,
    answers,
    challenge_of,
    inflate,
    login_message,
    ping_bytes,
)

__all__ = ["Conversation", "ToSend"]

ToSend: TypeAlias = tuple[Literal["message", "ping"], bytes]
"""What to send: a message, or a ping of the protocol."""

_NS: Final = 1_000_000_000
_PROTOCOL_PING = Ping(every_s=15.0)
# A venue's questions and answers are short. Nothing longer is decoded for them, since market data is decoded anyway.
_SHORT_BYTES: Final = 1_024


class Conversation:
    """One connection, from the moment that it stands: bytes and times in, what to send and what to read out.

    `take` returns what may be sent by a time, at the venue's rate; `received` takes a message and returns it for the
    feed, or None if it was about the connection itself. Something is to be done at `due_ns`. Where a venue declares no
    keepalive of the client's, the connection is pinged by the protocol every 15 s.

    A connection is mute when nothing was received for `silence_s`, pongs included. If market data stops while pongs
    arrive, `data_silence_s` counts: `why_dead` says either.
    """

    def __init__(
        self,
        connection: Connection,
        dial: Dial,
        codec: Codec,
        *,
        credentials: Credentials | None = None,
        silence_s: float = 45.0,
        data_silence_s: float = 300.0,
        ahead_ns: Callable[[], int] = lambda: 0,
    ) -> None:
        """`ahead_ns` is how far the venue's clock is ahead of ours, for a login that says its time."""
        self._dial = dial
        self._codec = codec
        self._connection = connection
        self._login = connection.login
        self._credentials = credentials
        self._accepts = None if self._login is None else compile_fits(self._login.accepted, ())
        refused = None if self._login is None or not self._login.refused else self._login.refused
        self._refuses = None if refused is None else compile_fits(refused, ())
        self._ends = compile_fits(connection.ended, ()) if connection.ended else None
        self._ahead_ns = ahead_ns
        self._answer = answers(connection, codec.encode)
        self._asked = bool(connection.ended) or any(not isinstance(one, Ping) for one in connection.keepalive)
        pings = [one for one in connection.keepalive if isinstance(one, Ping)]
        self._pings = pings or [_PROTOCOL_PING]
        self._pongs = {one.answer.encode() for one in pings if one.answer}
        self._due = [NEVER_NS for _ in self._pings]
        self._gap_ns = int(_NS / connection.messages_a_second) if connection.messages_a_second else 0
        self._next_send_ns = 0
        self._waiting: deque[ToSend] = deque()
        self._sent = 0
        self._silence_ns = int(silence_s * _NS)
        self._data_silence_ns = int(data_silence_s * _NS)
        self._heard_ns = self._data_ns = 0
        self.ready = False
        """Whether the subscriptions were handed out: the login, if there is one, was accepted."""

    @property
    def due_ns(self) -> int:
        """When `take` has something to send, or the connection is to be looked at, unless a message comes first."""
        waiting_ns = self._next_send_ns if self._waiting else NEVER_NS
        dead_ns = min(self._heard_ns + self._silence_ns, self._data_ns + self._data_silence_ns)
        return min(waiting_ns, dead_ns, *self._due)

    def opened(self, now_ns: int) -> None:
        """The connection stands: says who we are, or subscribes. Raises `ConfigError` for a secret of a wrong form."""
        self._heard_ns = self._data_ns = now_ns
        self._due = [now_ns + int(ping.every_s * _NS) for ping in self._pings]
        if self._login is None:
            self._subscribe()
        elif self._login.challenge is not None:
            self.send(self._codec.encode(self._login.challenge))
        else:
            self._say_who(now_ns)

    def send(self, message: bytes) -> None:
        """Queues a message, such as a request for a snapshot."""
        self._waiting.append(("message", message))

    def received(self, message: bytes, now_ns: int) -> bytes | None:
        """Takes a message; returns what the feed is to read, or None.

        Raises `WireError` if it can't be expanded, or says that the login was refused or that the stream has ended.
        """
        message = inflate(self._connection, message, MAX_MESSAGE_BYTES)
        self._heard_ns = now_ns
        if message in self._pongs:
            return None
        if (self._asked or not self.ready) and len(message) <= _SHORT_BYTES and self._about_us(message, now_ns):
            return None
        self._data_ns = now_ns
        return message

    def heard(self, now_ns: int) -> None:
        """A pong of the protocol came, or a ping."""
        self._heard_ns = now_ns

    def take(self, now_ns: int) -> list[ToSend]:
        """Returns what is to be sent by now, at the venue's rate. Answers and pings are never held up."""
        taken: list[ToSend] = []
        for place, ping in enumerate(self._pings):
            if self._due[place] <= now_ns:
                self._due[place] = now_ns + int(ping.every_s * _NS)
                self._sent += 1
                said = ping_bytes(ping, self._codec.encode, self._sent, now_ns)
                taken.append(("ping", b"") if said is None else ("message", said))
        while self._waiting and self._next_send_ns <= now_ns:
            taken.append(self._waiting.popleft())
            self._sent += 1
            self._next_send_ns = max(self._next_send_ns, now_ns) + self._gap_ns
        return taken

    def why_dead(self, now_ns: int) -> str | None:
        """Why the connection is to be given up though it is open; None if it is alive."""
        silent_ns = now_ns - self._heard_ns
        if silent_ns >= self._silence_ns:
            return f"mute: nothing came for {silent_ns / _NS:.0f} s, nor any answer to a ping"
        if now_ns - self._data_ns >= self._data_silence_ns:
            return f"no market data for {(now_ns - self._data_ns) / _NS:.0f} s, though pings are answered"
        return None

    def _subscribe(self) -> None:
        self.ready = True
        self._waiting.extend(("message", message) for message in self._dial.messages)

    def _say_who(self, now_ns: int, challenge: str = "") -> None:
        assert self._login is not None
        if self._credentials is None:
            raise WireError("the venue wants a login, and there are no credentials")
        at_ns = now_ns + self._ahead_ns()
        self.send(login_message(self._login, self._credentials, self._codec.encode, at_ns, challenge=challenge))

    def _about_us(self, message: bytes, now_ns: int) -> bool:
        """Whether a message is about the connection: a question, a challenge, or the login's answer."""
        try:
            decoded: Any = self._codec.decode(message)
        except CodecError:
            return False
        answer = self._answer(decoded)
        if answer is not None:
            # Ahead of what waits for the venue's rate: an answer that comes late costs the connection.
            self._waiting.appendleft(("message", answer))
            self._next_send_ns = min(self._next_send_ns, now_ns)
            return True
        if self._ends is not None and self._ends(decoded, decoded):
            raise WireError(f"the venue ended the stream: {_shorten(message)}")
        if self.ready or self._login is None or self._accepts is None:
            return False
        if self._refuses is not None and self._refuses(decoded, decoded):
            raise WireError(f"the venue refused the login: {_shorten(message)}")
        if self._login.challenge is not None and (challenge := challenge_of(self._login, decoded)) is not None:
            self._say_who(now_ns, challenge)
            return True
        if self._accepts(decoded, decoded):
            self._subscribe()
            return True
        return False


def _shorten(message: bytes) -> str:
    return message[:200].decode(errors="replace")
