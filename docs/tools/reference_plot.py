"""Draws distributions of two sessions side by side, as one SVG file without any library."""

import math
from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Panel", "draw"]

WIDTH, HEIGHT, COLUMNS = 400, 250, 2
LEFT, RIGHT, TOP, BOTTOM = 44, 16, 34, 34
HEAD = 44
RECORDED, GENERATED, INK, GRID = "#444444", "#d1495b", "#333333", "#dddddd"


class Panel(NamedTuple):
    """A title, and for either session the values at evenly spaced probabilities from 0 to 1."""

    title: str
    recorded: Sequence[float]
    generated: Sequence[float]


def draw(panels: Sequence[Panel]) -> str:
    """The SVG: cumulative distributions, the value on a logarithmic axis."""
    rows = -(-len(panels) // COLUMNS)
    width, height = WIDTH * COLUMNS, HEAD + HEIGHT * rows
    style = f'font-family="sans-serif" font-size="11" fill="{INK}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {style}>',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        *_legend(),
    ]
    for place, panel in enumerate(panels):
        x, y = WIDTH * (place % COLUMNS), HEAD + HEIGHT * (place // COLUMNS)
        parts += [f'<g transform="translate({x},{y})">', *_panel(panel), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def _legend() -> list[str]:
    parts = []
    for x, colour, text in (
        (LEFT, RECORDED, "recorded: Binance BTC/USDT, 8 August 2024"),
        (400, GENERATED, "generated: the reference session"),
    ):
        parts.append(f'<line x1="{x}" y1="20" x2="{x + 24}" y2="20" stroke="{colour}" stroke-width="2.5"/>')
        parts.append(f'<text x="{x + 30}" y="24" font-size="12">{text}</text>')
    return parts


def _panel(panel: Panel) -> list[str]:
    shown = [value for value in (*panel.recorded, *panel.generated) if value > 0]
    low, high = math.floor(math.log10(min(shown))), math.ceil(math.log10(max(shown)))
    inner = WIDTH - LEFT - RIGHT
    base = HEIGHT - BOTTOM
    parts = [f'<text x="{LEFT}" y="{TOP - 12}" font-size="12" font-weight="bold">{panel.title}</text>']
    for percent in (0, 50, 90, 100):
        y = base - (base - TOP) * percent / 100
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="{GRID}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{percent}%</text>')
    for power in range(low, high + 1):
        x = LEFT + inner * (power - low) / (high - low)
        parts.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{base}" stroke="{GRID}"/>')
        parts.append(f'<text x="{x:.1f}" y="{base + 16}" text-anchor="middle">{_tick(power)}</text>')
    for values, colour in ((panel.recorded, RECORDED), (panel.generated, GENERATED)):
        points = []
        for place, value in enumerate(values):
            x = LEFT + inner * ((math.log10(value) if value > 0 else low) - low) / (high - low)
            points.append(f"{x:.1f},{base - (base - TOP) * place / (len(values) - 1):.1f}")
        parts.append(f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" stroke-width="1.8"/>')
    return parts


def _tick(power: int) -> str:
    return f"{10.0**power:g}" if -4 < power < 5 else f"1e{power}"
