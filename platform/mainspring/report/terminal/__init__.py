"""The report as terminal text."""

from mainspring.report.terminal.render import render_text

__all__ = ["render_text"]
