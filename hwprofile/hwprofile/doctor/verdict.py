"""Defines checks and their verdicts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from hwprofile.doctor.places import Places
from hwprofile.profile import HostProfile

__all__ = ["EXIT_CODES", "GRADES", "Check", "Finding", "Fix", "Grade", "Verdict", "boot", "fair", "good", "poor"]
__all__ += ["run", "say", "unknown"]

Grade = Literal["good", "fair", "unknown", "poor"]

# From best to worst. Unknown may turn out to be poor, so it ranks below fair.
GRADES: tuple[Grade, ...] = ("good", "fair", "unknown", "poor")

# The command's exit code for the worst grade. 2 is left out: it says that the command was called wrongly.
EXIT_CODES: dict[Grade, int] = {"good": 0, "fair": 1, "unknown": 3, "poor": 4}


@dataclass(frozen=True)
class Fix:
    """A fix for a finding. `kind`: a `command` for root's shell, a `boot` parameter, or `advice` in words.

    An `optional` fix gives something else up, or is one of several alternatives.
    """

    kind: Literal["command", "boot", "advice"]
    text: str
    optional: bool = False


@dataclass(frozen=True)
class Verdict:
    """A grade, what was found, and the fixes. Every verdict that isn't good has a fix."""

    grade: Grade
    found: str
    fixes: tuple[Fix, ...] = ()


@dataclass(frozen=True)
class Check:
    """Something that matters for latency. `examine` grades a host; `why` explains it, and is the same on every host."""

    name: str
    why: str
    examine: Callable[[HostProfile, Places], Verdict]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The result of a check on a host."""

    check: str
    grade: Grade
    found: str
    why: str
    fixes: tuple[Fix, ...]


def run(text: str) -> Fix:
    """Returns a command for root's shell."""
    return Fix("command", text)


def boot(text: str, *, optional: bool = False) -> Fix:
    """A boot parameter of the kernel. An `optional` one costs something else or has an alternative."""
    return Fix("boot", text, optional)


def say(text: str) -> Fix:
    """Returns advice, for what no command on this host fixes."""
    return Fix("advice", text)


def good(found: str) -> Verdict:
    """As it should be."""
    return Verdict("good", found)


def fair(found: str, *fixes: Fix) -> Verdict:
    """It costs some latency."""
    return Verdict("fair", found, fixes)


def unknown(found: str, *fixes: Fix) -> Verdict:
    """It can't be determined."""
    return Verdict("unknown", found, fixes)


def poor(found: str, *fixes: Fix) -> Verdict:
    """It costs much latency."""
    return Verdict("poor", found, fixes)
