"""Probing: what it costs to find out what this host is, whole and by parts; to import that; to read a large host."""

import atexit
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from hwprofile.children import code_command
from hwprofile.probe import probe, read_allowance, read_cpu, read_state, read_system, read_topology
from hwprofile.profile import HostProfile
from mainspring_perf._wide_host import CPUS_OF_A_PACKAGE, MASK_BITS, write_wide_host
from mainspring_perf.harness import Benchmark, WrongAnswer, expect, repeat, same_call

__all__ = ["SUITE", "benchmarks"]

SUITE = "probe"

_ROOT = Path("/")


def benchmarks(tiny: bool) -> list[Benchmark]:
    """The whole probe of this host, and its parts; imports against a bare interpreter; a large host's topology."""
    calls = 1 if tiny else 5
    topology = read_topology(_ROOT)
    parts: dict[str, Callable[[], object]] = {
        "whole": probe,
        "cpu": lambda: read_cpu(_ROOT),
        "topology": lambda: read_topology(_ROOT),
        "allowance": lambda: read_allowance(_ROOT, topology),
        "state": lambda: read_state(_ROOT),
        "system": lambda: read_system(_ROOT),
    }
    return [
        *(_benchmark(part, call, calls) for part, call in parts.items()),
        _fresh("interpreter", "pass"),
        _fresh("import", "import hwprofile"),
        _fresh("import-probe", "import hwprofile.probe"),
        _wide(4 if tiny else 256),
    ]


def _benchmark(part: str, call: Callable[[], object], calls: int) -> Benchmark:
    right = _steady(call())

    def check(answer: object) -> None:
        if _steady(answer) != right:
            raise WrongAnswer(f"probe, {part}: two looks at one host differ in what doesn't change")

    return Benchmark(
        name=part,
        run=partial(repeat, calls, call),
        operations=calls,
        check=check,
        input="this host's own kernel files",
        calls=same_call(20 * calls, call),
    )


def _steady(answer: object) -> object:
    """What of an answer doesn't change from one look to the next: load and frequencies do."""
    return answer.fingerprint if isinstance(answer, HostProfile) else type(answer)


def _fresh(name: str, program: str) -> Benchmark:
    """A fresh interpreter that runs a program, from its start to its end: an import counts only the first time."""

    def run() -> object:
        command = code_command(f"{program}\nprint('done')")
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603  our own program

    return Benchmark(
        name=name,
        run=run,
        operations=1,
        check=partial(expect, name, "done\n"),
        input="a fresh interpreter, from its start to its end",
        baseline=None if program == "pass" else "interpreter",
    )


def _wide(cpus: int) -> Benchmark:
    folder = Path(tempfile.mkdtemp(prefix="mainspring-probe-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    write_wide_host(folder, cpus)

    def run() -> tuple[int, int, int]:
        threads = read_topology(folder).threads
        return len(threads), len({thread.core for thread in threads}), len({thread.package for thread in threads})

    right = (cpus, cpus // 2, -(-cpus // CPUS_OF_A_PACKAGE))
    return Benchmark(
        name="wide-masks",
        run=run,
        operations=cpus,
        check=partial(expect, "wide-masks", right),
        input=f"one CPU of a recorded host of {cpus} with masks of {MASK_BITS:,} bits",
    )
