"""Runs the model: `uv run python -m mainspring_tools.model --seeds FIRST:END`. A seed that fails is printed."""

import argparse
import sys
import time
from collections import Counter

from mainspring_tools.model.runs import run_seed

__all__ = ["main"]


def _seeds(text: str) -> range:
    first, _, end = text.partition(":")
    return range(int(first), int(end)) if end else range(int(first), int(first) + 1)


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m mainspring_tools.model", description=__doc__)
    parser.add_argument("--seeds", type=_seeds, default=range(200), help="FIRST:END, or one number")
    parser.add_argument("--keep-going", action="store_true", help="name every seed that fails, not only the first")
    given = parser.parse_args(arguments)
    total: Counter[str] = Counter()
    failed: list[int] = []
    started = time.monotonic()
    for seed in given.seeds:
        try:
            total += run_seed(seed)
        except Exception as error:
            if not given.keep_going:
                raise
            failed.append(seed)
            sys.stderr.write(f"seed {seed}: {type(error).__name__}: {str(error)[:300]}\n")
    print(f"{len(given.seeds):,} seeds, {time.monotonic() - started:,.0f} s, {len(failed)} failed: {failed[:20]}")
    print(", ".join(f"{count:,} {what}" for what, count in total.most_common()))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
