"""`hwprofile pin`: runs a command on given CPUs, or moves a process there."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from hwprofile.actions import Action
from hwprofile.apply import pin_process, prefer_node, reserve
from hwprofile.kernel_files import parse_cpu_list
from hwprofile.terminal import printable, write_result

__all__ = ["add_parser", "run"]

_WRONG, _NOT_HELD, _NOT_RUNNABLE, _NOT_FOUND = 2, 1, 126, 127


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the command to those of `hwprofile`."""
    parser = commands.add_parser(
        "pin",
        help="run a command on given CPUs, or move a process there",
        usage="hwprofile pin --cpus LIST [--node N] [--reserve] -- COMMAND...\n"
        "       hwprofile pin --cpus LIST --pid N",
        description="Runs a command on the CPUs of a list, or moves all threads of a process to them, and reads back "
        "whether they are there. If not all that was asked for holds, the command isn't run.",
        epilog="Returns what the command returns. Else: 0 if the process was moved, 1 if not all of it holds, 2 if "
        "called wrongly, 126 and 127 if the command can't be run or isn't there.",
    )
    parser.add_argument("--cpus", metavar="LIST", required=True, help="CPUs, like 2-5,8")
    parser.add_argument("--pid", metavar="N", type=int, help="move this process, with all its threads; it stays so")
    parser.add_argument("--node", metavar="N", type=int, help="have the command's memory come from this NUMA node")
    parser.add_argument("--reserve", action="store_true", help="have other users of hwprofile leave the CPUs alone")
    parser.add_argument("command_line", metavar="COMMAND", nargs="*", help="what to run, after --")
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Runs the command and returns the exit code; doesn't return if this process becomes the user's command."""
    command: Sequence[str] = chosen.command_line
    try:
        cpus = parse_cpu_list(chosen.cpus)
    except ValueError:
        return _wrong(f"--cpus: {chosen.cpus!r} is no list of CPUs; write one like 2-5,8")
    if (chosen.pid is None) == (not command):
        return _wrong("give either a command to run, after --, or a process with --pid")
    if chosen.pid is not None:
        if chosen.node is not None or chosen.reserve:
            return _wrong("--node and --reserve go with a command: from outside they can't be set for a process")
        if chosen.pid < 1:
            return _wrong(f"--pid: {chosen.pid} is no process")
        action, _ = pin_process(cpus, chosen.pid)
        write_result(_reported(action) + "\n")
        return 0 if action.outcome == "applied" else _NOT_HELD
    steps: list[Callable[[], Action]] = [lambda: pin_process(cpus)[0]]
    if chosen.node is not None:
        steps.append(lambda: prefer_node(chosen.node)[0])
    if chosen.reserve:
        # This process becomes the command, so the CPUs stay reserved until the command ends.
        steps.append(lambda: reserve(cpus, inheritable=True).action)
    for step in steps:
        action = step()
        if action.outcome != "applied":
            sys.stderr.write(printable(f"hwprofile pin: {_reported(action)}; {command[0]} isn't run\n"))
            return _NOT_HELD
    return _replaced_by(command)


def _replaced_by(command: Sequence[str]) -> int:
    """Becomes the command; returns only if it can't be run."""
    sys.stdout.flush()
    try:
        os.execvp(command[0], list(command))  # noqa: S606  the user's own command, as given
    except OSError as error:
        sys.stderr.write(printable(f"hwprofile pin: {command[0]}: {error.strerror}\n"))
        return _NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_RUNNABLE


def _reported(action: Action) -> str:
    if action.outcome == "applied":
        return f"{action.subject}: {action.holds} ({action.evidence})"
    needs = f"; needed: {action.needs}" if action.needs else ""
    return f"{action.subject}, {action.wanted}: {action.outcome}: {action.reason} ({action.evidence}){needs}"


def _wrong(text: str) -> int:
    sys.stderr.write(printable(f"hwprofile pin: {text}\n"))
    return _WRONG
