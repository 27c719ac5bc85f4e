"""`python -m mainspring_tools.gate_trials`: do the gates give an alarm when they must, and none when they mustn't?

Each trial is a run of the command that users type, in a process of its own. Either nothing has changed, or one stage
was made 5% slower: for that a copy of the code with a line put in, and an interpreter that finds this copy. What came
of each trial is appended to a file, so that a run that was interrupted goes on where it ended.
"""

import argparse
import os
import subprocess
import sys
import sysconfig
import tempfile
import time
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final, Literal

import msgspec

from hwprofile.children import module_command, own_python
from mainspring_perf.instructions import Count
from mainspring_perf.store import FOLDER_VARIABLE, copy_code
from mainspring_perf.versus import Comparison
from mainspring_tools.marked import describe_machine, write_between

__all__ = ["SLOWED", "Gate", "Trial", "main", "right", "slowed_interpreter", "table"]

Gate = Literal["instructions", "against"]

_LINE = "        if len(bids) + len(asks) >= 20:\n            self.apply_delta(bids[::20], asks[::20])\n"
SLOWED: Final = ("mainspring_plugins/books/bisect_list.py", "    def apply_delta(", _LINE)
"""What is made slower: the file, the method, and what is put in after its docstring.

The default book takes every twentieth level of a delta twice. That changes no answer, and is 5% more of the work.
"""

_SLOWED_ONLY = "bisect-list: a level, with"
_SLOWED_SUITE = "book"
_COMMANDS: Final[Mapping[Gate, str]] = {"instructions": "`bench instructions`", "against": "`bench --against`"}
# A slowdown of the limit itself would fail half the time.
_SLOWED_LIMIT = "3%"
_SAME_LIMIT = "5%"


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one run. `compared` is how many benchmarks or paths it compared.

    `alarms` names those that failed, `changes` has by how much of itself each moved, `load` is the host's load average
    over its minute.
    """

    gate: Gate
    slowed: bool
    number: int
    exit_code: int
    compared: int
    alarms: tuple[str, ...]
    changes: dict[str, float]
    seconds: float
    load: float


def right(trial: Trial) -> bool:
    """Whether it compared anything, and gave an alarm where something was slowed, and none where nothing was."""
    return trial.compared > 0 and bool(trial.exit_code) == bool(trial.alarms) == trial.slowed


def table(trials: Sequence[Trial]) -> list[str]:
    """The counts as a table in Markdown."""
    lines = [
        "| gate | done to the code | runs | compared in each | largest change | alarms | s a run | load | held to |",
        "| --- | --- | ---: | ---: | --- | ---: | ---: | ---: | --- |",
    ]
    for gate, command in _COMMANDS.items():
        for slowed in (False, True):
            ours = [one for one in trials if one.gate == gate and one.slowed is slowed]
            if not ours:
                continue
            changes = [change for one in ours for change in one.changes.values()]
            moved = [change for one in ours for name, change in one.changes.items() if _SLOWED_ONLY in name]
            reported = f"{max(changes, key=abs):+.2%}"
            if slowed:
                reported = f"{min(moved):+.1%} to {max(moved):+.1%} where slowed" if moved else "nothing compared"
            good = sum(map(right, ours))
            lines.append(
                f"| {command} | {'one stage 5% slower' if slowed else 'nothing'} | {len(ours)} | "
                f"{median(one.compared for one in ours):.0f} | {reported} | {sum(bool(one.alarms) for one in ours)} | "
                f"{median(one.seconds for one in ours):.0f} | {median(one.load for one in ours):.1f} | "
                f"{'an alarm each time' if slowed else 'no alarm'}: {'met' if good == len(ours) else 'MISSED'} |"
            )
    return lines


def slowed_interpreter(folder: Path) -> Path:
    """An interpreter in `folder` with everything that this one finds, and our code with one stage slower.

    Raises `ValueError` if the code has no longer what is to be slowed.
    """
    code = folder / "code"
    copy_code(code)
    file, method, line = SLOWED
    lines = (code / file).read_text(encoding="utf-8").splitlines(keepends=True)
    starts = [number for number, text in enumerate(lines) if text.startswith(method)]
    if len(starts) != 1:
        raise ValueError(f"{file} has {len(starts)} lines that begin with {method.strip()!r}, and must have one")
    # A docstring of one line follows.
    lines.insert(starts[0] + 2, line)
    (code / file).write_text("".join(lines), encoding="utf-8")
    made = folder / "python"
    venv.create(made, symlinks=os.name != "nt")
    of_made = {"base": str(made), "platbase": str(made)}
    own, scripts = (Path(sysconfig.get_path(name, "venv", of_made)) for name in ("purelib", "scripts"))
    # The copy comes before what is installed. A folder's own .pth files count only through addsitedir.
    folders = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
    installed = "".join(f"import site; site.addsitedir({path!r})\n" for path in folders)
    (own / "slowed.pth").write_text(f"{code}\n{installed}", encoding="utf-8")
    return scripts / Path(own_python()).name


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs what is missing of the trials asked for, and prints the table. 1 where one wasn't right."""
    parser = argparse.ArgumentParser(prog="python -m mainspring_tools.gate_trials", description=__doc__)
    parser.add_argument("--same", type=int, default=20, metavar="N", help="trials of each gate with the code as it is")
    parser.add_argument("--slowed", type=int, default=5, metavar="N", help="trials of each gate with one stage slower")
    parser.add_argument("--gate", choices=("instructions", "against"), action="append", help="only this gate")
    parser.add_argument(
        "--suite",
        action="append",
        help="compared where nothing was done (default: all that are counted, and risk)",
    )
    parser.add_argument("--file", type=Path, required=True, help="where trials are appended, one a line")
    parser.add_argument("--write", type=Path, help="write the gates' tables into this page, between their marks")
    asked = parser.parse_args(arguments)
    done = _read(asked.file)
    gates: Sequence[Gate] = asked.gate or ("instructions", "against")
    suites: dict[Gate, list[str]] = {"instructions": asked.suite or [], "against": asked.suite or ["risk"]}
    with tempfile.TemporaryDirectory() as name:
        bench = _Bench(Path(name), suites)
        for gate in gates:
            for slowed, count in ((False, asked.same), (True, asked.slowed)):
                known = {one.number for one in done if one.gate == gate and one.slowed is slowed}
                for number in sorted(set(range(1, count + 1)) - known):
                    trial = bench.trial(gate, number, slowed=slowed)
                    done.append(trial)
                    with asked.file.open("ab") as file:
                        file.write(msgspec.json.encode(trial) + b"\n")
                    reported = (
                        f"{gate} {'slowed' if slowed else 'same'} {number}: {', '.join(trial.alarms) or 'no alarm'}"
                    )
                    sys.stderr.write(f"{'right' if right(trial) else 'WRONG'} {reported}\n")
    print("\n".join(table(done)))
    if asked.write is not None:
        for gate in gates:
            _write(asked.write, gate, [one for one in done if one.gate == gate], suites[gate])
    return 0 if all(map(right, done)) else 1


