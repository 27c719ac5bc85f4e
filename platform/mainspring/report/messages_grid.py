"""The table of received messages."""

from mainspring.report.figures import percent
from mainspring.report.findings import largest_first
from mainspring.report.grid import Grid
from mainspring.report.model import SessionReport

__all__ = ["messages_grid"]


def messages_grid(report: SessionReport) -> Grid:
    """Returns the received messages by kind, and those not applied by cause."""
    feed = report.feed
    counts = [*largest_first(feed.by_kind)]
    counts += [(f"not applied: {cause}", count) for cause, count in largest_first(feed.not_applied)]
    rows = [("all", f"{feed.messages:,}", "")]
    rows += [(name, f"{count:,}", percent(count, feed.messages)) for name, count in counts]
    rows += [
        ("gaps", f"{feed.gaps:,}", ""),
        ("resyncs", f"{feed.resyncs:,}", ""),
        ("bad lines", f"{feed.bad_lines:,}", ""),
    ]
    return Grid(("kind", "messages", "share"), rows)
