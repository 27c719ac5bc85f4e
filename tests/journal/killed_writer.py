"""A process that journals orders and then sends each to a venue, its standard output, until it is killed."""

import os
import sys
from pathlib import Path

from mainspring.journal import AsyncWriter, Opening, Positions, SyncWriter

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.journal.places import Place

OPENING = Opening(opened_at="", version="0", lane="1", mode="paper", config=None, instruments=())


def main() -> None:
    """Sends order after order: its number goes out once the journal has it."""
    place, kind = sys.argv[1:]
    journal = Place.of(place).open()
    writer = SyncWriter(journal, OPENING) if kind == "sync" else AsyncWriter(journal, OPENING)
    first = writer.session * 1_000_000
    os.write(1, b"begun\n")
    for order in range(first, first + 1_000_000):
        writer.write(order.to_bytes(8, "little"))
        writer.commit(Positions(order, ()))
        if isinstance(writer, AsyncWriter):
            if order % 7:
                # Committed with the next ones, and never sent.
                continue
            writer.wait(writer.committed)
        os.write(1, b"%d\n" % order)


if __name__ == "__main__":
    main()
