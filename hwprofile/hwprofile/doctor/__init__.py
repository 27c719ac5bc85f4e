"""Judges how ready a host is for low latency: graded checks, each with what was found and what fixes it."""

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
