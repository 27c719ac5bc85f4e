"""The tables on a session's connections."""

from mainspring.report.figures import NONE, percent
from mainspring.report.findings import largest_first
from mainspring.report.grid import Grid
from mainspring.report.live import ConnectionReport, LagReport, LiveReport

__all__ = ["book_times_grid", "connections_grid", "lag_grid", "losses_grid"]

_MOST_NAMED = 2


def connections_grid(live: LiveReport | None) -> Grid | None:
    """Shows how each connection performed; None for a session without connections."""
    if live is None:
        return None
    titles = ("connection", "carries", "now", "uptime", "of the time", "made", "lost", "failed", "messages", "last")
    rows = [
        (
            _name(feed.feed, one),
            one.carries,
            "up" if one.up else "down",
            f"{one.uptime_s:,.1f} s",
            percent(one.uptime_s, one.seconds),
            f"{one.connected:,}",
            f"{sum(one.lost.values()):,}",
            f"{one.failed:,}",
            f"{one.messages:,}",
            NONE if one.last_message_s is None else f"{one.last_message_s:,.1f} s ago",
        )
        for feed in live.feeds
        for one in feed.connections
    ]
    return Grid(titles, rows, frozenset((0, 1, 2)))


def losses_grid(live: LiveReport | None) -> Grid | None:
    """Counts what went wrong, by cause; None if nothing did."""
    rows = [
        row
        for feed in ([] if live is None else live.feeds)
        for row in (
            *(
                (_name(feed.feed, one), f"lost: {why}", f"{count:,}")
                for one in feed.connections
                for why, count in largest_first(one.lost)
            ),
            *((feed.feed, f"snapshot not fetched: {why}", f"{n:,}") for why, n in largest_first(feed.failed_requests)),
            *([(feed.feed, "gap", f"{feed.gaps:,}")] if feed.gaps else []),
        )
    ]
    return Grid(("connection", "cause", "times"), rows, frozenset((0, 1))) if rows else None


def lag_grid(live: LiveReport | None) -> Grid | None:
    """Shows how old messages were when they were read; None if no message said its time."""
    rows = [
        (_name(feed.feed, one), *_lag_cells(one.lag))
        for feed in ([] if live is None else live.feeds)
        for one in feed.connections
        if one.lag is not None
    ]
    titles = ("connection", "clock's lead", "sampled", "last", "p50", "p99", "max")
    return Grid(titles, rows) if rows else None


def book_times_grid(live: LiveReport | None) -> Grid | None:
    """Shows how long each instrument had no book; None for a session without connections."""
    if live is None:
        return None
    titles = ("instrument", "feed", "book", "without one", "of the time", "outages", "crossed")
    rows = [
        (
            one.instrument,
            feed.feed,
            "valid" if one.valid else "none",
            f"{one.without_s:,.2f} s",
            percent(one.without_s, one.seconds),
            f"{one.outages:,}",
            f"{one.crossed:,}",
        )
        for feed in live.feeds
        for one in feed.books
    ]
    return Grid(titles, rows, frozenset((0, 1, 2)))


def _name(feed: str, one: ConnectionReport) -> str:
    shown = ", ".join(one.instruments[:_MOST_NAMED])
    more = len(one.instruments) - _MOST_NAMED
    return f"{feed}: {shown}" + (f" and {more} more" if more > 0 else "")


def _lag_cells(lag: LagReport) -> tuple[str, ...]:
    shown = (lag.last_ms, lag.p50_ms, lag.p99_ms, lag.max_ms)
    return f"{lag.skew_ms:,.1f} ms", f"{lag.count:,}", *(f"{one:,.1f} ms" for one in shown)
