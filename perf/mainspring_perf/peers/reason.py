"""What a tool said when it failed, as a reason in one line that may stand on a page."""

import re

__all__ = ["one_line"]

_PLACES = re.compile(r"\w+://\S+|(?<!\w)(?:[A-Za-z]:)?[/\\][^\s`'\"]*[/\\][^\s`'\":]+")
_MOST = 240


def one_line(said: str) -> str:
    """The text in one line, not too long, addresses and folders of this machine left out."""
    words = " ".join(said.split())
    return _PLACES.sub("(a place)", words)[:_MOST]
