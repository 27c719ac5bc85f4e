"""Formats an examination for a terminal."""

import textwrap
from collections.abc import Iterator

from hwprofile.cpu_lists import cpus_named
from hwprofile.doctor.examination import Examination
from hwprofile.doctor.verdict import GRADES, Finding, Grade

__all__ = ["as_text"]

_COLOURS: dict[Grade, str] = {"good": "32", "fair": "33", "unknown": "36", "poor": "31"}
_LEADS = {"command": "# ", "boot": "boot: ", "advice": ""}
_INDENT = " " * 10


def as_text(examination: Examination, *, width: int = 100, colour: bool = False) -> str:
    """Formats the findings, worst first and good ones in one line each. Commands are never wrapped."""
    places = examination.places
    hot = f"{cpus_named(places.hot)} ({places.because})" if places.hot else "no CPU: none is available"
    lines = textwrap.wrap(f"Graded for {hot}; the system's own: {cpus_named(places.housekeeping)}.", width)
    lines.append("")
    for grade in reversed(GRADES):
        for finding in examination.findings:
            if finding.grade == grade:
                lines += _lines(finding, width, colour)
    counts = ", ".join(f"{examination.count(grade)} {grade}" for grade in reversed(GRADES))
    summary = f"{counts}. Commands (#) are for root's shell, boot parameters for the kernel's command line."
    lines += ["", *textwrap.wrap(summary, width)]
    if examination.boot_parameters:
        lines += ["The boot parameters together:", f"  {' '.join(examination.boot_parameters)}"]
    return "\n".join(lines) + "\n"


def _lines(finding: Finding, width: int, colour: bool) -> Iterator[str]:
    mark = f"{finding.grade:<{len(_INDENT)}}"
    if colour:
        mark = f"\x1b[{_COLOURS[finding.grade]}m{mark}\x1b[0m"
    head = textwrap.wrap(f"{finding.check}: {finding.found}", width - len(_INDENT)) or [""]
    yield mark + head[0]
    yield from (_INDENT + line for line in head[1:])
    if finding.grade == "good":
        return
    yield from (_INDENT + line for line in textwrap.wrap(finding.why, width - len(_INDENT)))
    for fix in finding.fixes:
        if fix.kind == "advice":
            yield from (_INDENT + line for line in textwrap.wrap(f"- {fix.text}", width - len(_INDENT)))
        else:
            # Whole, so that it can be copied.
            yield f"{_INDENT}{_LEADS[fix.kind]}{fix.text}"
