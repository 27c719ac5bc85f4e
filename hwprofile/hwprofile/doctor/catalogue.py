"""All checks, in the order in which they are made. A new one is one entry in the tuple of its concern."""

from hwprofile.doctor import clocks, company, isolation, kernel, memory
from hwprofile.doctor.verdict import Check

__all__ = ["CHECKS"]

CHECKS: tuple[Check, ...] = (
    *isolation.CHECKS,
    *clocks.CHECKS,
    *memory.CHECKS,
    *kernel.CHECKS,
    *company.CHECKS,
)
