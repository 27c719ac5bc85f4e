"""The report as one HTML page, and the parts that pages and charts are made of."""

from mainspring.report.page.axes import (
    FRAMES,
    Frame,
    Scale,
    Tick,
    log_scale,
    log_ticks,
    number_ticks,
    scale,
    text_width,
    x_axis,
    y_axis,
    y_title,
)
from mainspring.report.page.benchmarks import bench_page
from mainspring.report.page.document import to_html
from mainspring.report.page.figure import drawing, figure, legend, swatch
from mainspring.report.page.markup import Child, Html, join, tag
from mainspring.report.page.rows import Row, rows_frame, rows_labels
from mainspring.report.page.shell import card, cards, page, section
from mainspring.report.page.table import NO_FIGURE, table

__all__ = [
    "FRAMES",
    "NO_FIGURE",
    "Child",
    "Frame",
    "Html",
    "Row",
    "Scale",
    "Tick",
    "bench_page",
    "card",
    "cards",
    "drawing",
    "figure",
    "join",
    "legend",
    "log_scale",
    "log_ticks",
    "number_ticks",
    "page",
    "rows_frame",
    "rows_labels",
    "scale",
    "section",
    "swatch",
    "table",
    "tag",
    "text_width",
    "to_html",
    "x_axis",
    "y_axis",
    "y_title",
]
