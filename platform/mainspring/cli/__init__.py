"""The command line: parse, call, print."""

from mainspring.cli.app import main

__all__ = ["main"]
