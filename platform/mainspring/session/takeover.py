"""Takes over what an earlier session of a lane left: its orders, positions and place in the feeds."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import msgspec

from mainspring.errors import ConfigError, DataError
from mainspring.host.guard import calling
from mainspring.host.journals import open_journal
from mainspring.host.plan import LanePlan
from mainspring.host.registry import Registry
from mainspring.journal import Input, read_entries, read_session
from mainspring.lane import Kill, LiftKill, OrderManager, SetLimit
from mainspring.model import LogRecord, OrderReport, PositionReport
from mainspring.recovery import Recovered, recover
from mainspring.seams import Journal
from mainspring.session.inputs import decode_event

if TYPE_CHECKING:
    from mainspring.seams import Records
    from mainspring.session.replay import ReplayFeed

__all__ = ["RESOLUTION", "TakeOver", "last_session", "make_takeover", "restored_orders", "restored_positions"]

RESOLUTION: Final = "resolution"
"""The mode of a session that has nothing but what a person says became of orders."""


class TakeOver:
    """A lane's earlier session in a journal. `messages` is how many messages each feed had been fed by its end.

    As a script of the feeds, it has them stop there.
    """

    def __init__(
        self,
        journal: Journal,
        session: int,
        plan: LanePlan,
        decode: Callable[[bytes, int], tuple[list[LogRecord], int]],
    ) -> None:
        """`plan` is that of the lane that takes over, and `decode` of a `mainspring.seams.Records`."""
        self.session = session
        self._journal = journal
        self._decode = decode
        self._instruments = [(part.label(one), one) for part in plan.parts for one in part.instruments]
        positions = read_session(journal, session).positions
        self.messages = (0,) * len(plan.parts) if positions is None else positions.messages
        if len(self.messages) != len(plan.parts):
            raise ConfigError(
                f"session {session} read {len(self.messages)} feeds, and this one reads {len(plan.parts)}: recover "
                "with the feeds of the session that is to go on"
            )

    def left(self, feed: int, fed: int) -> int:
        """Returns how many messages of a feed the earlier session had been fed, less those."""
        return self.messages[feed] - fed

    def check(self, feeds: "tuple[ReplayFeed, ...]") -> None:
        """Raises `DataError` unless the feeds have as many messages as the earlier session was fed."""
        for feed, messages in zip(feeds, self.messages, strict=True):
            if feed.fed != messages:
                raise DataError(
                    f"session {self.session} had been fed {messages:,} messages, and {feed.source.name} has only "
                    f"{feed.fed:,} now: bring back what it read"
                )

    def orders_of_people(self) -> list[Kill | LiftKill | SetLimit]:
        """Returns what people had said about risk, which still holds: kills, lifts and limits, in order.

        A limit was confirmed when it was set. A session that only has a resolution holds nothing of the kind.
        """
        session = self.session
        while (opening := read_session(self._journal, session).opening).mode == RESOLUTION:
            assert opening.continues is not None
            session = opening.continues
        inputs = (entry for _, entry in read_entries(self._journal, session) if isinstance(entry, Input))
        said = (decode_event(entry.event) for entry in inputs)
        return [
            msgspec.structs.replace(one, confirmed=True) if isinstance(one, SetLimit) else one
            for one in said
            if isinstance(one, Kill | LiftKill | SetLimit)
        ]

    def apply(self, manager: OrderManager) -> Recovered:
        """Brings a new lane's orders, positions and ids to what the journal says. Raises `JournalError`."""
        return recover(self._journal, self.session, manager, self._instruments, self._decode)


def make_takeover(plan: LanePlan, registry: Registry) -> TakeOver | None:
    """Returns the lane's last session in the journal that the plan names; None if there is none yet.

    Raises `ConfigError` if the plan has no journal.
    """
    first = plan.parts[0]
    if first.journal is None or first.records is None:
        raise ConfigError(
            'there is no journal to recover from: write [journal] path = "journal.db" into the config, and run it once'
        )
    offer = registry.get("records", first.records.plugin)
    with calling(offer, "be made"):
        records: Records = offer.factory()
    journal = open_journal(first.journal, registry)
    session = last_session(journal, plan.name)
    if session is None:
        journal.close()
        return None
    return TakeOver(journal, session, plan, records.decode)


def last_session(journal: Journal, lane: str = "") -> int | None:
    """Returns the number of a lane's last session in a journal, or of any lane's; None if there is none."""
    for number in reversed(journal.sessions()):
        if lane in ("", read_session(journal, number).opening.lane):
            return number
    return None


def restored_orders(manager: OrderManager) -> list[OrderReport]:
    """Returns the open orders as a simulated venue takes them up that ended with the process."""
    return [
        OrderReport(
            0,
            manager.outbox.client_order_id(order.order.order_id),
            order.order.order_id,
            order.order.instrument,
            0,
            "open",
            order.order.side,
            order.price_ticks,
            order.size_lots,
            order.filled_lots,
        )
        for order in manager.tracker.all_open()
    ]


def restored_positions(manager: OrderManager) -> list[PositionReport]:
    """Returns the positions as a simulated venue takes them up."""
    accounts = enumerate(manager.portfolio.accounts)
    return [PositionReport(0, place, 0, account.position_lots) for place, account in accounts]