class _Bench:
    """Runs the commands, with a bench folder of its own. What they compare with is made when it is first asked for."""

    def __init__(self, folder: Path, suites: Mapping[Gate, Sequence[str]]) -> None:
        self._folder = folder
        self._suites = suites
        self._environ = {**os.environ, FOLDER_VARIABLE: str(folder / "bench")}
        self._slowed: Path | None = None

    def trial(self, gate: Gate, number: int, *, slowed: bool) -> Trial:
        """Runs a gate once."""
        python = self._python(slowed=slowed)
        command = self._instructions(slowed=slowed) if gate == "instructions" else self._against(slowed=slowed)
        started = time.monotonic()
        done = self._run(python, *command, "--json", failing=True)
        reported = msgspec.json.decode(done.stdout)
        alarms, changes = _of_counts(reported) if gate == "instructions" else _of_comparison(reported)
        return Trial(
            gate=gate,
            slowed=slowed,
            number=number,
            exit_code=done.returncode,
            compared=len(changes),
            alarms=alarms,
            changes=changes,
            seconds=round(time.monotonic() - started, 1),
            load=round(os.getloadavg()[0], 2),
        )

    def _python(self, *, slowed: bool) -> Path:
        if not slowed:
            return Path(own_python())
        if self._slowed is None:
            self._slowed = slowed_interpreter(self._folder / "slowed")
        return self._slowed

    def _instructions(self, *, slowed: bool) -> list[str]:
        counts = self._folder / f"{'slowed' if slowed else 'same'}.toml"
        command = [
            "instructions",
            *([_SLOWED_SUITE] if slowed else self._suites["instructions"]),
            "--file",
            str(counts),
        ]
        if not counts.is_file():
            self._run(Path(own_python()), *command, "--record")
        return command

    def _against(self, *, slowed: bool) -> list[str]:
        name, limit = ("slowed", _SLOWED_LIMIT) if slowed else ("same", _SAME_LIMIT)
        what = [_SLOWED_SUITE, "--only", _SLOWED_ONLY] if slowed else self._suites["against"]
        if not (self._folder / "bench" / "baselines" / name).is_dir():
            self._run(Path(own_python()), *what, "--fast", "--save", name)
        # To miss nothing takes more rounds than to raise no false alarm.
        effort = "--rigorous" if slowed else "--fast"
        return [*what, effort, "--against", name, "--fail-over", limit]

    def _run(self, python: Path, *arguments: str, failing: bool = False) -> "subprocess.CompletedProcess[str]":
        """Runs `bench`. `failing` says that a gate's no is an answer too. Raises `RuntimeError` if it can't run."""
        command = module_command("mainspring", "bench", *arguments, python=python)
        done = subprocess.run(command, env=self._environ, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode and not (failing and done.returncode == 1 and done.stdout):
            raise RuntimeError(f"{' '.join(command)} failed: {done.stderr.strip()}")
        return done


def _of_counts(reported: Any) -> tuple[tuple[str, ...], dict[str, float]]:
    counts = msgspec.convert(reported["counts"], list[Count])
    alarms = tuple(one.path for one in counts if one.state not in ("same", "new"))
    return alarms, {one.path: one.change for one in counts if one.change is not None}


def _of_comparison(reported: Any) -> tuple[tuple[str, ...], dict[str, float]]:
    found = msgspec.convert(reported["comparison"], Comparison)
    changes = {f"{one.suite}: {one.benchmark}": one.ratio - 1 for one in found.differences}
    return tuple(f"{one.suite}: {one.benchmark}" for one in found.differences if one.fails), changes


def _read(file: Path) -> list[Trial]:
    if not file.is_file():
        return []
    return [msgspec.json.decode(line, type=Trial) for line in file.read_bytes().splitlines()]


def _write(page: Path, gate: Gate, trials: Sequence[Trial], suites: Sequence[str]) -> None:
    """Each gate's table has its own place: it may be of another machine than the other's."""
    unchanged = f"the suites {' and '.join(suites)}" if suites else "every counted path"
    slowed = f"where one stage was slowed: the suite {_SLOWED_SUITE}"
    said = f"{describe_machine()} Where nothing was done: {unchanged}; {slowed}."
    write_between(page, f"trials of {gate}", "\n".join([said, "", *table(trials), ""]))


if __name__ == "__main__":
    sys.exit(main())
