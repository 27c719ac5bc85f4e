"""Compares twins on seeds: `uv run python -m mainspring_tools.twins PART --seeds FIRST:END`.

Prints how often what happened and the time it took, and fails at the first seed whose twins differ.
"""

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_PARTS: Final = {
    "tracker": ("tracker", "compare_tracker", "200,000 commands to the order tracker"),
    "gate": ("gate", "compare_gate", "10,000 orders and replaces at the risk gate"),
    "portfolio": ("portfolio", "compare_portfolio", "10,000 fills, payments and marks for the portfolio"),
    "venue": ("venue", "compare_venue", "20,000 events and requests for the paper venue"),
    "risk": ("risk", "compare_risk", "400 orders, changes and cancels at every risk check, against an oracle"),
    "orders": ("sessions", "compare_orders", "a long session of a hostile venue, for the whole order side"),
    "sessions": ("sessions", "compare_session", "a short session with faults"),
}
_SHOWN_EVERY_S: Final = 30


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m mainspring_tools.twins", description=__doc__)
    parser.add_argument(
        "part", choices=sorted(_PARTS), help="; ".join(f"{name}: {seed}" for name, (_, _, seed) in _PARTS.items())
    )
    parser.add_argument("--seeds", type=_seeds, default=range(1), help="FIRST:END, or one number")
    parser.add_argument("--jobs", type=int, default=1, help="how many processes")
    given = parser.parse_args(arguments)
    module, name, _ = _PARTS[given.part]
    compare = partial(_compare, module, name)
    total: Counter[str] = Counter()
    started = time.monotonic()
    due = started + _SHOWN_EVERY_S
    with ExitStack() as stack:
        results: Iterable[Counter[str]] = map(compare, given.seeds)
        if given.jobs > 1:
            chunk = max(1, min(20, len(given.seeds) // given.jobs // 4))
            pool = stack.enter_context(ProcessPoolExecutor(given.jobs))
            results = pool.map(compare, given.seeds, chunksize=chunk)
        for done, counts in enumerate(results, 1):
            total += counts
            if time.monotonic() > due:
                due += _SHOWN_EVERY_S
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
