"""Faults in venues' recordings: each is noticed, by the feed or `verify`, or the venue's messages can't show it.

docs/venues.md has the table of what is noticed where; it is made here, and held equal.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest

from mainspring.data.verify import verify
from mainspring.seams import RawMessage
from mainspring.wire import Cause, DeltaMessage, Rising, SnapshotMessage
from mainspring_plugins.books.bisect_list import BisectListBook

from .recorded_faults import FAULTS, VENUES, Recording

_PAGE = Path(__file__).resolve().parents[2] / "docs/venues.md"
_BOOK = DeltaMessage | SnapshotMessage
_ALARMS = (Cause.GAP, Cause.CHECKSUM, Cause.CONNECTION, Cause.DUPLICATE, Cause.OUT_OF_ORDER, Cause.STALE)


class Outcome(NamedTuple):
    """What a run of a recording reports."""

    alarms: dict[Cause, int]
    refused: int
    problems: int


def _outcome(recording: Recording, messages: list[RawMessage], *, native: bool) -> Outcome:
    feed = recording.feed(native=native)
    books = [BisectListBook(one) for one in recording.instruments]
    report = verify(messages, feed, books, recording.instruments)
    alarms = {cause: report.by_cause.get(cause, 0) for cause in _ALARMS}
    missed = report.truths.compared - report.truths.matched
    problems = missed + sum(one.crossed for one in report.instruments)
    return Outcome(alarms, report.refused, problems)


def _verdict(clean: Outcome, faulty: Outcome) -> str:
    if faulty.refused > clean.refused or any(count > clean.alarms[cause] for cause, count in faulty.alarms.items()):
        return "feed"
    return "verify" if faulty.problems > clean.problems else "no"


def _places(recording: Recording) -> list[int]:
    """The messages whose book has ten more changes, or as many as there are, so that a fault can show.

    The first change after an answer to a request is left out: that may have it already, so that nothing is lost.
    """
    snapshots = [one for one in recording.declared.format.messages if isinstance(one, SnapshotMessage)]
    first = int(any(not one.restarts for one in snapshots))
    of_books: dict[str, list[int]] = {}
    for number in recording.changes:
        for symbol in {recording.symbol(body) for body in recording.bodies(number)}:
            of_books.setdefault(symbol, []).append(number)
    for later in (10, 1):
        found = sorted({number for numbers in of_books.values() for number in numbers[first:-later]})
        if found:
            return found
    return recording.changes


def _trials(recording: Recording, fault: str, count: int) -> Iterator[list[RawMessage]]:
    """The recording with the fault at `count` of its places, seeded; the first ones are the same for any count."""
    random = Random(fault)
    places = _places(recording)
    for at in random.sample(places, len(places)):
        made = FAULTS[fault](recording, at)
        if made is not None:
            yield made
            count -= 1
            if not count:
                return
        elif fault in ("lying checksum", "numbers restart"):
            # A venue has these or it hasn't.
            return


def _cell(verdicts: list[str]) -> str:
    if not verdicts:
        return "-"
    noticed = [one for one in verdicts if one != "no"]
    if not noticed:
        return "no"
    if len(noticed) < len(verdicts):
        return "some"
    return "yes" if "feed" in noticed else "`verify`"


def _because(recording: Recording) -> str:
    """Why not everything is noticed, by what the venue's messages have."""
    declared = recording.declared
    messages = declared.format.messages
    deltas = [one for one in messages if isinstance(one, DeltaMessage)]
    found = []
    if not deltas:
        found.append("each message is the whole book")
    elif isinstance(declared.format.sequencing, Rising):
        found.append("numbers with holes")
    elif "sequence" not in declared.proves:
        found.append("no numbers")
    covered = {one.checksum.levels for one in messages if isinstance(one, _BOOK) and one.checksum is not None}
    found.append(f"checksums of {min(covered)} levels" if covered else "no checksums")
    return ", ".join(found)


def _row(name: str, recording: Recording, cells: Iterable[str]) -> str:
    return "| " + " | ".join((f"`{name}`", *cells, _because(recording))) + " |"


_HEAD = "| feed | " + " | ".join(FAULTS) + " | why not all |"


def _documented() -> dict[str, list[str]]:
    """The rows of the page's table, by feed."""
    lines = _PAGE.read_text(encoding="utf-8").splitlines()
    start = lines.index(_HEAD) + 2
    rows: dict[str, list[str]] = {}
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        name, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        rows[name.strip("`")] = cells
    return rows


@pytest.mark.parametrize(
    ("venue", "trials"),
    [*((name, 1) for name in VENUES), *(pytest.param(name, 6, marks=pytest.mark.gate) for name in VENUES)],
)
def test_each_fault_is_noticed_or_cannot_be(venue, trials):
    """By both decoders alike, and as the page says. Gates try six places for each fault and make the row again."""
    recording = Recording(VENUES[venue])
    clean = _outcome(recording, recording.messages, native=True)
    assert _outcome(recording, recording.messages, native=False) == clean
    row = _documented()[venue]
    cells = []
    for (fault, _), known in zip(FAULTS.items(), row, strict=False):
        verdicts = []
        for messages in _trials(recording, fault, trials):
            outcome = _outcome(recording, messages, native=True)
            assert _outcome(recording, messages, native=False) == outcome, fault
            verdicts.append(_verdict(clean, outcome))
        cells.append(_cell(verdicts))
        if known in ("yes", "`verify`", "no", "-") and trials < 6:
            assert cells[-1] == known, fault
    if trials == 6:
        assert _row(venue, recording, cells) == _row(venue, recording, row[:-1]), "the row in docs/venues.md is another"
    assert row[-1] == _because(recording)


def test_every_recorded_feed_has_its_row():
    """And no other."""
    assert _documented().keys() == VENUES.keys()
