"""Measures how often and for how long a CPU is interrupted, and how much the kernel's counters explain."""

from hwprofile.jitter.causes import Causes, Counted, read_causes
from hwprofile.jitter.histogram import JitterHistogram
from hwprofile.jitter.measure import Interruptions, Jitter, JitterError, measure
from hwprofile.jitter.text import as_text

__all__ = [
    "Causes",
    "Counted",
    "Interruptions",
    "Jitter",
    "JitterError",
    "JitterHistogram",
    "as_text",
    "measure",
    "read_causes",
]
