"""What the checks with a list of instruments share."""

import msgspec

__all__ = ["NamesOptions"]


class NamesOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Symbols of instruments, such as "BTC/USDT"."""

    limit: frozenset[str]
