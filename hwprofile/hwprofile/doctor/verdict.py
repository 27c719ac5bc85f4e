"""What a check is, and what it says."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from hwprofile.doctor.places import Places
from hwprofile.profile import HostProfile

__all__ = ["EXIT_CODES", "GRADES", "Check", "Finding", "Grade", "Mend", "Verdict", "boot", "fair", "good", "poor"]
__all__ += ["run", "say", "unknown"]

Grade = Literal["good", "fair", "unknown", "poor"]

# From the best to the worst. What isn't known may be poor: it is never good, and worse than what is known to be fair.
GRADES: tuple[Grade, ...] = ("good", "fair", "unknown", "poor")

# What the command returns for the worst grade. 2 is left out: it says that the command itself was called wrongly.
EXIT_CODES: dict[Grade, int] = {"good": 0, "fair": 1, "unknown": 3, "poor": 4}


@dataclass(frozen=True)
class Mend:
    """What mends a finding. `kind`: a `command` for root's shell, a `boot` parameter, or `advice` in words.

    What is `optional` gives up something else for it, or has an alternative beside it: to be chosen, not just done.
    """

    kind: Literal["command", "boot", "advice"]
    text: str
    optional: bool = False


@dataclass(frozen=True)
class Verdict:
    """A grade, what was found, and what mends it. Whatever isn't good has a mend."""

    grade: Grade
    found: str
    mends: tuple[Mend, ...] = ()


@dataclass(frozen=True)
class Check:
    """One thing that matters for latency. `judge` says how the host does in it; `why` holds on every host."""

    name: str
    why: str
    judge: Callable[[HostProfile, Places], Verdict]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a check found on a host."""

    check: str
    grade: Grade
    found: str
    why: str
    mends: tuple[Mend, ...]


def run(text: str) -> Mend:
    """A command for root's shell."""
    return Mend("command", text)


def boot(text: str, *, optional: bool = False) -> Mend:
    """A boot parameter of the kernel."""
    return Mend("boot", text, optional)


def say(text: str) -> Mend:
    """Advice, where no command of this host mends it."""
    return Mend("advice", text)


def good(found: str) -> Verdict:
    """As it should be."""
    return Verdict("good", found)


def fair(found: str, *mends: Mend) -> Verdict:
    """Costs something."""
    return Verdict("fair", found, mends)


def unknown(found: str, *mends: Mend) -> Verdict:
    """Nothing says so."""
    return Verdict("unknown", found, mends)


def poor(found: str, *mends: Mend) -> Verdict:
    """Costs much."""
    return Verdict("poor", found, mends)
