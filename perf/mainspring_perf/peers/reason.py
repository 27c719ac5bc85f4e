"""Turns the output of a failed tool into a one-line reason."""

import re

__all__ = ["one_line"]

_PLACES = re.compile(r"\w+://\S+|(?<!\w)(?:[A-Za-z]:)?[/\\][^\s`'\"]*[/\\][^\s`'\":]+")
_MOST = 240


def one_line(said: str) -> str:
    """Returns the text as one short line, without addresses and folders of this machine."""
    words = " ".join(said.split())
    return _PLACES.sub("(a place)", words)[:_MOST]
