"""The inputs and results of studies, as values."""

from typing import Any

import msgspec

__all__ = ["Case", "Result"]

Case = dict[str, Any]
"""What one process is to measure: plain values, which go to it as JSON."""


class Result(msgspec.Struct, frozen=True):
    """What a process measured for its case."""

    case: Case
    found: dict[str, Any]
