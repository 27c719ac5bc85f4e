"""The command line: parse, call, print."""

from mainspring.cli.entry import main

__all__ = ["main"]
