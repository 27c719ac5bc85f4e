"""`hwprofile show`: draws this host as text."""

import argparse
import sys
from pathlib import Path

from hwprofile.picture import draw
from hwprofile.probe import probe
from hwprofile.terminal import colour_wanted, in_the_terminals_letters, printable, text_width, write_result

__all__ = ["add_parser", "run"]


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the command to those of `hwprofile`."""
    parser = commands.add_parser(
        "show",
        help="show what is known of this host (what is done where no command is given)",
        description="Shows what is known of this host: its CPU, its topology, and what this process may use of it.",
        epilog="Returns 0; 2 if called wrongly.",
    )
    parser.add_argument("--json", action="store_true", help="as JSON; what isn't known is null")
    parser.add_argument(
        "--from", dest="root", metavar="DIR", type=Path, default=Path("/"), help="a recorded host's files"
    )
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Prints the picture, and returns the exit code."""
    root: Path = chosen.root
    if root != Path("/") and not ((root / "sys").is_dir() or (root / "proc").is_dir()):
        what = "holds neither sys nor proc" if root.is_dir() else "is no directory"
        sys.stderr.write(printable(f"hwprofile show: --from: {root} {what}; it must hold a host's sys and proc\n"))
        return 2
    profile = probe(root)
    if chosen.json:
        write_result(profile.to_json().decode() + "\n")
    else:
        write_result(in_the_terminals_letters(draw(profile, width=text_width(), colour=colour_wanted())))
    return 0
