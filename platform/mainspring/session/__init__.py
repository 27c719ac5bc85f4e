"""A session: feeds messages to its lanes and reports the results."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mainspring.session.host_facts import host_facts
from mainspring.session.source import MessageSource, open_messages

if TYPE_CHECKING:
    from mainspring.session.feed_reading import FeedReading, read_capture_with
    from mainspring.session.run import Progress, run_session
    from mainspring.session.verdict import Verification, verdict_json, verdict_text, verify_capture

__all__ = [
    "FeedReading",
    "MessageSource",
    "Progress",
    "Verification",
    "host_facts",
    "open_messages",
    "read_capture_with",
    "run_session",
    "verdict_json",
    "verdict_text",
    "verify_capture",
]

# These import an event loop and a terminal library, which is half of what a lane's own process takes to start.
_LATE = {
    "Progress": "run",
    "run_session": "run",
    "FeedReading": "feed_reading",
    "Verification": "verdict",
    "read_capture_with": "feed_reading",
    "verdict_json": "verdict",
    "verdict_text": "verdict",
    "verify_capture": "verdict",
}


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATE[name]}"), name)
