"""Formats a jitter measurement for a terminal, with a small chart."""

from collections.abc import Iterator

from hwprofile.cpu_lists import cpu_list
from hwprofile.jitter.causes import Causes, Counted
from hwprofile.jitter.measure import Interruptions, Jitter

__all__ = ["as_text"]

_MOST_ROWS = 6


def as_text(jitter: Jitter, *, width: int = 100, block: str = "#") -> str:
    """Formats the figures next to the control's, the chart, and the kernel's counts. `block` is the bars' character."""
    columns = [jitter.target] if jitter.control is None else [jitter.target, jitter.control]
    lines = [*_head(jitter), "", *_figures(columns), ""]
    if any(column.lengths.count for column in columns):
        lines += [*_chart(columns, width, block), ""]
    lines += _explanation(jitter.target)
    return "\n".join(lines) + "\n"


def duration(ns: float) -> str:
    """Formats nanoseconds in a suitable unit with three digits."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if ns >= size:
            return f"{ns / size:.3g} {unit}" if ns < 1000 * size else f"{ns / size:.0f} {unit}"
    return f"{ns:.0f} ns"


def _name(found: Interruptions) -> str:
    return "any CPU" if found.cpu is None else f"CPU {found.cpu}"


def _head(jitter: Jitter) -> Iterator[str]:
    target = jitter.target
    yield f"{_name(target)}: {duration(target.observed_ns)} in a loop that only reads the clock ({jitter.clock})."
    yield f"An undisturbed pass takes {duration(target.floor_ns)}: the floor. Shorter interruptions aren't seen."
    yield f"A gap above {duration(target.threshold_ns)} is an interruption; its length is the gap less the floor."
    if jitter.control is None:
        yield "There is no control run: no other CPU may be used."


def _figures(columns: list[Interruptions]) -> Iterator[str]:
    names = [_name(columns[0]), *(f"control, {_name(column)}" for column in columns[1:])]
    rows = [
        ("observed", [duration(column.observed_ns) for column in columns]),
        ("floor", [duration(column.floor_ns) for column in columns]),
        ("interruptions", [str(column.lengths.count) for column in columns]),
        ("a second", [f"{column.per_second:.1f}" for column in columns]),
        ("time lost", [f"{column.lost_percent:.3g} %" for column in columns]),
    ]
    for label, key in (("p50", "p50_ns"), ("p99", "p99_ns"), ("p99.9", "p999_ns"), ("longest", "max_ns")):
        lengths = [column.quantiles()[key] for column in columns]
        rows.append((label, ["-" if length is None else duration(length) for length in lengths]))
    yield " " * 16 + "".join(f"{name:>18}" for name in names)
    for label, cells in rows:
        yield f"{label:16}" + "".join(f"{cell:>18}" for cell in cells)


def _chart(columns: list[Interruptions], width: int, block: str) -> Iterator[str]:
    """Draws interruptions per second by length: a row for each power of two, bars relative to the largest rate."""
    octaves = [column.lengths.octaves() for column in columns]
    seconds = [column.observed_ns / 1e9 for column in columns]
    keys = [key for column in octaves for key in column]
    rates = [
        [column.get(key, 0) / time for key in range(min(keys), max(keys) + 1)]
        for column, time in zip(octaves, seconds, strict=True)
    ]
    largest = max(rate for column in rates for rate in column)
    room = (width - 20) // len(columns) - 11
    yield (
        f"{'length from':>16}    "
        + "".join(f"{'a second, ' + _name(column):<{room + 11}}" for column in columns).rstrip()
    )
    for place, key in enumerate(range(min(keys), max(keys) + 1)):
        cells = ""
        for column in rates:
            rate = column[place]
            # Any interruption gets a bar.
            bar = block * max(round(room * rate / largest), rate > 0)
            cells += f"{bar + ' ' if bar else ''}{rate:.3g}".ljust(room + 11) if rate else " " * (room + 11)
        yield f"{duration(1 << key):>16}    {cells}".rstrip()


def _explanation(found: Interruptions) -> Iterator[str]:
    causes, seconds = found.causes, found.observed_ns / 1e9
    yield f"What the kernel counted meanwhile on {_name(found)}:"
    yield from _table("interrupts", causes.interrupts, seconds)
    yield from _table("softirqs", causes.softirqs, seconds)
    involuntary, voluntary = _number(causes.involuntary_switches), _number(causes.voluntary_switches)
    yield f"  {'switches':12}{involuntary} involuntary, {voluntary} voluntary"
    waited = "an unknown time" if causes.run_delay_ns is None else duration(causes.run_delay_ns)
    yield f"  {'waited':12}{waited} for the CPU while others ran, of {duration(found.lengths.total)} lost"
    stolen = "unknown" if causes.steal_ns is None else duration(causes.steal_ns)
    yield f"  {'steal':12}{stolen}, in steps of 10 ms"
    yield from _ran_on(found.cpu, causes)
    if found.explained is None:
        yield "How many interruptions that explains isn't known: some of these counts aren't visible here."
    else:
        yield f"That explains {found.explained} of {found.lengths.count} interruptions at most."
        rest = found.lengths.count - found.explained
        if rest:
            yield f"{rest} were caused by something that the kernel doesn't count: firmware, or the hypervisor."


def _ran_on(cpu: int | None, causes: Causes) -> Iterator[str]:
    strays = causes.ran_on - {cpu}
    if cpu is not None and strays:
        yield f"  The thread was also seen on CPU {cpu_list(strays)}: something moved it."


def _number(count: int | None) -> str:
    return "an unknown number of" if count is None else str(count)


def _table(label: str, rows: tuple[Counted, ...] | None, seconds: float) -> Iterator[str]:
    if rows is None:
        yield f"  {label:12}unknown"
    elif not rows:
        yield f"  {label:12}none"
    for row in (rows or ())[:_MOST_ROWS]:
        yield f"  {label:12}{row.count / seconds:>10.1f} a second  {row.name} {row.what}".rstrip()
        label = ""
    if rows and len(rows) > _MOST_ROWS:
        rest = sum(row.count for row in rows[_MOST_ROWS:])
        yield f"  {'':12}{rest / seconds:>10.1f} a second  of {len(rows) - _MOST_ROWS} more kinds"
