"""Times that are typed with their unit."""

import re
from typing import Final

import typer

__all__ = ["duration_s"]

_UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def duration_s(text: str, option: str) -> float:
    """The seconds that a time such as 90s, 10m, 8h or 1d stands for; `option` is what it was given as."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text)
    if found is None or not float(found[1]):
        raise typer.BadParameter(f"{option}: a number and its unit, such as 90s, 10m, 8h or 1d, not {text!r}")
    return float(found[1]) * _UNITS[found[2]]
