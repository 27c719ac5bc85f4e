"""What the checks with a limit for each scope share."""

from decimal import Decimal
from typing import Any

import msgspec

__all__ = ["any_looser", "refuse_negative"]


def any_looser(after: msgspec.Struct, before: msgspec.Struct) -> bool:
    """Whether a limit of `after` is above that of `before`, or missing where `before` has one."""
    for name in after.__struct_fields__:
        new, old = getattr(after, name), getattr(before, name)
        if old is not None and (new is None or _above(new, old)):
            return True
    return False


def refuse_negative(**limits: Any) -> None:
    """Raises `ValueError` for a limit that isn't a number of 0 or more. None and mappings of limits are allowed."""
    for name, limit in limits.items():
        for one in limit.values() if isinstance(limit, dict) else (limit,):
            if one is not None and (not Decimal(one).is_finite() or one < 0):
                raise ValueError(f"{name} must be a number of 0 or more, not {one}")


def _above(new: Any, old: Any) -> bool:
    if isinstance(old, dict):
        return any(key not in new or new[key] > limit for key, limit in old.items())
    return bool(new > old)
