"""The report as terminal text, and the console that prints everything."""

from mainspring.report.terminal.console import SafeConsole
from mainspring.report.terminal.render import render_text

__all__ = ["SafeConsole", "render_text"]
