"""Recovery from a journal: the records of orders applied to a new lane's orders and positions."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from mainspring.journal import Opening, Positions, SyncWriter
from mainspring.model import (
    Accepted,
    Cancelled,
    CancelRequested,
    Fill,
    GroupChanged,
    Instrument,
    LogRecord,
    NewOrder,
    RequestApproved,
    SessionStarted,
    Side,
    SubmitRequested,
)
from mainspring.orders import OrderLog, OrderTracker
from mainspring.portfolio import Marks, Portfolio, PositionUnits
from mainspring.recovery import recover
from mainspring.seams import NEVER_NS
from mainspring_perf.candidates import candidates, make
from mainspring_perf.harness import Benchmark, expect

if TYPE_CHECKING:
    from mainspring.seams import Records

__all__ = ["benchmarks"]

_INSTRUMENT = Instrument(
    symbol="BTC/USDT", venue_symbol="BTCUSDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.00001")
)
_GROUP = 50
"""How many records a block has."""


def benchmarks(tiny: bool) -> list[Benchmark]:
    """Records recovered, with the tracker in Python and with the native one."""
    count = 500 if tiny else 100_000
    made = []
    for offer in candidates("records"):
        records: Records = make(offer)
        trackers = [("Python", OrderTracker, PositionUnits)]
        if offer.distribution == "mainspring-native":
            from mainspring_native import _native

            trackers.append(("native", _native.OrderTracker, _native.PositionUnits))  # type: ignore[arg-type]
        for name, tracker, units in trackers:
            title = f"records recovered, {name} tracker, {offer.name} records"
            made.append(
                Benchmark(
                    name=title,
                    run=partial(_recovered, _Journal(records, count), tracker, units, records),
                    operations=count,
                    check=partial(expect, title, count),
                    input=f"{count:,} records of orders that are filled or cancelled, in blocks of {_GROUP}",
                    offer=offer,
                )
            )
    return made


def _recovered(
    journal: "_Journal", tracker: Callable[..., OrderTracker], units: Callable[..., PositionUnits], records: "Records"
) -> int:
    target = _Target(tracker([_INSTRUMENT], answer_timeout_ns=10**10), units)
    return recover(journal, 1, target, [("BTC/USDT", _INSTRUMENT)], records.decode).records


class _Target:
    """The order side of a lane, as far as recovery changes it."""

    def __init__(self, tracker: OrderTracker, units: Callable[..., PositionUnits]) -> None:
        self.tracker = tracker
        self.portfolio = Portfolio([_INSTRUMENT], tracker.open_lots, Marks([], "mid"), units)
        self.discrepancies: Counter[str] = Counter()
        self.next_order_id = 1
        self.earlier: list[tuple[int, str, int]] = []

        self.own_due_ns = self.due_ns = NEVER_NS

    risk = None

    @property
    def terms(self) -> "_Target":
        return self

    def take_up(self, asked: NewOrder, now_ns: int) -> NewOrder:
        return asked

    def take_group(self, record: GroupChanged) -> None:
        """There are no groups in what is timed."""

    @property
    def outbox(self) -> "_Target":
        return self


class _Journal:
    """A journal in memory with one session of some records."""

    def __init__(self, records: "Records", count: int) -> None:
        self._blocks: list[bytes] = []
        opening = Opening(
            opened_at="", version="0", lane="1", mode="paper", config=None, instruments=(_INSTRUMENT.symbol,)
        )
        writer = SyncWriter(self, opening)
        log = OrderLog(records.encode, [("BTC/USDT", _INSTRUMENT)], writer)
        made = _records()
        for time_ns in range(0, count, _GROUP):
            log.write_all(list(islice(made, min(_GROUP, count - time_ns))))
            writer.commit(Positions(time_ns, (time_ns,)))

    def begin(self) -> int:
        return 1

    def append(self, session: int, number: int, block: bytes) -> None:
        self._blocks.append(block)

    def sessions(self) -> Sequence[int]:
        return (1,)

    def blocks(self, session: int) -> Iterator[tuple[int, bytes]]:
        yield from enumerate(self._blocks, 1)

    def last_block(self, session: int) -> tuple[int, bytes] | None:
        return (len(self._blocks), self._blocks[-1]) if self._blocks else None

    def close(self) -> None:
        pass


def _records() -> Iterator[LogRecord]:
    """Orders, of which two in three are filled in two parts and the third is cancelled."""
    yield SessionStarted(0, "0" * 20, 0)
    order_id = 0
    while True:
        order_id += 1
        side = Side.BUY if order_id % 2 else Side.SELL
        order = NewOrder(order_id, 0, side, "limit", 6_000_000, 1_000, order_id, strategy="maker")
        yield SubmitRequested(order_id, order)
        yield RequestApproved(order_id, order_id)
        yield Accepted(order_id, 0, order_id)
        if order_id % 3:
            yield Fill(order_id, 0, order_id, 2 * order_id, side, 6_000_000, 400, maker=True, fee_ppb=100_000)
            yield Fill(order_id, 0, order_id, 2 * order_id + 1, side, 6_000_000, 600, maker=True, fee_ppb=100_000)
        else:
            yield CancelRequested(order_id, order_id)
            yield RequestApproved(order_id, order_id, "cancel")
            yield Cancelled(order_id, 0, order_id, 1_000, "requested")
