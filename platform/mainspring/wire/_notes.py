"""Notes that a recording has among the venue's messages, such as that the connection was lost."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeAlias

from mainspring.errors import CodecError
from mainspring.model import MarketEvent
from mainspring.seams import LOST, NOTE
from mainspring.wire._sync import BookSync
from mainspring.wire.cause import Cause

__all__ = ["Note", "compile_note"]

Note: TypeAlias = Callable[[bytes, int, CodecError], Sequence[MarketEvent]]
"""Called with what no codec can read, its receive time and the codec's error, which it raises unless that is a note."""


def compile_note(syncs: Sequence[BookSync], causes: Counter[Cause], count: list[int]) -> Note:
    """The function that takes notes, and counts them in `count`.

    It is asked where a codec has failed: a note is no message of any format, and a message costs no question.
    """

    def note(raw: bytes, receive_time_ns: int, error: CodecError) -> Sequence[MarketEvent]:
        if not raw.startswith(NOTE):
            raise error
        count[0] += 1
        if not raw.startswith(LOST):
            return ()
        causes[Cause.CONNECTION] += 1
        return [event for sync in syncs for event in sync.on_lost_messages(receive_time_ns, Cause.CONNECTION)]

    return note
