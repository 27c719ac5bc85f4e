"""The races that chose the parts: how many times as fast as the default each candidate was, with its interval."""

from collections.abc import Sequence

import msgspec

from mainspring.report.figures import count_of
from mainspring.report.machine import CandidateReport, RaceReport
from mainspring.report.page.axes import Frame, Scale, Tick, log_scale, log_ticks, x_axis
from mainspring.report.page.figure import drawing, figure, legend, swatch
from mainspring.report.page.markup import Html, join, tag
from mainspring.report.page.rows import Row, are_long, rows_frame, rows_labels
from mainspring.report.page.table import NO_FIGURE, table

__all__ = ["races_chart"]


class _Ran(msgspec.Struct, frozen=True):
    """A candidate that ran, so that its figures are known."""

    race: RaceReport
    candidate: CandidateReport
    gain: float
    low: float
    high: float

    @property
    def won(self) -> bool:
        return self.candidate.plugin == self.race.winner


def races_chart(races: Sequence[RaceReport]) -> Html:
    """Returns a chart for each race, or only its text if nothing but the default ran; and one table of all."""
    return join(*[_race(race) for race in races], _table(races))


def _race(race: RaceReport) -> Html:
    ran = [
        _Ran(race, candidate, candidate.gain, candidate.low, candidate.high)
        for candidate in race.candidates
        if candidate.gain is not None and candidate.low is not None and candidate.high is not None
    ]
    words = tag("p", f"{race.slot}: {race.because}", class_="soft")
    if not ran:
        return words
    ran.sort(key=lambda one: -one.gain)
    key = legend(
        [swatch("winner", "chosen"), swatch("candidate", "raced"), swatch("noise", f"noise, ±{race.noise:.1%}")]
    )
    of = f"{count_of(len(race.candidates), 'candidate')} in {count_of(race.rounds, 'round')}"
    title = f"{race.slot}: {race.winner}, of {of}"
    return join(figure(title, lambda frame: _drawing(frame, race, ran), key=key), words)


def _drawing(frame: Frame, race: RaceReport, ran: Sequence[_Ran]) -> Html:
    rows = [Row(one.candidate.plugin, _remark(one)) for one in ran]
    frame = rows_frame(frame, len(ran), stacked=are_long(rows))
    low = min(1 - race.noise, *[one.low for one in ran]) / 1.06
    high = max(1 + race.noise, *[one.high for one in ran]) * 1.06
    x = log_scale((low, high), frame.x_range)
    bottom, top = frame.y_range
    middles, labels = rows_labels(frame, rows)
    ticks = log_ticks(low, high, lambda gain: f"{gain:g}x", frame.x_ticks)
    if not any(tick.at == 1 for tick in ticks):
        ticks = [Tick(1.0, "1x")]
    band = tag(
        "rect",
        class_="noise",
        x=x(1 - race.noise),
        y=top,
        width=x(1 + race.noise) - x(1 - race.noise),
        height=bottom - top,
    )
    return drawing(
        frame,
        "race",
        _describe(race, ran),
        band,
        x_axis(frame, ticks, x, f"times as fast as {race.default}"),
        tag("line", class_="limit", x1=x(1), x2=x(1), y1=bottom, y2=top),
        *[_mark(one, x, middle) for one, middle in zip(ran, middles, strict=True)],
        labels,
    )


def _remark(one: _Ran) -> str:
    return f"{one.gain:.2f}x [{one.low:.2f}, {one.high:.2f}]"


def _mark(one: _Ran, x: Scale, middle: float) -> Html:
    words = f"{one.candidate.plugin}, {one.candidate.distribution} {one.candidate.version}: {_remark(one)}"
    return join(
        tag("line", class_="interval", x1=x(one.low), x2=x(one.high), y1=middle, y2=middle),
        tag(
            "circle",
            tag("title", words),
            class_="winner" if one.won else "candidate",
            cx=x(one.gain),
            cy=middle,
            r=6,
        ),
    )


def _table(races: Sequence[RaceReport]) -> Html:
    rows = []
    for race in races:
        for candidate in race.candidates:
            reported = [
                NO_FIGURE if value is None else f"{value:.3f}x"
                for value in (candidate.gain, candidate.low, candidate.high)
            ]
            outcome = "chosen" if candidate.plugin == race.winner else candidate.note
            rows.append(
                (race.slot, candidate.plugin, f"{candidate.distribution} {candidate.version}", *reported, outcome)
            )
    titles = ("slot", "candidate", "from", "gain", "at least", "at most", "outcome")
    shown = table("Races", titles, rows, words=frozenset({0, 1, 2, 6}))
    return tag("details", tag("summary", "The figures behind this"), shown)


def _describe(race: RaceReport, ran: Sequence[_Ran]) -> str:
    reported = "; ".join(f"{one.candidate.plugin} {_remark(one)}" for one in ran)
    return f"Race for {race.slot}, times as fast as {race.default}, with intervals: {reported}. Chosen: {race.winner}."
