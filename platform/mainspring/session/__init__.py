"""A session: messages brought to a lane, and what came of it taken down as a report."""

from mainspring.session.host_facts import host_facts
from mainspring.session.run import Progress, run_session
from mainspring.session.source import Messages, open_messages
from mainspring.session.verdict import Verification, verdict_json, verdict_text, verify_capture

__all__ = [
    "Messages",
    "Progress",
    "Verification",
    "host_facts",
    "open_messages",
    "run_session",
    "verdict_json",
    "verdict_text",
    "verify_capture",
]
