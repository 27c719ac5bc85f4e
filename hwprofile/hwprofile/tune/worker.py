"""A race's process, started as `python -m hwprofile.tune.worker`: creates the race and answers questions.

It reads a `Hello` and then questions from standard input, and answers on standard output. What candidates print goes to
standard error. It ends when its parent does.
"""

import importlib
import os
import sys
from typing import BinaryIO

import msgspec

from hwprofile.tune.orders import Asked, Hello, Said
from hwprofile.tune.trial import run_trial
from hwprofile.tune.values import Race

__all__ = ["main"]


def main() -> int:
    """Answers until the input ends, and returns the exit code."""
    lines = sys.stdin.buffer
    mouth = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # From here on, printed text goes to standard error.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    hello = msgspec.json.decode(lines.readline(), type=Hello)
    sys.path[:] = hello.path
    try:
        module, _, function = hello.entry.partition(":")
        race: Race = getattr(importlib.import_module(module), function)(hello.argument)
        names = race.names
    except Exception as error:  # noqa: BLE001  a stranger's candidate may raise anything
        _say(mouth, Said(problem=_words(error)))
        return 1
    _say(mouth, Said(names=names))
    for line in lines:
        _say(mouth, _answer(race, msgspec.json.decode(line, type=Asked)))
    return 0


def _answer(race: Race, asked: Asked) -> Said:
    try:
        if asked.answer is not None:
            return Said(answer=race.answer(asked.answer))
        if asked.memory is not None:
            return Said(memory=race.memory(asked.memory))
        assert asked.trial is not None
        return Said(trial=run_trial(race, asked.trial))
    except Exception as error:  # noqa: BLE001  a stranger's candidate may raise anything
        return Said(problem=_words(error))


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _say(mouth: BinaryIO, said: Said) -> None:
    mouth.write(msgspec.json.encode(said) + b"\n")
    mouth.flush()


if __name__ == "__main__":
    sys.exit(main())
