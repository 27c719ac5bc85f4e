"""Which instrument is a message of that doesn't say so itself?"""

from collections.abc import Callable, Sequence

from mainspring.errors import WireError
from mainspring.model import Instrument
from mainspring.wire._values import Data, refusal
from mainspring.wire.formats import Format

__all__ = ["Locator", "compile_locator", "stream_symbol"]

Locator = Callable[[Data, Data], str | None]
"""Called with the envelope and the message in it (the same object, if there is none); gives the venue symbol, or None
for one that the session doesn't trade. Raises `WireError` where it can't be told."""


def compile_locator(declared: Format, instruments: Sequence[Instrument], *, alone: bool) -> Locator:
    """The locator of a format: the stream's name tells the instrument, else the session has only one.

    With others than these on the connection (not `alone`), a single one isn't the session's only one.
    """
    stream = declared.stream
    by_name = {instrument.venue_symbol.casefold(): instrument.venue_symbol for instrument in instruments}
    only = instruments[0].venue_symbol if len(instruments) == 1 and alone else None
    there = str(len(instruments)) if alone else "others beside this lane's"

    def locate(envelope: Data, data: Data) -> str | None:
        if stream is not None and envelope is not data:
            return by_name.get(stream_symbol(envelope, stream.key, stream.until))
        if only is not None:
            return only
        wanted = "no instrument" if stream is None else f"no instrument, and came without a {stream.key!r} that does"
        raise WireError(f"the message names {wanted}; the session has {there}", field="symbol")

    return locate


def stream_symbol(envelope: Data, key: str, until: str) -> str:
    """The venue symbol in the stream's name, casefolded. Raises `WireError` where there is none."""
    name = envelope.get(key)
    if type(name) is not str:
        raise refusal(key, "must be the stream's name", name)
    return name.partition(until)[0].casefold()
