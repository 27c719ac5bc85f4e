"""Measures how a CPU is interrupted: how often, for how long, and what of it the kernel can explain."""

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
