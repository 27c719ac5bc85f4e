"""A feature flag, and the deterministic share of keys that it applies to."""

from hashlib import sha256
from typing import Any, Final, Literal, TypeAlias

import msgspec

__all__ = ["ALL_BP", "Flag", "Unit", "describe_share", "parse_share"]

ALL_BP: Final = 10_000
"""The share of a flag that applies to every key, in basis points."""

Unit: TypeAlias = Literal["instrument", "strategy", "order", "feed"]
"""What a flag's share is a share of."""

_HASH_BYTES: Final = 8


class Flag(msgspec.Struct, frozen=True, kw_only=True):
    """A flag as it stands.

    `slot` names what it exchanges, such as "book" or "risk max_position", and `plugin` with `options` the candidate
    there; an empty `plugin` is the one that runs, with other options. Without a slot the flag is read by strategies:
    those in its share get `value`, the others `otherwise`. `share_bp` is the share in basis points of the keys of
    `unit`; who is in it follows from `salt` and the key alone, so that a larger share only adds members. `members` are
    the keys that an outside provider named instead; None if none did. The flag applies from `start_ns` up to `end_ns`,
    0 for no such bound.
    """

    name: str
    slot: str = ""
    plugin: str = ""
    options: dict[str, Any] = {}
    value: Any = True
    otherwise: Any = False
    share_bp: int = 0
    unit: Unit = "instrument"
    salt: str = ""
    start_ns: int = 0
    end_ns: int = 0
    owner: str = ""
    reason: str = ""
    members: tuple[str, ...] | None = None

    @property
    def units(self) -> str:
        """What its share is a share of, in the plural."""
        return "strategies" if self.unit == "strategy" else f"{self.unit}s"

    def applies_at(self, now_ns: int) -> bool:
        """Returns whether the flag applies to anybody at a time."""
        return self.start_ns <= now_ns and not 0 < self.end_ns <= now_ns

    def takes(self, key: str) -> bool:
        """Returns whether a key is in the flag's share."""
        return self.bucket(key) < self.share_bp if self.members is None else key in self.members

    def bucket(self, key: str) -> int:
        """Returns the place of a key among the basis points, from 0 to 9,999: the share that takes it is larger."""
        digest = sha256(f"{self.salt or self.name}\0{key}".encode()).digest()
        return int.from_bytes(digest[:_HASH_BYTES], "big") % ALL_BP


def parse_share(text: str) -> int:
    """Returns the basis points of a share such as "5%" or "0.25". Raises `ValueError` for what is none."""
    number = text.strip().removesuffix("%").strip()
    try:
        hundredths = float(number) * 100
    except ValueError:
        hundredths = -1
    if not 0 <= hundredths <= ALL_BP or abs(hundredths - round(hundredths)) > 1e-6:
        raise ValueError(f"{text!r} is no share: give a percentage from 0% to 100%, with at most two decimals")
    return round(hundredths)


def describe_share(share_bp: int) -> str:
    """Returns a share in basis points as people write it, such as "2.5%"."""
    return f"{share_bp / 100:g}%"
