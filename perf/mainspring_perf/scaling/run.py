"""Runs studies, each case in a fresh process.

`python -m mainspring_perf.scaling.run STUDY` is that process: it reads the case as JSON, and writes what it found.
"""

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType

import orjson

from hwprofile.children import module_command
from mainspring.errors import MainspringError
from mainspring_perf import scaling
from mainspring_perf.scaling.values import Case, Result
from mainspring_perf.suites import modules_with

__all__ = ["find_studies", "run_cases", "run_studies"]


def find_studies() -> Mapping[str, ModuleType]:
    """Returns the studies by name: modules of this package with a `NAME`."""
    return modules_with("NAME", scaling)


def run_studies(
    names: Sequence[str] = (), *, tiny: bool = False, progress: Callable[[str, int, int], None] | None = None
) -> dict[str, list[Result]]:
    """Runs the named studies, or all of them, and returns their results. `tiny` runs quick checks instead.

    Each case has a fresh process, so that none inherits another's memory. `progress` is called with the study, the
    number of the case, and how many there are. Raises `MainspringError` for an unknown study, or `RuntimeError` with
    the output of a failed process.
    """
    studies = find_studies()
    for name in names:
        if name not in studies:
            raise MainspringError(f"no study is named {name!r}; there are: {', '.join(studies)}")
    results: dict[str, list[Result]] = {}
    for name in names or studies:
        results[name] = run_cases(name, studies[name].cases(tiny), progress=progress)
    return results


def run_cases(
    name: str, cases: Sequence[Case], *, progress: Callable[[str, int, int], None] | None = None
) -> list[Result]:
    """Runs cases of a study. Raises `RuntimeError` with the output of a failed process.

    `progress` is as in `run_studies`.
    """
    results = []
    for number, case in enumerate(cases, start=1):
        if progress is not None:
            progress(name, number, len(cases))
        results.append(_in_a_process(name, case))
    return results


def _in_a_process(name: str, case: Case) -> Result:
    command = module_command("mainspring_perf.scaling.run", name)
    done = subprocess.run(command, input=orjson.dumps(case), capture_output=True, check=False)  # noqa: S603  our own worker
    if done.returncode:
        raise RuntimeError(f"the study {name} failed on {case}:\n{done.stderr.decode(errors='replace')}")
    return Result(case, orjson.loads(done.stdout))


if __name__ == "__main__":
    study = find_studies()[sys.argv[1]]
    sys.stdout.buffer.write(orjson.dumps(study.measure(orjson.loads(sys.stdin.buffer.read()))))
