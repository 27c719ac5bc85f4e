"""Journals: an order's records made durable one by one and in groups, against a file that is written and synced."""

import atexit
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from mainspring.host.offers import Offer
from mainspring.journal import (
    AsyncWriter,
    Ending,
    JournalWriter,
    LogBytes,
    Opening,
    Positions,
    SyncWriter,
    read_entries,
)
from mainspring.seams import writing_to
from mainspring_perf import recovering
from mainspring_perf.candidates import candidates, make, options_of
from mainspring_perf.harness import Benchmark, expect

if TYPE_CHECKING:
    from mainspring.seams import Journal

__all__ = ["SEAMS", "SUITE", "benchmarks", "unmeasured"]

SUITE = "journal"
SEAMS = ("journal",)

_ORDER_BYTES = 70
"""What the order log writes for a request and its approval."""

_OPENING = Opening(
    opened_at="2026-01-01T00:00:00+00:00", version="0", lane="1", mode="paper", config=None, instruments=("BTC/USDT",)
)
_BARE = "orders written and synced by hand"
_SYNC = "orders made durable one by one"
_GROUP = "orders made durable in groups"


def benchmarks(tiny: bool) -> list[Benchmark]:
    """Orders made durable, by each journal and by hand, and what a restart reads of them."""
    one_by_one, grouped = (5, 50) if tiny else (100, 5_000)
    folder = Path(mkdtemp(prefix="mainspring-bench-"))
    atexit.register(rmtree, folder, ignore_errors=True)
    made = [
        Benchmark(
            name=_BARE,
            run=partial(_by_hand, folder, one_by_one),
            operations=one_by_one,
            check=partial(expect, _BARE, one_by_one * _ORDER_BYTES),
            input=f"{one_by_one} times {_ORDER_BYTES} bytes, each followed by fsync",
        )
    ]
    for offer in candidates("journal"):
        if offer.name in unmeasured():
            continue
        made += [
            _benchmark(folder, offer, _SYNC, SyncWriter, one_by_one),
            _benchmark(folder, offer, _GROUP, AsyncWriter, grouped),
        ]
    return made + recovering.benchmarks(tiny)


def unmeasured() -> dict[str, str]:
    """The journals that are kept by a server, with the reason for leaving them out."""
    why = "it is kept by a server, which may have the user's own sessions"
    return {offer.name: why for offer in candidates("journal") if offer.capabilities.get("server")}


def _benchmark(
    folder: Path,
    offer: Offer,
    what: str,
    writer: Callable[["Journal", Opening], JournalWriter],
    orders: int,
) -> Benchmark:
    name = f"{what}, {offer.name}"
    return Benchmark(
        name=name,
        run=partial(_journalled, folder, offer, writer, orders),
        operations=orders,
        check=partial(expect, name, orders * _ORDER_BYTES),
        input=f"{orders:,} times {_ORDER_BYTES} bytes, each committed; beginning, end and reading it back included",
        offer=offer,
        baseline=_BARE,
    )


def _journalled(
    folder: Path,
    offer: Offer,
    writer: Callable[["Journal", Opening], JournalWriter],
    orders: int,
) -> int:
    options = None if offer.options is None else writing_to(options_of(offer), folder)
    journal: Journal = make(offer, options=options)
    written = writer(journal, _OPENING)
    order = bytes(_ORDER_BYTES)
    for number in range(orders):
        written.write(order)
        written.commit(Positions(number, (number,)))
    written.finish(Ending(sha256="", records=orders))
    entries = (entry for _, entry in read_entries(journal, written.session))
    size = sum(len(entry.data) for entry in entries if type(entry) is LogBytes)
    written.close()
    return size


def _by_hand(folder: Path, orders: int) -> int:
    order = bytes(_ORDER_BYTES)
    path = folder / "by-hand"
    with path.open("ab", buffering=0) as file:
        before = file.tell()
        for _ in range(orders):
            file.write(order)
            os.fsync(file.fileno())
        return file.tell() - before
