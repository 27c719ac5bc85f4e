"""Mainspring with its native parts, as a session runs them where they are built."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np

from mainspring_native._native import Batch
from mainspring_native.records import NativeRecords
from mainspring_native.replay import EVENT, replay
from mainspring_perf.candidates import usable
from mainspring_perf.parts import CHUNK, native_market, run_fused
from mainspring_perf.peers.adapters.mainspring import (
    estimates,
    market_of,
    playing,
    read_instrument,
    recording,
    session_answer,
)
from mainspring_perf.peers.contract import EVENT_FIELDS, Answer, Candidates, Inputs, Prepared
from mainspring_perf.replay import run_maker, watcher
from mainspring_plugins.feeds.simulated import WHOLE_SPOT

__all__ = ["CANDIDATES"]


def _part(seam: str, name: str) -> Callable[..., Any]:
    factory = usable(seam, name)
    if factory is None:
        raise RuntimeError(f"the native {seam} {name!r} isn't built here: install mainspring-native where cargo is")
    return factory


def _bytes(make_chunk: Callable[[Any], Any], inputs: Inputs) -> Prepared:
    messages, instrument = inputs.messages(), read_instrument(inputs)
    chunks = [make_chunk(messages[start : start + CHUNK]) for start in range(0, len(messages), CHUNK)]

    return Prepared(partial(run_fused, chunks, WHOLE_SPOT, instrument, "ladder"), session_answer)


def _book(name: str, inputs: Inputs) -> Prepared:
    return playing(_part("book", name), inputs)


def _events(inputs: Inputs) -> Any:
    values = np.fromfile(inputs.events_path, np.int64).reshape(-1, len(EVENT_FIELDS))
    events = np.zeros(len(values), EVENT)
    for field, name in enumerate(EVENT_FIELDS):
        events[name] = values[:, field]
    return events


def _replay(compiled: bool, inputs: Inputs) -> Prepared:
    strategy, events = watcher(), _events(inputs)

    def answer(ended: Any) -> Answer:
        state = ended.state
        return {"callbacks": int(state.callbacks), "best": [int(state.bid_ticks), int(state.ask_ticks)]}

    return Prepared(lambda: replay(events, strategy, book="ladder", compiled=compiled), answer)


def _maker(inputs: Inputs) -> Prepared:
    instrument, events, size = read_instrument(inputs), _events(inputs), Decimal(inputs.read("maker")["size"])

    def answer(ended: tuple[int, int, int]) -> Answer:
        quotes, bid_ticks, ask_ticks = ended
        return {"quotes": quotes, "best": [bid_ticks, ask_ticks]}

    return Prepared(partial(run_maker, events, instrument, size), answer)


def _slippage(inputs: Inputs) -> Prepared:
    model = _part("slippage", "native-square-root")(read_instrument(inputs))
    return estimates(model, native_market(market_of(inputs), WHOLE_SPOT), inputs)


CANDIDATES: Candidates = {
    "bytes": {
        "native decoder, ladder": partial(_bytes, lambda chunk: chunk),
        "native decoder, ladder, blocks of its reader": partial(_bytes, Batch),
    },
    "book": {name: partial(_book, name) for name in ("ladder", "sorted-vec", "btree")},
    "replay": {"compiled strategy, ladder": partial(_replay, True), "Python strategy, ladder": partial(_replay, False)},
    "maker": {"compiled strategy, ladder": _maker},
    "records": {"native records": partial(recording, NativeRecords)},
    "slippage": {"native square-root": _slippage},
}
