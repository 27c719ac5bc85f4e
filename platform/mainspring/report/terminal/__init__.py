"""The report as terminal text, and the console that everything is printed with."""

from mainspring.report.terminal.console import SafeConsole
from mainspring.report.terminal.render import render_text

__all__ = ["SafeConsole", "render_text"]
