"""Checks a journal against the contract of `mainspring.seams.Journal`."""

from collections.abc import Callable
from random import Random

from mainspring.seams import Journal
from mainspring.testing._rules import NotCheckedError, Offered, Rules

__all__ = ["check_journal", "check_offered"]

_SIZES = (1, 2, 60, 4_095, 4_096, 4_097, 100_000)


def check_journal(
    factory: Callable[[], Journal], *, durable: bool = True, reads: int = 100_000, seed: int = 0, rounds: int = 40
) -> None:
    """Appends `rounds` seeded blocks to several sessions in turn, and reads them back.

    If it is `durable`, every call of `factory` must open the same journal: the blocks are read through a second one
    too, before the first is closed and after it. The journal may hold other sessions. `reads` is the most bytes of a
    block. Raises `ConformanceError`, which names the broken rule and the seed.
    """
    rules = Rules(seed)
    journal = factory()
    before = list(journal.sessions())
    sessions = [journal.begin() for _ in range(3)]
    rules.hold(
        "a new session's number is above all others",
        sorted({*before, *sessions}) == [*before, *sessions],
        f"{sessions} began after {before[-5:]}",
    )
    right: dict[int, list[bytes]] = {session: [] for session in sessions}
    # The last one stays empty.
    for _ in range(rounds):
        session = rules.random.choice(sessions[:-1])
        block = _block(rules.random, reads)
        right[session].append(block)
        rules.never_raises("a block is appended", journal.append, session, len(right[session]), block)
    _check_read(rules, journal, right, [*before, *sessions], "reading it at once")
    if durable:
        second = factory()
        _check_read(rules, second, right, [*before, *sessions], "opening it a second time")
        journal.close()
        further = second.begin()
        rules.hold("a new session's number is above all others", further > sessions[-1], f"{further} after {sessions}")
        second.close()
        journal = factory()
        _check_read(rules, journal, right, [*before, *sessions, further], "closing and opening it")
    absent = list(journal.blocks(max(journal.sessions()) + 1))
    rules.equal("an unknown session has no blocks", absent, [], "reading a number that was never given")
    journal.close()


def check_offered(offered: Offered) -> str:
    """Checks an offer that needs no server; what isn't durable is read back through the same object only."""
    if offered.capabilities.get("server"):
        raise NotCheckedError("it writes to a server, which may have the user's sessions: its own tests check it")
    durable = bool(offered.capabilities.get("durable", True))
    check_journal(offered.factory, durable=durable, seed=offered.seed)
    return "" if durable else "not durable"


def _check_read(rules: Rules, journal: Journal, right: dict[int, list[bytes]], sessions: list[int], after: str) -> None:
    rules.equal("all sessions are there, in order", list(journal.sessions()), sessions, after)
    for session, blocks in right.items():
        found = list(rules.never_raises("blocks are read", lambda of=session: list(journal.blocks(of))))
        rules.equal("blocks are numbered from 1", [number for number, _ in found], [*range(1, len(blocks) + 1)], after)
        last = rules.never_raises("the last block is read", journal.last_block, session)
        rules.hold("the last block is the last", last == (found[-1] if found else None), f"after {after}, {session}")
        same = [block for _, block in found] == blocks
        rules.hold("blocks come back as they were", same, f"after {after}, a block of session {session} differs")


def _block(random: Random, most: int) -> bytes:
    return random.randbytes(min(random.choice(_SIZES), most))
