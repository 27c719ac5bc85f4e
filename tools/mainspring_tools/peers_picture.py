"""The outcomes as one SVG file: bars on a logarithmic scale, readable in light and in dark."""

import math
from collections.abc import Sequence
from html import escape

from mainspring.report.figures import fine_latency
from mainspring_perf.peers.race import Outcome, Row

__all__ = ["draw"]

_TITLE = "The time that one operation takes, on logarithmic scales; shorter is better"
_WIDTH = 920
_LABELS = 410
_FIGURES = 74
_ROW = 20
_HEAD, _PANEL_HEAD, _PANEL_FOOT = 52, 34, 14

# A picture in a page can't see the page's colours, only what the reader's system asks for.
_STYLE = """
svg { --paper: #ffffff; --ink: #1f2328; --faint: #59636e; --grid: #d8dee4; --ours: #0b5fc1; --peer: #9aa4af;
  --faster: #b35900; font: 12px system-ui, sans-serif; }
@media (prefers-color-scheme: dark) {
  svg { --paper: #0d1117; --ink: #e6edf3; --faint: #9198a1; --grid: #2a313a; --ours: #58a6ff; --peer: #6e7681;
    --faster: #e8993a; }
}
.paper { fill: var(--paper); } text { fill: var(--ink); } .faint { fill: var(--faint); }
.grid { stroke: var(--grid); } .title { font-size: 13px; font-weight: 600; }
.head { font-size: 16px; font-weight: 600; }
.ours { fill: var(--ours); } .slower, .even { fill: var(--peer); } .faster { fill: var(--faster); }
text.ours { font-weight: 600; }
"""


def draw(outcomes: Sequence[Outcome]) -> str:
    """The picture: a panel a work, a bar a candidate. Rows without figures are left to the page."""
    panels, y = [], _HEAD
    for outcome in outcomes:
        rows = [row for row in outcome.rows if row.one_ns is not None]
        if rows:
            panels += [f'<g transform="translate(0,{y})">', *_panel(outcome, rows), "</g>"]
            y += _PANEL_HEAD + _ROW * len(rows) + _PANEL_FOOT
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y}" width="{_WIDTH}" height="{y}"',
            ' role="img">',
            f"<title>{_TITLE}</title>",
            f"<style>{_STYLE}</style>",
            f'<rect class="paper" width="{_WIDTH}" height="{y}"/>',
            f'<text x="16" y="24" class="head">{_TITLE}</text>',
            *_legend(),
            *panels,
            "</svg>",
            "",
        ]
    )


def _legend() -> list[str]:
    parts, x = [], 16
    for name, text in (
        ("ours", "Mainspring"),
        ("slower", "peer"),
        ("faster", "peer, faster than Mainspring's fastest"),
    ):
        parts.append(f'<rect class="{name}" x="{x}" y="35" width="12" height="10" rx="2"/>')
        parts.append(f'<text x="{x + 18}" y="44" class="faint">{escape(text)}</text>')
        x += 40 + 7 * len(text)
    return parts


def _panel(outcome: Outcome, rows: Sequence[Row]) -> list[str]:
    times = [row.one_ns for row in rows if row.one_ns is not None]
    low, high = math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)))
    high = max(high, low + 1)
    inner = _WIDTH - _LABELS - _FIGURES
    bottom = _PANEL_HEAD + _ROW * len(rows)

    def place(nanoseconds: float) -> float:
        return _LABELS + inner * (math.log10(nanoseconds) - low) / (high - low)

    parts = [f'<text x="16" y="20" class="title">{escape(outcome.title)}</text>']
    for power in range(low, high + 1):
        x = place(10.0**power)
        anchor = "start" if power == low else "end" if power == high else "middle"
        parts.append(f'<line class="grid" x1="{x:.1f}" y1="{_PANEL_HEAD - 6}" x2="{x:.1f}" y2="{bottom}"/>')
        parts.append(f'<text x="{x:.1f}" y="20" class="faint" text-anchor="{anchor}">{_tick(power)}</text>')
    for number, row in enumerate(rows):
        assert row.one_ns is not None
        y = _PANEL_HEAD + _ROW * number
        # A bar that starts at the axis's own beginning has no length; a sliver shows that it is there.
        width = max(2.0, place(row.one_ns) - _LABELS)
        kind = row.verdict or "slower"
        ink = ' class="ours"' if kind == "ours" else ""
        label = f"{row.peer}: {row.way}"
        parts.append(f'<text x="{_LABELS - 10}" y="{y + 13}" text-anchor="end"{ink}>{escape(label)}</text>')
        parts.append(f'<rect class="{kind}" x="{_LABELS}" y="{y + 2}" width="{width:.1f}" height="14" rx="2"/>')
        parts.append(f'<text x="{_LABELS + width + 6:.1f}" y="{y + 13}">{fine_latency(row.one_ns)}</text>')
    return parts


def _tick(power: int) -> str:
    return fine_latency(10.0**power).replace(".00", "").replace(".0", "")
