"""Finds the instrument of a message that doesn't name it."""

from collections.abc import Callable, Sequence

from mainspring.errors import WireError
from mainspring.model import Instrument
from mainspring.wire._tree_values import cut
from mainspring.wire._values import Data, refusal
from mainspring.wire.formats import Format, StreamName

__all__ = ["Locator", "compile_locator", "stream_symbol"]

Locator = Callable[[Data, Data], str | None]
"""Called with the envelope and the message in it (the same object if there is no envelope). Returns the venue symbol,
or None for one that the session doesn't trade. Raises `WireError` if the symbol can't be found."""


def compile_locator(declared: Format, instruments: Sequence[Instrument], *, alone: bool) -> Locator:
    """Makes the locator of a format: the stream's name gives the instrument, or the session has only one.

    If `alone` is False, other instruments share the connection, so that a single one here isn't the session's only one.
    """
    stream, answers = declared.stream, declared.answers
    by_name = {instrument.venue_symbol.casefold(): instrument.venue_symbol for instrument in instruments}
    only = instruments[0].venue_symbol if len(instruments) == 1 and alone else None
    there = str(len(instruments)) if alone else "others than this lane's"

    def locate(envelope: Data, data: Data) -> str | None:
        if stream is not None and envelope is not data:
            return by_name.get(stream_symbol(envelope, stream, answers))
        if only is not None:
            return only
        wanted = "no instrument" if stream is None else f"no instrument, and came without a {stream.key!r} that does"
        raise WireError(f"the message names {wanted}; the session has {there}", field="symbol")

    return locate


def stream_symbol(envelope: Data, stream: StreamName, answers: StreamName | None) -> str:
    """The casefolded venue symbol in the stream's name, or in an answer's request. Raises `WireError` without one."""
    if answers is not None and stream.key not in envelope and answers.key in envelope:
        stream = answers
    name = envelope.get(stream.key)
    if type(name) is not str:
        raise refusal(stream.key, "must be the stream's name", name)
    return cut(name, stream.after, stream.until).casefold()
