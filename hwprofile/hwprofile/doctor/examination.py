"""Runs the checks on a host and sums up their findings."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import msgspec

from hwprofile.doctor.catalogue import CHECKS
from hwprofile.doctor.places import Places, find_places
from hwprofile.doctor.verdict import EXIT_CODES, GRADES, Check, Finding, Grade
from hwprofile.profile import HostProfile

__all__ = ["Examination", "examine"]


@dataclass(frozen=True, kw_only=True)
class Examination:
    """The findings of all checks for the CPUs in `places`."""

    places: Places
    findings: tuple[Finding, ...]

    @property
    def worst(self) -> Grade:
        """The worst grade of all findings; good if there are none."""
        return max((finding.grade for finding in self.findings), key=GRADES.index, default="good")

    @property
    def exit_code(self) -> int:
        """The exit code of the command: 0 for good, 1 for fair, 3 for unknown, 4 for poor."""
        return EXIT_CODES[self.worst]

    @property
    def boot_parameters(self) -> tuple[str, ...]:
        """The boot parameters that fix findings, each once, without the optional ones."""
        fixes = (fix for finding in self.findings for fix in finding.fixes)
        return tuple(dict.fromkeys(fix.text for fix in fixes if fix.kind == "boot" and not fix.optional))

    def count(self, grade: Grade) -> int:
        """Counts the findings with a grade."""
        return sum(finding.grade == grade for finding in self.findings)

    def to_json(self) -> bytes:
        """Returns indented JSON with `worst`, `exit_code`, `places`, `findings` and `boot_parameters`."""
        fields = {
            "worst": self.worst,
            "exit_code": self.exit_code,
            "places": self.places,
            "findings": self.findings,
            "boot_parameters": self.boot_parameters,
        }
        return msgspec.json.format(msgspec.json.encode(fields), indent=2)


def examine(profile: HostProfile, hot: Collection[int] | None = None, checks: Sequence[Check] = CHECKS) -> Examination:
    """Grades a host for low latency on the `hot` CPUs, or on those that `find_places` selects if it is None.

    Raises `ValueError` for a hot CPU that isn't online.
    """
    places = find_places(profile, hot)
    return Examination(places=places, findings=tuple(_finding(check, profile, places) for check in checks))


def _finding(check: Check, profile: HostProfile, places: Places) -> Finding:
    verdict = check.examine(profile, places)
    return Finding(check=check.name, grade=verdict.grade, found=verdict.found, why=check.why, fixes=verdict.fixes)
