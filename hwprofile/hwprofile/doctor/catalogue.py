"""Lists all checks in the order in which they run. To add one, add an entry to the tuple of its module."""

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
