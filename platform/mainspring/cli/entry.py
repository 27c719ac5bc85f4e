"""Where the command line is entered: the packages that it is made of are looked at before they are imported."""

import sys

from mainspring.host.own_packages import why_not_ours

__all__ = ["main"]


def main() -> None:
    """Runs the command line, if its packages are Mainspring's own: see `mainspring.cli.app`."""
    problem = why_not_ours()
    if problem is not None:
        sys.stderr.write(f"error: {problem}\n")
        sys.exit(2)
    # Not above: this imports the packages that were looked at.
    from mainspring.cli import app

    app.main()
