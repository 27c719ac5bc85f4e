"""Why a message wasn't applied to its book on arrival."""

import enum

__all__ = ["Cause"]


class Cause(enum.StrEnum):
    """Why a message wasn't applied on arrival. Each such message counts once, unless stated otherwise.

    The values appear in `FeedStatistics.by_cause` and in `BookInvalid.cause`.
    """

    STALE = "stale"
    """The snapshot already holds it; or a snapshot that is older than the book, or too old for the deltas kept."""

    DUPLICATE = "duplicate"
    """A repetition of the last delta applied, of the last trade, or of the connection's last message."""

    OUT_OF_ORDER = "out-of-order"
    """A delta older than the last one applied, or a trade or a message of the connection older than the last one."""

    NO_TRADE = "no-trade"
    """A trade print without a price or a size: nothing was traded."""

    PRE_SNAPSHOT = "pre-snapshot"
    """A delta from before the first snapshot. It is kept, and applied later if the snapshot bridges to it."""

    GAP = "gap"
    """The delta at which a gap showed: deltas before it are missing. It is kept, for the next snapshot.

    Where the messages of a connection are numbered, the message before which others are missing.
    """

    CHECKSUM = "checksum"
    """The message after which the venue's checksum shows that the book is wrong. It isn't applied."""

    CONNECTION = "connection"
    """The first message of another connection, or the note that one was lost: what the books miss isn't known."""

    REACH = "reach"
    """The delta at which the price left what the snapshot covers. It is kept, for the next snapshot."""

    QUARANTINED = "quarantined"
    """A delta while the book waits for a snapshot after a gap. It is kept too."""

    VIEW = "view"
    """A view of the best few levels, while updates keep the whole book."""

    OVERFLOW = "overflow"
    """A buffered delta was dropped, the oldest first, because there were too many. It was also counted on arrival."""

    UNKNOWN_SYMBOL = "unknown-symbol"
    """A message about an instrument that the session doesn't trade."""

    IGNORED = "ignored"
    """A kind of message that the format doesn't declare."""
