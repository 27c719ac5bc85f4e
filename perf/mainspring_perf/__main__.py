"""`python -m mainspring_perf [--tiny | --fast] [SUITE...]`: runs suites without the platform's command line."""

import argparse

from rich.console import Console

from mainspring_perf.run import run_suites, run_tiny
from mainspring_perf.terminal import render


def main() -> None:
    """Runs the suites and prints the table. A wrong answer ends it with a traceback and exit code 1."""
    parser = argparse.ArgumentParser(prog="python -m mainspring_perf", description=__doc__)
    parser.add_argument("suites", nargs="*", help="the suites to run; all of them if none is named")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--tiny", action="store_true", help="check every answer on a small input; times say little")
    size.add_argument("--fast", action="store_true", help="fewer rounds: quicker, and less sure")
    arguments = parser.parse_args()
    effort = "fast" if arguments.fast else "normal"
    timed = run_tiny(arguments.suites) if arguments.tiny else run_suites(arguments.suites, effort=effort)
    render(timed, Console(width=120, highlight=False))


if __name__ == "__main__":
    main()
