"""Reads the orders that a journal has, and records what a person says became of one."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mainspring import __version__
from mainspring.errors import JournalError, OrderStateError
from mainspring.journal import Ending, Input, JournalLog, Opening, Positions, SyncWriter, read_session
from mainspring.lane import BookFill, ClearDiscrepancy, Outbox, ResolveOrder
from mainspring.model import DiscrepancyCleared, GroupChanged, Instrument, LogRecord, NewOrder, OrderEvent, Side
from mainspring.orders import Order, OrderLog, OrderTracker
from mainspring.orders.persons_word import Outcome, resolved_by_person
from mainspring.portfolio import Marks, Portfolio
from mainspring.recovery import recover
from mainspring.seams import NEVER_NS, Journal
from mainspring.session.inputs import encode_event
from mainspring.session.takeover import RESOLUTION

if TYPE_CHECKING:
    from mainspring.seams import Records

__all__ = ["JournalledOrders"]


class JournalledOrders:
    """The orders and positions of a session in a journal, and of those that it goes on from.

    `names` are its instruments'. As a recovery's target, it is the order side of a lane without markets.
    """

    def __init__(self, journal: Journal, session: int, records: "Records") -> None:
        """`records` reads the order log. Raises `JournalError` for a session that can't be read, or has no orders."""
        header = JournalLog(journal, session, records.decode).header
        if header is None:
            raise JournalError(f"session {session} ended before it had any order")
        self.names = tuple(one.name for one in header.instruments)
        self._instruments = [
            Instrument(
                symbol=one.symbol,
                venue_symbol=one.venue_symbol,
                tick_size=one.tick_size,
                lot_size=one.lot_size,
                contract=one.contract,
                contract_size=one.contract_size,
                settle_currency=one.settle_currency,
            )
            for one in header.instruments
        ]
        self.instruments = header.instruments
        self.tracker = OrderTracker(self._instruments)
        self.portfolio = Portfolio(self._instruments, self.tracker.open_lots, Marks([], "mid"))
        self.outbox = Outbox()
        self.discrepancies: Counter[str] = Counter()
        self.own_due_ns = self.due_ns = NEVER_NS
        self.risk = None
        self._journal = journal
        self._session = session
        self._records = records
        labelled = list(zip(self.names, self._instruments, strict=True))
        self.recovered = recover(journal, session, self, labelled, records.decode)

    @property
    def terms(self) -> "JournalledOrders":
        """Itself: it emulates nothing."""
        return self

    def take_up(self, asked: NewOrder, now_ns: int) -> NewOrder:
        """Returns the order as it is."""
        return asked

    def take_group(self, record: GroupChanged) -> None:
        """Orders that depend on others are orders like any here."""

    def find(self, name: str) -> Order:
        """Returns the order of that number, or of that client order id. Raises `OrderStateError` if there is none."""
        order_id = int(name) if name.isdecimal() else self.outbox.order_id_of(name)
        order = None if order_id is None else self.tracker.find(order_id)
        if order is None:
            raise OrderStateError(
                f"the journal has no order {name!r} that is open or ended lately: `mainspring orders list` has them"
            )
        return order

    def resolve(self, order: Order, outcome: Outcome, *, who: str, why: str, price_ticks: int | None = None) -> int:
        """Records what became of an order, and lets new orders go out in its instrument.

        `who` says so, and `why` is the reason. Returns the number of the session that has it.

        Raises `OrderStateError` if the order can't have come to that, and what the journal raises.
        """
        now_ns = self.recovered.time_ns
        events = resolved_by_person(order, outcome, now_ns, f"resolved by {who}: {why}", price_ticks)
        command = ResolveOrder(now_ns, order.order.order_id, outcome, price_ticks, who, why)
        return self._write(command, events, order.order.instrument)

    def book(self, instrument: int, side: Side, size_lots: int, price_ticks: int, *, who: str, why: str) -> int:
        """Records an execution that no order of ours explains, and lets new orders go out in its instrument.

        So a position comes to what the venue has; it is that of no strategy. `who` says so, and `why` is the reason.
        Returns the number of the session that has it. Raises what the journal raises.
        """
        # The venue's ids aren't below zero.
        fill_id = next(number for number in range(-1, -1_000_000, -1) if not self.tracker.has_fill(0, number))
        now_ns = self.recovered.time_ns
        command = BookFill(now_ns, instrument, side, size_lots, price_ticks, fill_id, who, why)
        return self._write(command, [command.fill()], instrument)

    def clear(self, instrument: int, *, who: str, why: str) -> int:
        """Records that a person, `who`, has explained what stopped an instrument, and `why` it may trade again.

        Returns the number of the session that has it.
        """
        return self._write(ClearDiscrepancy(self.recovered.time_ns, instrument, who, why), [], instrument)

    def _write(
        self, command: ResolveOrder | BookFill | ClearDiscrepancy, events: Sequence[OrderEvent], instrument: int
    ) -> int:
        before = read_session(self._journal, self._session)
        opening = Opening(
            opened_at=datetime.now(UTC).isoformat(timespec="seconds"),
            version=__version__,
            lane=before.opening.lane,
            mode=RESOLUTION,
            config=None,
            instruments=before.opening.instruments,
            continues=self._session,
        )
        positions = Positions(self.recovered.time_ns, self.recovered.messages)
        writer = SyncWriter(self._journal, opening)
        writer.stage(Input(self.recovered.messages, encode_event(command)))
        log = OrderLog(self._records.encode, list(zip(self.names, self._instruments, strict=True)), writer)
        log.write_all([*self._apply(events), DiscrepancyCleared(self.recovered.time_ns, instrument)])
        writer.commit(positions)
        writer.finish(Ending(sha256=log.sha256, records=log.records))
        return writer.session

    def _apply(self, events: Sequence[OrderEvent]) -> list[LogRecord]:
        """What the order tracker makes of the events, as a lane would log it."""
        records: list[LogRecord] = []
        for event in events:
            self.tracker.apply(event, self.recovered.time_ns)
            records += [event, *self.tracker.take_discrepancies()]
        return records
