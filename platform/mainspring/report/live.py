"""How a session's connections performed, as frozen values."""

import msgspec

__all__ = ["BookTime", "ConnectionReport", "LagReport", "LiveFeedReport", "LiveReport"]


class LagReport(msgspec.Struct, frozen=True, kw_only=True):
    """How old messages were when they were read, by the venue's own times: of a sample of `count` messages.

    `skew_ms` is the smallest difference between our clock and a message's time in the last ten to twenty minutes: how
    far our clock is ahead, with the shortest way of a message, from which nothing tells it apart. It is below zero
    where ours is behind. The lag is what a message took beyond that, in milliseconds.
    """

    count: int
    skew_ms: float
    last_ms: float
    p50_ms: float
    p99_ms: float
    max_ms: float


class ConnectionReport(msgspec.Struct, frozen=True, kw_only=True):
    """How one connection performed, since it was first tried, `seconds` ago.

    `connected` counts how often it was made, `lost` why it ended, and `failed` how often it couldn't be made.
    `carries` is "market data" or "executions". `messages` are those that were handed on. `last_message_s` is the age
    of the last one, None before the first. `lag` is None unless a message said its time.
    """

    instruments: list[str]
    carries: str = "market data"
    up: bool
    seconds: float
    uptime_s: float
    connected: int
    failed: int
    lost: dict[str, int]
    messages: int
    last_message_s: float | None
    lag: LagReport | None = None


class BookTime(msgspec.Struct, frozen=True, kw_only=True):
    """How long an instrument had no book to trust, to within 10 ms, of the `seconds` of the session.

    `outages` counts the times that its book was lost; the wait for the first is none. `crossed` counts the updates
    after which a bid was at or above an offer.
    """

    instrument: str
    valid: bool
    seconds: float
    without_s: float
    outages: int
    crossed: int


class LiveFeedReport(msgspec.Struct, frozen=True, kw_only=True):
    """The connections of one feed and the books that they keep.

    `gaps` counts the gaps that the venue's numbers or checksums showed, and `failed_requests` the snapshots that
    couldn't be fetched at first, by why.
    """

    feed: str
    gaps: int
    connections: list[ConnectionReport]
    books: list[BookTime]
    failed_requests: dict[str, int] = {}


class LiveReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a session that connects says of its connections, feed by feed."""

    feeds: list[LiveFeedReport]
