"""Checks what writes and reads the order log's records against the contract of `mainspring.seams.Records`."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from random import Random
from typing import Any, Final

from mainspring.errors import DataError
from mainspring.model import (
    Accepted,
    Cancelled,
    CancelRequested,
    Discrepancy,
    DiscrepancyCleared,
    Expired,
    Fill,
    Funding,
    GroupChanged,
    LogRecord,
    MarkedUnknown,
    NewOrder,
    Rejected,
    Replaced,
    ReplaceRequested,
    RequestApproved,
    RequestRefused,
    SessionStarted,
    Side,
    SubmitRequested,
    TimeInForce,
    encode_records,
)
from mainspring.seams import Records
from mainspring.testing._rules import Rules

__all__ = ["check_records"]

_MOST = 2**63 - 1
_TIMES_IN_FORCE: Final[tuple[TimeInForce, ...]] = ("gtc", "ioc", "fok", "day", "gtd")
_TEXTS = ("", "maker", "zu spät", "x" * 130)
_DECIMALS = ("0", "-0.0", "1.20", "-0.00031", "123456789012345678901234567890", "1E+2000")


def check_records(factory: Callable[[], Records], *, seed: int = 0, rounds: int = 30) -> None:
    """Writes `rounds` seeded runs of all kinds of records, reads them back, and has cut and changed bytes refused.

    Raises `ConformanceError`, which names the broken rule, the records, and the seed.
    """
    rules = Rules(seed)
    records = factory()
    for _ in range(rounds):
        _check_run(rules, records, _run(rules.random))
    for wrong in (Accepted(2**63, 0, 0), Cancelled(1, 0, 0, 1, "\ud800"), Accepted(True, 0, 0)):
        _refused(rules, "a record that has no form is refused with DataError", partial(records.encode, [wrong]))


def _check_run(rules: Rules, records: Records, run: list[LogRecord]) -> None:
    right = encode_records(run)
    data = rules.never_raises("records are written", records.encode, run)
    rules.equal("the bytes are those of the format", data, right, f"writing {run}")
    found, used = rules.never_raises("what was written is read", records.decode, data)
    rules.equal("the records come back", (found, used), (run, len(data)), "writing and reading")
    end = rules.random.randrange(len(data))
    whole, used = rules.never_raises("a cut record is left", records.decode, data[:end])
    ends = [len(encode_records(run[:count])) for count in range(len(run) + 1)]
    last = sum(one <= end for one in ends) - 1
    rules.equal("whole records are read, and what follows left", (whole, used), (run[:last], ends[last]), "a cut")
    # In the body of the first record: a length would be another cut.
    place = rules.random.randrange(3, ends[1])
    changed = bytearray(data)
    changed[place] ^= 1 << rules.random.randrange(8)
    _refused(rules, "a changed bit is refused with DataError", partial(records.decode, bytes(changed), 10))


def _refused(rules: Rules, rule: str, call: Callable[[], Any]) -> None:
    found = rules.never_raises(rule, _outcome, call)
    rules.hold(rule, isinstance(found, DataError), lambda: f"it gave {found!r}")


def _outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except DataError as error:
        return error


def _run(random: Random) -> list[LogRecord]:
    """One record of each kind, in a random order."""

    def number() -> int:
        return random.choice((0, 1, -1, 63, -64, 64, 127, -129, 6_100_000, _MOST, -_MOST - 1, random.randrange(_MOST)))

    def decimal() -> Decimal:
        return Decimal(random.choice(_DECIMALS))

    def text() -> str:
        return random.choice(_TEXTS)

    def ids() -> tuple[int, int, int]:
        return number(), number(), number()

    side = random.choice((Side.BUY, Side.SELL))
    order = NewOrder(
        *ids()[:2], side, random.choice(("limit", "market")), *ids(), random.choice(_TIMES_IN_FORCE),
        random.random() < 0.5, text(), number(), random.random() < 0.5,
    )  # fmt: skip
    request: Any = random.choice(("new", "cancel", "replace"))
    fee = random.choice(((), (decimal(), text()), (None, "BNB")))
    run: list[LogRecord] = [
        SessionStarted(number(), text(), number()),
        SubmitRequested(number(), order),
        CancelRequested(number(), number()),
        ReplaceRequested(*ids(), number()),
        RequestApproved(number(), number(), request),
        RequestRefused(number(), number(), text(), text(), request),
        Accepted(*ids()),
        Rejected(*ids(), text(), request),
        Fill(*ids(), number(), side, number(), number(), random.random() < 0.5, number(), *fee),
        Cancelled(*ids(), number(), text()),
        Expired(*ids(), number(), text()),
        Replaced(*ids(), number(), number()),
        Discrepancy(*ids(), text(), text()),
        DiscrepancyCleared(number(), number()),
        MarkedUnknown(number(), number(), text()),
        GroupChanged(*ids(), text(), text()),
        Funding(number(), number(), decimal(), text(), random.choice((None, decimal())), decimal()),
    ]
    random.shuffle(run)
    return run
