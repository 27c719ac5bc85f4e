"""What is known of a peer before it is run, and why it can't be."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["MAINSPRING", "Peer", "Python", "Unavailable", "one_line"]

Python = tuple[int, int]
"""A version of CPython, "3.13" as (3, 13)."""

MAINSPRING = "Mainspring"
"""The name of ours among the peers."""

_PLACES = re.compile(r"\w+://\S+|(?<!\w)(?:[A-Za-z]:)?[/\\][^\s`'\"]*[/\\][^\s`'\":]+")
_MOST = 240


class Unavailable(Exception):  # noqa: N818  it is one
    """A peer can't be run here, and why, in a line."""


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A peer, and how it is run.

    `adapter` is its module in `adapters`; empty for what is a program of its own. `requirements` are what its own
    environment holds, pinned; with none it runs in this one, where `distributions` are installed. `pythons` are the
    oldest and the newest CPython that its pins are published for. `ways` names, for each work that it does, the ways of
    doing it that its adapter has.
    """

    name: str
    adapter: str
    ways: Mapping[str, tuple[str, ...]]
    requirements: tuple[str, ...] = ()
    distributions: tuple[str, ...] = ()
    pythons: tuple[Python, Python] = ((3, 11), (3, 14))


def one_line(said: str) -> str:
    """Returns the text as one short line, without addresses and folders of this machine."""
    words = " ".join(said.split())
    return _PLACES.sub("(a place)", words)[:_MOST]
