"""What a check is, and what it says."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from hwprofile.doctor.places import Places
from hwprofile.profile import HostProfile

__all__ = ["EXIT_CODES", "GRADES", "Check", "Finding", "Fix", "Grade", "Verdict", "boot", "fair", "good", "poor"]
__all__ += ["run", "say", "unknown"]

Grade = Literal["good", "fair", "unknown", "poor"]

# From the best to the worst. What isn't known may be poor: it is never good, and worse than what is known to be fair.
GRADES: tuple[Grade, ...] = ("good", "fair", "unknown", "poor")

# What the command returns for the worst grade. 2 is left out: it says that the command itself was called wrongly.
EXIT_CODES: dict[Grade, int] = {"good": 0, "fair": 1, "unknown": 3, "poor": 4}


@dataclass(frozen=True)
class Fix:
    """How to fix a finding. `kind`: a `command` for root's shell, a `boot` parameter, or `advice` in words.

    An `optional` fix costs something else, or has an alternative next to it: choose deliberately.
    """

    kind: Literal["command", "boot", "advice"]
    text: str
    optional: bool = False


@dataclass(frozen=True)
class Verdict:
    """A grade, what was found, and what fixes it. Whatever isn't good has a fix."""

    grade: Grade
    found: str
    fixes: tuple[Fix, ...] = ()


@dataclass(frozen=True)
class Check:
    """One thing that matters for latency. `judge` says how the host does in it; `why` holds on every host."""

    name: str
    why: str
    examine: Callable[[HostProfile, Places], Verdict]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a check found on a host."""

    check: str
    grade: Grade
    found: str
    why: str
    fixes: tuple[Fix, ...]


def run(text: str) -> Fix:
    """A command for root's shell."""
    return Fix("command", text)


def boot(text: str, *, optional: bool = False) -> Fix:
    """A boot parameter of the kernel. An `optional` one costs something else or has an alternative."""
    return Fix("boot", text, optional)


def say(text: str) -> Fix:
    """Advice, where no command of this host fixes it."""
    return Fix("advice", text)


def good(found: str) -> Verdict:
    """As it should be."""
    return Verdict("good", found)


def fair(found: str, *fixes: Fix) -> Verdict:
    """Costs something."""
    return Verdict("fair", found, fixes)


def unknown(found: str, *fixes: Fix) -> Verdict:
    """Nothing says so."""
    return Verdict("unknown", found, fixes)


def poor(found: str, *fixes: Fix) -> Verdict:
    """Costs much."""
    return Verdict("poor", found, fixes)
