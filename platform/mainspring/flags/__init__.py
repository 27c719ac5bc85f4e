"""Feature flags as values: who is in a flag's share, and for how long it applies. No input or output."""

from mainspring.flags.flag import ALL_BP, Flag, Unit, describe_share, parse_share

__all__ = ["ALL_BP", "Flag", "Unit", "describe_share", "parse_share"]
