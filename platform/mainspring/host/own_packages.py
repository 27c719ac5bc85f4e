"""Whether the packages that Mainspring is made of are those of its distribution, found out before they are imported."""

import importlib.metadata

from mainspring.host.provenance import Ownership

__all__ = ["why_not_ours"]

_DISTRIBUTION = "mainspring"
_PACKAGES = ("mainspring", "hwprofile", "mainspring_plugins", "mainspring_perf")


def why_not_ours() -> str | None:
    """Which of our packages another distribution, or a folder earlier on the path, would provide; None if none.

    Mainspring that is run from a source folder without being installed has nothing to compare with.
    """
    problems: list[str] = []
    for distribution in importlib.metadata.distributions(name=_DISTRIBUTION):
        ownership = Ownership(distribution)
        found = [problem for package in _PACKAGES if (problem := ownership.why_foreign(package)) is not None]
        if not found:
            return None
        problems += found
    if not problems:
        return None
    text = f"{problems[0]}. Remove it, or take its folder off the path."
    # Not `hwprofile.terminal.printable`: hwprofile itself may be the stranger.
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)
