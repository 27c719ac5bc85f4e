"""itch-book: the same changes of the book as messages of Nasdaq's ITCH 5.0, to its table of best prices.

It reads ITCH only, which nothing else here does: so a level is one order, added ("A"), replaced ("U") where its size
changes, deleted ("D") where it goes, in a file that its public interface reads from the page cache. A message is 19 to
36 bytes of fixed layout and needs no parsing of text. A level that is removed twice has no second message. Its answer
is its table: the best prices after each delta, and the ten best levels at the end.
"""

import datetime
import struct
from pathlib import Path
from typing import Any

import itch_book
import numpy as np

from mainspring_perf.peers.contract import Answer, Candidates, Delta, Inputs, Prepared

__all__ = ["CANDIDATES"]

_DAY = datetime.date(2024, 8, 8)
_TOP = 10
_LOCATE = 1
_ADD = struct.Struct(">HcHHHIQcI8sI")
_REPLACE = struct.Struct(">HcHHHIQQII")
_DELETE = struct.Struct(">HcHHHIQ")


def _write(deltas: list[Delta], path: Path) -> None:
    """A session's file. The time of a message is the number of its delta, in ns."""
    orders: dict[tuple[bytes, int], int] = {}
    reference = 0
    parts = []
    for number, rows in enumerate(deltas):
        for side, levels in zip((b"B", b"S"), rows, strict=True):
            for price, lots in levels:
                key = side, price
                head = (_LOCATE, 0, number >> 32, number & 0xFFFFFFFF)
                old = orders.get(key)
                if lots:
                    reference += 1
                    orders[key] = reference
                if lots and old is None:
                    stock = b"BTCUSDT "
                    parts.append(_ADD.pack(_ADD.size - 2, b"A", *head, reference, side, lots, stock, price))
                elif lots:
                    parts.append(_REPLACE.pack(_REPLACE.size - 2, b"U", *head, old, reference, lots, price))
                elif old is not None:
                    parts.append(_DELETE.pack(_DELETE.size - 2, b"D", *head, orders.pop(key)))
    path.write_bytes(b"".join(parts))


def _tables(path: Path, table: str) -> list[Any]:
    feed = itch_book.open(str(path), date=_DAY, price_type="fixed")
    return [getattr(batch, table) for batch in feed.batches(tables=(table,), depth=_TOP)]


def _book(inputs: Inputs) -> Prepared:
    deltas = inputs.deltas()
    path = inputs.folder / "session.itch"
    _write(deltas, path)

    def run() -> list[Any]:
        return _tables(path, "bbo")

    def answer(tables: list[Any]) -> Answer:
        columns = {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
        numbers = columns["ts_event"] - (columns["ts_event"][0])
        # The last row at or before each delta.
        rows = np.searchsorted(numbers, np.arange(len(deltas)), side="right") - 1
        touch_sum = int(columns["bid_px"][rows].sum() + columns["ask_px"][rows].sum())
        depth = _tables(path, "depth")[-1]

        def top(side: str) -> list[tuple[int, int]]:
            return [(int(depth[f"{side}_px_{n:02}"][-1]), int(depth[f"{side}_sz_{n:02}"][-1])) for n in range(_TOP)]

        return {"touch_sum": touch_sum, "top": [top("bid"), top("ask")]}

    return Prepared(run, answer, f"{path.stat().st_size / 1e6:.1f} MB of ITCH")


CANDIDATES: Candidates = {"book": {"ITCH messages to a BBO table": _book}}
