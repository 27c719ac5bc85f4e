"""The report as one HTML page."""

from mainspring.report.page.document import to_html

__all__ = ["to_html"]
