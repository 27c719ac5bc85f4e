"""Live sessions over a bad line, by seeds: `uv run python -m mainspring_tools.bad_line --seeds FIRST:END`.

Updates are lost, doubled, late and garbled, requests and answers are lost, and the stream goes down; a session in three
also crashes twice. At the end the positions and fills of session and exchange are the same, no order was sent twice,
and none is open. The exit code is 1 if a seed failed.
"""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

from mainspring.data.scratch import scratch_folder
from mainspring.host.registry import Registry
from mainspring_tools.bad_line.line import Line, crashes_of, differences, line_registry, trade
from mainspring_tools.bad_line.sides import SIDES

__all__ = ["main", "run_seed"]

_CRASHES_EVERY = 3


def run_seed(router: str, seed: int, folder: Path, registry: Registry) -> Counter[str]:
    """Runs one session, with crashes if the seed is divisible by three; returns what went wrong on the line.

    Raises `AssertionError` if both sides differ at the end.
    """
    side = SIDES[router]
    crashing = seed % _CRASHES_EVERY == 0
    with Line(side, seed, folder, registry) as line:
        trade(line, *((side.seconds, crashes_of(side, seed)) if crashing else ()))
        found = differences(line)
        assert not found, "; ".join(found)
        return line.happened + Counter({"crash": 2 if crashing else 0})


def _seeds(text: str) -> range:
    first, _, end = text.partition(":")
    return range(int(first), int(end)) if end else range(int(first), int(first) + 1)


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m mainspring_tools.bad_line", description=__doc__)
    parser.add_argument("--seeds", type=_seeds, default=range(30), help="FIRST:END, or one number")
    parser.add_argument("--router", choices=SIDES, help="one router only; by default they take turns")
    parser.add_argument("--keep-going", action="store_true", help="name every seed that fails, not only the first")
    given = parser.parse_args(arguments)
    registry, routers = line_registry(), [given.router] if given.router else list(SIDES)
    total: Counter[str] = Counter()
    failed: list[str] = []
    started = time.monotonic()
    for seed in given.seeds:
        # Each router meets seeds with crashes and without.
        router = routers[seed // _CRASHES_EVERY % len(routers)]
        try:
            with scratch_folder("bad-line") as folder:
                total += run_seed(router, seed, folder, registry)
        except Exception as error:
            sys.stderr.write(f"seed {seed}, {router}: {type(error).__name__}: {str(error)[:300]}\n")
            if not given.keep_going:
                raise
            failed.append(f"{router} {seed}")
    print(f"{len(given.seeds):,} seeds, {time.monotonic() - started:,.0f} s, {len(failed)} failed: {failed[:20]}")
    print(", ".join(f"{count:,} {what}" for what, count in total.most_common()))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
