"""The command `hwprofile`: what this host is, how ready it is, how its CPUs are interrupted, and pinning to them."""

import argparse
import sys
from collections.abc import Sequence

from hwprofile.commands import doctor, jitter, pin, show

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit code. `arguments` stands for those of the command line."""
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
