"""`python -m mainspring_perf.worker --suite NAME`: what pyperf starts, again for each process that it times in."""

import sys
from pathlib import Path
from typing import Any

import msgspec
import pyperf

from hwprofile.children import module_command
from mainspring_perf.suites import add_options, chosen_benchmarks

__all__ = ["main"]


def main() -> None:
    """Times the benchmarks of one suite with pyperf, after checking each answer.

    `--known-loops` names a JSON file with the loops that an earlier round found, by benchmark.
    """
    runner = pyperf.Runner(add_cmdline_args=_pass_suite_on, program_args=module_command("mainspring_perf.worker")[1:])
    add_options(runner.argparser)
    runner.argparser.add_argument("--known-loops", type=Path, help="a file with the loops of each benchmark")
    arguments = runner.parse_args(sys.argv[1:])
    loops: dict[str, int] = msgspec.json.decode(arguments.known_loops.read_bytes()) if arguments.known_loops else {}
    values, warmups = arguments.values, arguments.warmups
    for index, benchmark in enumerate(chosen_benchmarks(arguments)):
        if arguments.worker and arguments.worker_task == index and benchmark.timed is None:
            benchmark.check(benchmark.run())
        if not arguments.worker:
            # 0 has pyperf find it, in processes of their own.
            arguments.loops = loops.get(benchmark.name, 0)
            if benchmark.timed is not None:
                # It begins afresh each time and checks itself, so that one pass says what others would repeat.
                arguments.loops, arguments.values, arguments.warmups = 1, 1, 0
            else:
                arguments.values, arguments.warmups = values, warmups
        known = {"inner_loops": benchmark.operations, "metadata": {"description": benchmark.input}}
        if benchmark.timed is None:
            runner.bench_func(benchmark.name, benchmark.run, **known)
        else:
            runner.bench_time_func(benchmark.name, benchmark.timed, **known)


def _pass_suite_on(command: list[str], arguments: Any) -> None:
    command.extend(("--suite", arguments.suite))
    for option, values in (("--name", arguments.name), ("--allow", arguments.allow)):
        for value in values:
            command.extend((option, value))


if __name__ == "__main__":
    main()
