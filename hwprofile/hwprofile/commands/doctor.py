"""`hwprofile doctor`: grades this host for low latency, and prints the fixes."""

import argparse
import sys
from pathlib import Path

from hwprofile.doctor import as_text, examine
from hwprofile.kernel_files import parse_cpu_list
from hwprofile.probe import probe
from hwprofile.terminal import colour_wanted, printable, text_width, write_result

__all__ = ["add_parser", "run"]


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the command to those of `hwprofile`."""
    parser = commands.add_parser(
        "doctor",
        help="grade this host for low latency, and print the fixes",
        description="Grades this host for low latency. Changes nothing.",
        epilog="Returns 0 if all is good; else by the worst grade: 1 fair, 3 unknown, 4 poor. 2: called wrongly.",
    )
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument("--cpus", metavar="LIST", help="CPUs for hot threads (default: isolated ones, else spare ones)")
    parser.add_argument(
        "--from", dest="root", metavar="DIR", type=Path, default=Path("/"), help="a recorded host's files"
    )
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Prints the findings, and returns the exit code of the worst grade."""
    if not chosen.root.is_dir():
        return _wrong(f"--from: there is no directory {chosen.root}; give the one that holds the host's sys and proc")
    try:
        hot = None if chosen.cpus is None else parse_cpu_list(chosen.cpus)
    except ValueError:
        return _wrong(f"--cpus: {chosen.cpus!r} is no list of CPUs; write one like 2-5,8")
    profile = probe(chosen.root)
    try:
        examination = examine(profile, hot)
    except ValueError as error:
        return _wrong(f"--cpus: {error}")
    if chosen.json:
        write_result(examination.to_json().decode() + "\n")
    else:
        write_result(as_text(examination, width=text_width(), colour=colour_wanted()))
    return examination.exit_code


def _wrong(message: str) -> int:
    sys.stderr.write(printable(f"hwprofile doctor: {message}\n"))
    return 2
