"""The command `hwprofile`: what this host is."""

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence

from hwprofile.commands import jitter, pin
from hwprofile.host import HostDescription, describe

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit code. `arguments` stands for those of the command line."""
    parser = argparse.ArgumentParser(prog="hwprofile", description="What this host is, as far as it can be known.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    show = commands.add_parser("show", help="print what is known of this host (what is done where no command is given)")
    show.add_argument("--json", action="store_true", help="as JSON; what isn't known is null")
    jitter.add_parser(commands)
    pin.add_parser(commands)
    given = sys.argv[1:] if arguments is None else arguments
    chosen = parser.parse_args(given or ["show"])
    if chosen.command != "show":
        code: int = chosen.run(chosen)
        return code
    host = describe()
    text = json.dumps(dataclasses.asdict(host), indent=2) if chosen.json else _as_text(host)
    sys.stdout.write(text + "\n")
    return 0


def _as_text(host: HostDescription) -> str:
    rows: list[tuple[str, str | None]] = [
        ("cpu", host.cpu_model),
        ("architecture", host.architecture),
        ("cpus online", _cpus(host.online_cpus)),
        ("cpus usable", _cpus(host.usable_cpus)),
        ("memory", None if host.memory_total_bytes is None else f"{host.memory_total_bytes / 2**30:.1f} GiB"),
        ("system", host.system),
        ("kernel", host.kernel),
        ("python", host.python),
        ("hypervisor", host.hypervisor),
        ("instructions", " ".join(host.instruction_sets) or None),
    ]
    return "\n".join(f"{name:14}{'unknown' if value is None else value}" for name, value in rows)


def _cpus(cpus: tuple[int, ...] | None) -> str | None:
    return None if cpus is None else f"{len(cpus)} ({', '.join(map(str, cpus))})"


if __name__ == "__main__":
    sys.exit(main())
