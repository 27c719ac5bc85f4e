"""Formats sizes, limits and network interfaces."""

from hwprofile.profile import Limit, Nic

__all__ = ["describe_nic", "format_limit", "format_size"]

_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


def format_size(size: float) -> str:
    """Formats bytes in the largest unit that gives at least 1: "32 MiB", "1.5 GiB"."""
    unit = 0
    while size >= 1024 and unit < len(_UNITS) - 1:
        size /= 1024
        unit += 1
    return f"{size:.4g} {_UNITS[unit]}"


def format_limit(limit: Limit, *, is_size: bool = False) -> str:
    """Formats a limit: its value, "unlimited", or "unknown" with the reason. `is_size` formats the value as bytes."""
    if limit.state == "limited" and limit.value is not None:
        return format_size(limit.value) if is_size else f"{limit.value:g}"
    return limit.state if limit.state == "unlimited" else f"unknown ({limit.source})"


def describe_nic(nic: Nic) -> str:
    """Formats an interface with its driver and link speed, as far as they are known."""
    speed = None
    if nic.mbps is not None:
        speed = f"{nic.mbps / 1000:g} Gbit/s" if nic.mbps >= 1000 else f"{nic.mbps} Mbit/s"
    known = ", ".join(filter(None, (nic.driver, speed)))
    return f"{nic.name} ({known})" if known else nic.name
