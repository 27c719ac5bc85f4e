"""Why a message didn't change its book when it came."""

import enum

__all__ = ["Cause"]


class Cause(enum.StrEnum):
    """Counted once for each message that wasn't applied when it came, except as said.

    The values stand in `FeedStatistics.by_cause` and in `BookInvalid.cause`.
    """

    STALE = "stale"
    """The snapshot already holds it; or a snapshot that is older than the book, or too old for the deltas kept."""

    DUPLICATE = "duplicate"
    """The delta that was applied last, or the last trade, once more."""

    OUT_OF_ORDER = "out-of-order"
    """A delta from before the one that was applied last, or a trade from before the last one."""

    NO_TRADE = "no-trade"
    """A trade print of no price or no size, which traded nothing."""

    PRE_SNAPSHOT = "pre-snapshot"
    """A delta from before the first snapshot. It is kept, and applied later if the snapshot bridges to it."""

    GAP = "gap"
    """The delta at which a gap showed: deltas before it are missing. It is kept, for the next snapshot."""

    QUARANTINED = "quarantined"
    """A delta while the book waits for a snapshot after a gap. It is kept likewise."""

    OVERFLOW = "overflow"
    """A buffered delta was dropped, the oldest first, because there were too many. It was also counted on arrival."""

    UNKNOWN_SYMBOL = "unknown-symbol"
    """A message of an instrument that the session doesn't trade."""

    IGNORED = "ignored"
    """A kind of message that the format doesn't declare."""
