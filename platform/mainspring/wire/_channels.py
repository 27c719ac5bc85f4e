"""Messages that name their channel by a number, joined with the answer that gave it. The twin is `tree/channels`."""

from collections.abc import Callable
from typing import Any

from mainspring.wire._paths import compile_path
from mainspring.wire._tree_kinds import compile_fits
from mainspring.wire.formats import ChannelNumbers

__all__ = ["joining"]

_MAX_CHANNELS = 4096


def joining(declared: ChannelNumbers, decode: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """Makes a function that decodes the messages of a connection, each joined with its channel if it names one."""
    is_answer = compile_fits(declared.answer, ())
    named = compile_path("/" + declared.number.removeprefix("/"))
    at = compile_path("/" + declared.at.removeprefix("/"))
    answers: dict[int, Any] = {}

    def join(raw: bytes) -> Any:
        root = decode(raw)
        answer = is_answer(root, root)
        number = _number((named if answer else at)(root, root))
        if number is None:
            return root
        if not answer:
            return {"channel": answers.get(number), "message": root}
        if len(answers) >= _MAX_CHANNELS:
            answers.clear()
        answers[number] = root
        return root

    return join


def _number(found: Any) -> int | None:
    return found if type(found) is int and 0 <= found < 1 << 64 else None
