"""Client ids of orders at Binance: at most 36 characters, which ours have already, with a number for a replacement."""

from typing import Final

__all__ = ["cancel_name", "revised", "split_name"]

_MOST: Final = 36


def revised(name: str, revision: int) -> str:
    """Returns the id of an order's replacement number `revision`, counted from 1; 0 is the order itself.

    The zeros at the beginning of our id's last part make room for the number.
    """
    base, _ = split_name(name)
    if not revision:
        return base
    head, dash, order = base.rpartition("-")
    return f"{head}{dash}{order.lstrip('0') or '0'}_{revision}"


def split_name(name: str) -> tuple[str, int]:
    """Returns the id of the order, and the number of the replacement that a name is of."""
    short, _, revision = name.partition("_")
    if not revision.isdecimal():
        return name, 0
    head, dash, order = short.rpartition("-")
    return (f"{head}-{order.zfill(_MOST - len(head) - 1)}" if dash else short), int(revision)


def cancel_name(name: str) -> str:
    """Returns the id of the cancel by which a replacement of that name takes the place of the order before it."""
    return f"c{name}"
