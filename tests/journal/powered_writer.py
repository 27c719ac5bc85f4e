"""A process that journals orders, says each once it is durable, and ends: two sessions after each other."""

import os
import sys
from pathlib import Path

from mainspring.journal import AsyncWriter, Ending, Opening, Positions, SyncWriter

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.journal.places import Place

OPENING = Opening(opened_at="", version="0", lane="1", mode="paper", config=None, instruments=())


def main() -> None:
    """Journals as many orders as are asked for, in one session and then another."""
    place, kind, orders = sys.argv[1:]
    for _ in range(2):
        journal = Place.of(place).open()
        writer = SyncWriter(journal, OPENING) if kind == "sync" else AsyncWriter(journal, OPENING)
        first = writer.session * 1_000_000
        for order in range(first, first + int(orders)):
            writer.write(order.to_bytes(8, "little") * 20)
            writer.commit(Positions(order, ()))
            if isinstance(writer, AsyncWriter):
                if order % 7:
                    continue
                writer.wait(writer.committed)
            os.write(1, b"%d\n" % order)
        writer.finish(Ending(sha256="", records=0))
        writer.close()


if __name__ == "__main__":
    main()
