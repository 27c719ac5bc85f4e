"""How many messages a second a session takes, by how many lanes share its instruments."""

from typing import Any

from hwprofile.probe import probe
from mainspring.host.config import load_config
from mainspring.host.session_planning import make_session
from mainspring.report import SessionReport
from mainspring.session import run_session
from mainspring_perf.candidates import registry
from mainspring_perf.harness import WrongAnswer
from mainspring_perf.parts import overrides, parts_here
from mainspring_perf.scaling.values import Case

__all__ = ["NAME", "cases", "measure"]

NAME = "lanes"

_INSTRUMENTS = 8
_SECONDS = 150
_ROUNDS = 3


def cases(tiny: bool) -> list[Case]:
    """One lane, two, four and so on, up to as many as there are CPUs to use, by each part."""
    cpus = len(probe().allowance.usable or (0,))
    counts = [count for count in (1, 2, 4, 8) if count < cpus] + [min(cpus, _INSTRUMENTS)]
    shared = {"instruments": _INSTRUMENTS, "seconds": 4 if tiny else _SECONDS, "rounds": 1 if tiny else _ROUNDS}
    return [{"part": part, "lanes": lanes, **shared} for lanes in counts for part in parts_here()]


def measure(case: Case) -> dict[str, Any]:
    """Messages a second, the best of the rounds; each instrument has to end as it does in one lane."""
    single = _outcome(_run(case, 1))
    rates = []
    for _ in range(case["rounds"]):
        report = _run(case, case["lanes"])
        if _outcome(report) != single:
            raise WrongAnswer(f"{case}: an instrument ends otherwise than in one lane")
        rates.append(report.timing.messages_per_second)
    return {"a_second": max(rates)}


def _run(case: Case, lanes: int) -> SessionReport:
    symbols = ", ".join(f'"C{number}/USDT"' for number in range(case["instruments"]))
    setup = [f"lanes={lanes}", f"instruments=[{symbols}]", f"feed.seconds={case['seconds']}"]
    loaded = load_config(None, (*overrides(case["part"]), *setup))
    return run_session(make_session(loaded, registry()), registry())


def _outcome(report: SessionReport) -> list[tuple[str, int, str, str | None]]:
    return [(one.symbol, one.fills, one.position, one.net) for one in report.instruments]
