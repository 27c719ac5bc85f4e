"""Faults on the way from the market to us."""

import random
from collections import defaultdict
from collections.abc import Iterator

from mainspring.seams import RawMessage
from mainspring_plugins.simulated_market.options import SimulatedFaults, SimulatedOptions

__all__ = ["with_faults"]

_STALE_NS = 3_000_000_000
_DEPTH = b'@depth@100ms"'
_ENVELOPE_BYTES = 80


def with_faults(messages: Iterator[RawMessage], options: SimulatedOptions) -> Iterator[RawMessage]:
    """The messages as they arrive after the options' faults. Their draws are apart: the market stays the same."""
    faults = options.faults
    if faults.silent_ms:
        from_ns = options.start_ns + faults.silent_from_ms * 1_000_000
        messages = _silenced(messages, from_ns, from_ns + faults.silent_ms * 1_000_000)
    if any((faults.drop, faults.duplicate, faults.reorder, faults.stale, faults.truncate, faults.off_tick)):
        messages = _FaultyLine(faults, f"{options.seed}:faults").carry(messages)
    return messages


def _silenced(messages: Iterator[RawMessage], from_ns: int, until_ns: int) -> Iterator[RawMessage]:
    return (message for message in messages if not from_ns <= message[0] < until_ns)


class _FaultyLine:
    def __init__(self, faults: SimulatedFaults, seed: str) -> None:
        self._faults = faults
        self._rng = random.Random(seed)  # noqa: S311  a simulation, no secret
        # Depth messages that are held back, by the stream that they are of.
        self._held: dict[bytes, bytes] = {}
        self._late: dict[bytes, list[RawMessage]] = defaultdict(list)

    def carry(self, messages: Iterator[RawMessage]) -> Iterator[RawMessage]:
        """Each fault sends what it sends at the receive time of the message that it comes with or after."""
        for received_ns, raw in messages:
            stream = raw[: raw.find(b",")]
            if not stream.endswith(_DEPTH):
                yield received_ns, raw
                continue
            for arriving in self._happen(stream, received_ns, raw):
                yield received_ns, arriving

    def _happen(self, stream: bytes, received_ns: int, raw: bytes) -> list[bytes]:
        faults, chance = self._faults, self._rng.random
        # Every depth message draws the same numbers, so that one fault's chance doesn't move where another strikes.
        drop, duplicate, reorder, stale, truncate, off_tick = (chance() for _ in range(6))
        place = chance()
        arriving: list[bytes] = []
        late = self._late[stream]
        if late and late[0][0] <= received_ns:
            arriving.append(late.pop(0)[1])
        if stale < faults.stale:
            late.append((received_ns + _STALE_NS, raw))
        held = self._held.pop(stream, None)
        if truncate < faults.truncate:
            raw = raw[: 1 + int(place * (len(raw) - 1))]
        elif off_tick < faults.off_tick:
            raw = _off_tick(raw)
        if drop < faults.drop:
            pass
        elif reorder < faults.reorder and held is None:
            self._held[stream] = raw
        else:
            arriving.extend([raw, raw] if duplicate < faults.duplicate else [raw])
        if held is not None:
            arriving.append(held)
        return arriving


def _off_tick(raw: bytes) -> bytes:
    """The first price of the message, with a decimal more than any grid has. Unchanged where no level changed."""
    quoted = raw.find(b'[["')
    if quoted < 0:
        return raw
    end = raw.index(b'"', quoted + 3)
    return raw[:end] + b"1" + raw[end:]
