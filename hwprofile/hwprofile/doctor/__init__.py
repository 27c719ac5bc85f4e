"""Grades a host for low latency. Each check reports a grade, what was found, and the fix."""

from hwprofile.doctor.catalogue import CHECKS
from hwprofile.doctor.examination import Examination, examine
from hwprofile.doctor.places import Places
from hwprofile.doctor.text import as_text
from hwprofile.doctor.verdict import EXIT_CODES, GRADES, Check, Finding, Fix, Grade, Verdict

__all__ = [
    "CHECKS",
    "EXIT_CODES",
    "GRADES",
    "Check",
    "Examination",
    "Finding",
    "Fix",
    "Grade",
    "Places",
    "Verdict",
    "as_text",
    "examine",
]
