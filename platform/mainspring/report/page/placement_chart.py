"""Where threads really ran: one row per thread, one column per CPU, shaded by how often it was there."""

from collections.abc import Sequence

from mainspring.report.figures import count_of, whole_percent
from mainspring.report.machine import ThreadReport
from mainspring.report.page.axes import Frame
from mainspring.report.page.figure import drawing, figure, legend, swatch
from mainspring.report.page.markup import Html, join, tag
from mainspring.report.page.rows import Row, rows_frame, rows_labels
from mainspring.report.page.table import NO_FIGURE, table

__all__ = ["MOST_CPUS", "placement_chart"]

MOST_CPUS = 24
"""More columns than this are too narrow for a phone; if there are more CPUs, the busiest are shown."""

_CELL = 20.0


def placement_chart(threads: Sequence[ThreadReport]) -> Html:
    """Returns the chart for wide and for narrow screens, with its table. There is at least one thread."""
    cpus = _cpus(threads)
    entries = [swatch("assignment", "wanted there"), swatch("found", "found there, the fuller the more often")]
    if any(one.seen and one.wanted is not None and _strayed(one) for one in threads):
        entries.append(swatch("strayed", "found there, and not wanted"))
    left_out = len({cpu for one in threads for cpu in _named(one)} - set(cpus))
    if left_out:
        entries.append(join(f"{count_of(left_out, 'CPU')} more in the table"))
    return figure(
        "Threads and CPUs", lambda frame: _drawing(frame, threads, cpus), key=legend(entries), table=_table(threads)
    )


def _cpus(threads: Sequence[ThreadReport]) -> list[int]:
    weight: dict[int, float] = {}
    for one in threads:
        for cpu in _named(one):
            weight[cpu] = weight.get(cpu, 0.0) + _shares(one).get(cpu, 0.0)
    return sorted(sorted(weight, key=lambda cpu: (-weight[cpu], cpu))[:MOST_CPUS])


def _named(one: ThreadReport) -> list[int]:
    return [*(one.wanted or ()), *[cpu for cpu, _ in one.seen]]


def _shares(one: ThreadReport) -> dict[int, float]:
    total = sum(samples for _, samples in one.seen)
    return {cpu: samples / total for cpu, samples in one.seen} if total else {}


def _strayed(one: ThreadReport) -> list[int]:
    wanted = set(one.wanted or ())
    return [cpu for cpu, samples in one.seen if samples and cpu not in wanted] if one.wanted is not None else []


def _drawing(frame: Frame, threads: Sequence[ThreadReport], cpus: Sequence[int]) -> Html:
    frame = rows_frame(frame, len(threads))
    left, right = frame.x_range
    bottom = frame.y_range[0]
    middles, labels = rows_labels(frame, [Row(one.role, _remark(one)) for one in threads])
    step = min((right - left) / max(len(cpus), 1), 64.0)
    every = -(-len(cpus) // max(int((right - left) / 30), 1)) or 1
    parts = []
    for place, cpu in enumerate(cpus):
        if place % every == 0:
            at = left + (place + 0.5) * step
            parts.append(tag("text", str(cpu), class_="tick", x=at, y=bottom + 18, text_anchor="middle"))
    parts.append(
        tag("text", "CPU", class_="axis", x=left + step * len(cpus) / 2, y=frame.height - 8, text_anchor="middle")
    )
    for one, middle in zip(threads, middles, strict=True):
        parts += [
            _cell(one, cpu, left + (place + 0.5) * step, middle, min(_CELL, step - 2)) for place, cpu in enumerate(cpus)
        ]
    return drawing(frame, "placement", _describe(threads), *parts, labels)


def _cell(one: ThreadReport, cpu: int, x: float, y: float, side: float) -> Html:
    share = _shares(one).get(cpu, 0.0)
    wanted = one.wanted is not None and cpu in one.wanted
    box = {"x": x - side / 2, "y": y - side / 2, "width": side, "height": side, "rx": 3}
    parts = [tag("rect", class_="assignment" if wanted else "empty", **box)]
    if share:
        words = f"{one.role}: CPU {cpu} in {whole_percent(share)} of the samples"
        colour = "found" if wanted or one.wanted is None else "strayed"
        # Its height is the share, with a sliver at least, so that a single stray sample is seen.
        height = max(side * share, 2.0)
        parts.append(
            tag(
                "rect",
                tag("title", words),
                class_=colour,
                x=x - side / 2,
                y=y + side / 2 - height,
                width=side,
                height=height,
            )
        )
    return join(*parts)


def _remark(one: ThreadReport) -> str:
    if one.outcome not in {"applied", "free"}:
        return one.outcome
    if one.involuntary_switches is None:
        return ""
    return f"{one.involuntary_switches:,} preempted"


def _table(threads: Sequence[ThreadReport]) -> Html:
    rows = []
    for one in threads:
        ran = ", ".join(f"{cpu} ({whole_percent(share)})" for cpu, share in sorted(_shares(one).items()))
        switches = (one.voluntary_switches, one.involuntary_switches)
        rows.append(
            (
                one.role,
                str(one.thread),
                ", ".join(map(str, one.wanted)) if one.wanted is not None else "any",
                ran or NO_FIGURE,
                *[NO_FIGURE if count is None else f"{count:,}" for count in switches],
                f"{one.outcome}: {one.reason}" if one.reason else one.outcome,
            )
        )
    titles = ("role", "thread", "wanted CPUs", "found on", "gave way", "was preempted", "outcome")
    return table("Threads", titles, rows, words=frozenset({0, 2, 3, 6}))


def _describe(threads: Sequence[ThreadReport]) -> str:
    reported = []
    for one in threads:
        ran = ", ".join(f"CPU {cpu} in {whole_percent(share)}" for cpu, share in sorted(_shares(one).items()))
        wanted = f"CPU {', '.join(map(str, one.wanted))}" if one.wanted is not None else "any CPU"
        reported.append(f"{one.role}: wanted {wanted}, found on {ran or 'none'}")
    return f"Where threads ran. {'; '.join(reported)}."
