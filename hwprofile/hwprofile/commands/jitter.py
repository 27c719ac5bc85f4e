"""`hwprofile jitter`: measures how a CPU is interrupted."""

import argparse
import os
import sys

from hwprofile.jitter import JitterError, as_text, measure
from hwprofile.terminal import printable, text_width, write_result

__all__ = ["add_parser", "run"]


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the command to those of `hwprofile`."""
    parser = commands.add_parser(
        "jitter",
        help="measure how a CPU is interrupted",
        description="Spins on the clock on one CPU, and reports how often and for how long it was interrupted.",
        epilog="Returns 0 if it was measured, whatever was found; 1 if that CPU can't be measured; 2: called wrongly.",
    )
    parser.add_argument("--cpu", type=int, help="the CPU (default: the last that may be used)")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long to spin (default: 10)")
    parser.add_argument(
        "--control", type=int, metavar="CPU", help="CPU of the control run (default: another usable one)"
    )
    parser.add_argument("--no-control", action="store_true", help="leave out the control run, a quarter of the time")
    parser.add_argument("--threshold-us", type=float, help="count gaps above this (default: 10 floors, at least 1)")
    parser.add_argument("--json", action="store_true", help="as JSON, lengths in nanoseconds")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Measures, prints the result, and returns the exit code."""
    usable = _usable()
    cpu = chosen.cpu if chosen.cpu is not None else max(usable, default=None)
    control = None if chosen.no_control else chosen.control
    if control is None and not chosen.no_control:
        control = min((other for other in usable if other != cpu), default=None)
    threshold_ns = None if chosen.threshold_us is None else round(chosen.threshold_us * 1000)
    try:
        jitter = measure(cpu, chosen.seconds, control=control, threshold_ns=threshold_ns, on_round=_progress)
    except JitterError as error:
        sys.stderr.write(printable(f"hwprofile jitter: {error}\n"))
        return 1
    finally:
        _progress_done()
    if chosen.json:
        write_result(jitter.to_json().decode() + "\n")
    else:
        write_result(as_text(jitter, width=text_width(), block=_block()))
    return 0


def _usable() -> tuple[int, ...]:
    affinity = getattr(os, "sched_getaffinity", None)
    return () if affinity is None else tuple(sorted(affinity(0)))


def _block() -> str:
    return "█" if (sys.stdout.encoding or "").lower().startswith("utf") else "#"


def _progress(number: int, rounds: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\rround {number} of {rounds} ...")
        sys.stderr.flush()


def _progress_done() -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r" + " " * 20 + "\r")
        sys.stderr.flush()
