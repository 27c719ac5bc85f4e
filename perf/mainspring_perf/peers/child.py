"""Runs one candidate in the interpreter of its peer: `python -I child.py ADAPTER WORK WAY INPUTS`.

It prepares the work, does it once, and says what came of it; then does it again, timed, at each line "time" on
standard input. It answers in lines of JSON on standard output, which a peer that prints can't reach.
"""

import gc
import importlib
import json
import os
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["main"]

_MINIMUM_NS = 50_000_000
_PACKAGE = "mainspring_perf"


def main() -> None:
    """Serves until standard input ends."""
    adapter, work, way, folder = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(value: Any) -> None:
        answers.write(json.dumps(value) + "\n")
        answers.flush()

    _make_findable()
    module = importlib.import_module(f"{_PACKAGE}.peers.adapters.{adapter}")
    inputs = importlib.import_module(f"{_PACKAGE}.peers.contract").Inputs(Path(folder))
    prepared = module.CANDIDATES[work][way](inputs)
    make, run = prepared.make, prepared.run
    answer = prepared.answer(run() if make is None else run(make()))
    say({"answer": answer, "detail": prepared.detail, "python": sys.version.split()[0]})
    del answer
    # The prepared input is kept from the garbage collector's rounds: a user's program wouldn't hold it as a whole.
    gc.collect()
    gc.freeze()
    passes = 1
    for _ in sys.stdin:
        if make is None:
            started_ns = time.perf_counter_ns()
            for _ in range(passes):
                run()
            took_ns = time.perf_counter_ns() - started_ns
        else:
            took_ns = sum(_timed(run, make()) for _ in range(passes))
        say({"pass_ns": took_ns / passes})
        passes = max(passes, -(-_MINIMUM_NS * passes // took_ns))


def _timed(run: Callable[[Any], Any], subject: Any) -> int:
    started_ns = time.perf_counter_ns()
    run(subject)
    return time.perf_counter_ns() - started_ns


def _make_findable() -> None:
    """Lets our few modules be imported, and nothing else that is installed where they are."""
    if _PACKAGE not in sys.modules:
        package = types.ModuleType(_PACKAGE)
        package.__path__ = [str(Path(__file__).resolve().parents[1])]
        sys.modules[_PACKAGE] = package


if __name__ == "__main__":
    main()
