"""The command `hwprofile`: shows the host, grades it, measures jitter, and pins work to CPUs."""

import argparse
import sys
from collections.abc import Sequence

from hwprofile.commands import doctor, jitter, pin, show

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit code. `arguments` defaults to those of the command line."""
    parser = argparse.ArgumentParser(
        prog="hwprofile",
        description="Show this host, grade it for low latency, measure its jitter, and pin work to its CPUs.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for command in (show, doctor, jitter, pin):
        command.add_parser(commands)
    given = sys.argv[1:] if arguments is None else arguments
    chosen = parser.parse_args(given or ["show"])
    code: int = chosen.run(chosen)
    return code


if __name__ == "__main__":
    sys.exit(main())
