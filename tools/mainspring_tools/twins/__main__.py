"""Compares twins on seeds: `uv run python -m mainspring_tools.twins PART --seeds FIRST:END`.

Prints how often what happened and the time it took, and fails at the first seed whose twins differ.
"""

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib import import_module
from typing import Final

_PARTS: Final = {
    "sessions": ("sessions", "compare_session", "whole sessions that trade, with faults; one a seed"),
}
_SHOWN_EVERY: Final = 500


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m mainspring_tools.twins", description=__doc__)
    parser.add_argument(
        "part", choices=sorted(_PARTS), help="; ".join(f"{name}: {said[2]}" for name, said in _PARTS.items())
    )
    parser.add_argument("--seeds", type=_seeds, default=range(1), help="FIRST:END, or one number")
    parser.add_argument("--jobs", type=int, default=1, help="how many processes")
    given = parser.parse_args(arguments)
    module, name, _ = _PARTS[given.part]
    compare = partial(_compare, module, name)
    total: Counter[str] = Counter()
    started = time.monotonic()
    with ProcessPoolExecutor(given.jobs) as pool:
        for done, counts in enumerate(pool.map(compare, given.seeds, chunksize=20), 1):
            total += counts
            if done % _SHOWN_EVERY == 0:
                sys.stderr.write(f"{done:,} of {len(given.seeds):,} seeds, {time.monotonic() - started:,.0f} s\n")
    seconds = time.monotonic() - started
    print(f"{given.part}: {len(given.seeds):,} seeds, {seconds:,.0f} s, no difference")
    print(", ".join(f"{count:,} {what}" for what, count in total.most_common()))
    return 0


def _compare(module: str, name: str, seed: int) -> Counter[str]:
    counts: Counter[str] = getattr(import_module(f"mainspring_tools.twins.{module}"), name)(seed)
    return counts


def _seeds(text: str) -> range:
    first, _, end = text.partition(":")
    return range(int(first), int(end) if end else int(first) + 1)


if __name__ == "__main__":
    sys.exit(main())
