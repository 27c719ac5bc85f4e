"""Amounts and limits in words."""

from hwprofile.profile import Limit, Nic

__all__ = ["limit_words", "nic_words", "size_words"]

_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


def size_words(size: float) -> str:
    """A number of bytes in the largest unit of which there is at least one: "32 MiB", "1.5 GiB"."""
    unit = 0
    while size >= 1024 and unit < len(_UNITS) - 1:
        size /= 1024
        unit += 1
    return f"{size:.4g} {_UNITS[unit]}"


def limit_words(limit: Limit, *, is_size: bool = False) -> str:
    """A limit: its value, "unlimited", or "unknown" with the reason, which are never the same."""
    if limit.state == "limited" and limit.value is not None:
        return size_words(limit.value) if is_size else f"{limit.value:g}"
    return limit.state if limit.state == "unlimited" else f"unknown ({limit.source})"


def nic_words(nic: Nic) -> str:
    """An interface with its driver and the speed of its link, as far as they are known."""
    speed = None
    if nic.mbps is not None:
        speed = f"{nic.mbps / 1000:g} Gbit/s" if nic.mbps >= 1000 else f"{nic.mbps} Mbit/s"
    known = ", ".join(filter(None, (nic.driver, speed)))
    return f"{nic.name} ({known})" if known else nic.name
