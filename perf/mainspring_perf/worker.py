"""What pyperf starts: `python -m mainspring_perf.worker --suite NAME`, once more for each process that it times in."""

import sys

import pyperf

from mainspring_perf.suites import load_suite

__all__ = ["main"]


def main() -> None:
    """Times the benchmarks of one suite with pyperf, each after its answer was checked."""
    runner = pyperf.Runner(add_cmdline_args=_pass_suite_on, program_args=("-m", "mainspring_perf.worker"))
    runner.argparser.add_argument("--suite", required=True)
    arguments = runner.parse_args(sys.argv[1:])
    for index, benchmark in enumerate(load_suite(arguments.suite).benchmarks(False)):
        if arguments.worker and arguments.worker_task == index:
            benchmark.check(benchmark.run())
        runner.bench_func(
            benchmark.name,
            benchmark.run,
            inner_loops=benchmark.operations,
            metadata={"description": benchmark.input},
        )


def _pass_suite_on(command: list[str], arguments: object) -> None:
    command.extend(("--suite", arguments.suite))  # type: ignore[attr-defined]  # argparse's namespace


if __name__ == "__main__":
    main()
