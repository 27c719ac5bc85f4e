"""Runs the model: `uv run python -m mainspring_tools.model --seeds FIRST:END`. A seed that fails is printed."""

import argparse
import sys
import time
from collections import Counter

from mainspring_tools.model.runs import run_seed
from mainspring_tools.model.shrink import shrink
from mainspring_tools.model.world import PARTS

__all__ = ["main"]


def _seeds(text: str) -> range:
    first, _, end = text.partition(":")
    return range(int(first), int(end)) if end else range(int(first), int(first) + 1)


def _parts(text: str) -> frozenset[str]:
    names = frozenset(text.split(","))
    if unknown := names - set(PARTS):
        raise argparse.ArgumentTypeError(f"no such part: {', '.join(sorted(unknown))}")
    return names


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m mainspring_tools.model", description=__doc__)
    parser.add_argument("--seeds", type=_seeds, default=range(200), help="FIRST:END, or one number")
    parser.add_argument("--keep-going", action="store_true", help="name every seed that fails, not only the first")
    parser.add_argument("--steps", type=int, help="run only that many steps of each seed")
    parser.add_argument("--without", type=_parts, default=frozenset(), help=f"leave out some of {', '.join(PARTS)}")
    parser.add_argument("--shrink", type=int, metavar="SEED", help="find the fewest steps of a seed that still fail")
    given = parser.parse_args(arguments)
    if given.shrink is not None:
        shrunk = shrink(given.shrink)
        print(f"{shrunk.error}\n{shrunk.command}")
        return 1
    total: Counter[str] = Counter()
    failed: list[int] = []
    started = time.monotonic()
    for seed in given.seeds:
        try:
            total += run_seed(seed, steps=given.steps, without=given.without)
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
