"""Whether a session that ran to its end did what it was run for: what its exit code says."""

from collections.abc import Mapping

from mainspring.host.plan import SessionPlan
from mainspring.report import FeedReport, SessionReport
from mainspring.risk.gate import LIMIT_NOT_SET

__all__ = ["count_understood", "failures"]

_MEANINGLESS = ("control", "ignored")


def count_understood(by_kind: Mapping[str, int], by_cause: Mapping[str, int]) -> int:
    """Returns how many messages were market data of the session, from a feed's counts `by_kind` and `by_cause`."""
    known = sum(count for kind, count in by_kind.items() if kind not in _MEANINGLESS)
    return known - by_cause.get("unknown-symbol", 0)


def failures(session: SessionPlan, report: SessionReport) -> list[str]:
    """Why the session is a failure though it ended in order; empty if it isn't one.

    A feed of which nothing was read, and orders that were all refused for want of a limit.
    """
    found = [_nothing_read(feed) for feed in report.feeds or [report.feed] if not _understood(feed)]
    refused = report.refusals.get(LIMIT_NOT_SET, 0)
    if refused:
        keys = ", ".join(f"risk.{name}" for name in session.missing_limits())
        found.append(
            f"no order went out: {refused:,} requests were refused, since these limits have to be set and aren't: "
            f"{keys}. Set them in [risk], or with --set {keys.partition(',')[0]}=NUMBER"
        )
    return found


def _understood(feed: FeedReport) -> int:
    return count_understood(feed.by_kind, feed.not_applied)


def _nothing_read(feed: FeedReport) -> str:
    of = f"{feed.source}, {feed.messages:,} messages, {feed.bad_lines:,} that couldn't be read"
    return (
        f"nothing was read: no message of the input ({of}) means anything to the feed {feed.plugin!r}. If it was "
        "recorded from another feed, name that with --feed; without --feed it is recognised"
    )
