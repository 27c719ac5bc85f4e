"""The rows of a benchmark run as one HTML page."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from mainspring import __version__
from mainspring.report.figures import count_of, latency
from mainspring.report.page.markup import Html, tag
from mainspring.report.page.shell import card, cards, page, section
from mainspring.report.page.table import NO_FIGURE, table
from mainspring.report.page.timings_chart import timings_chart, timings_key

__all__ = ["bench_page"]

_TAILS = (("p50_ns", "p50"), ("p99_ns", "p99"), ("p99_9_ns", "p99.9"), ("max_ns", "max"))
_VERDICTS = {True: ("met", "good"), False: ("missed", "bad"), None: ("", "quiet")}

_Rows = Sequence[Mapping[str, Any]]


def bench_page(rows: _Rows, facts: Mapping[str, str]) -> str:
    """Returns the page of rows as `mainspring bench --json` prints them, a section per suite. Free text is escaped.

    Tail latencies are shown where a row has them (`p50_ns`, `p99_ns`, `p99_9_ns`, `max_ns`). `facts` are those of the
    host, by name.
    """
    suites = [(suite, list(of)) for suite, of in groupby(rows, key=lambda row: row["suite"])]
    body = [_suite(*suite) for suite in suites]
    return page("Mainspring benchmarks", _header(rows, len(suites)), *body, _footer(facts))


def _header(rows: _Rows, suites: int) -> Html:
    assessed = [row["met"] for row in rows if row["met"] is not None]
    missed = assessed.count(False)
    shown = [card("Benchmarks", f"{len(rows):,}", f"in {count_of(suites, 'suite')}")]
    if assessed:
        colour = "bad" if missed else "good"
        shown.append(card("Aims met", f"{len(assessed) - missed:,} of {len(assessed):,}", _named(rows), colour))
    note = (
        "Each answer was checked before it was timed. Ratios are to the baseline of the same rounds: above 1x, faster."
    )
    return tag("header", tag("h1", "Benchmarks on this host"), tag("p", note, class_="soft"), cards(*shown))


def _named(rows: _Rows) -> str:
    missed = [f"{row['suite']}: {row['benchmark']}" for row in rows if row["met"] is False]
    return f"missed: {'; '.join(missed)}" if missed else "all of them"


def _suite(suite: str, rows: _Rows) -> Html:
    charts = [_chart(baseline, of) for baseline, of in _groups(rows)]
    inputs = list(dict.fromkeys(row["input"] for row in rows))
    listed = tag("details", tag("summary", "What it was measured on"), tag("ul", *[tag("li", one) for one in inputs]))
    return section(suite, *charts, timings_key(), _table(suite, rows), listed)


def _groups(rows: _Rows) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """Groups benchmarks by baseline, which is included; those without one are under ""."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    baselines = {row["baseline"] for row in rows}
    for row in rows:
        name = row["benchmark"]
        groups.setdefault(row["baseline"] or (name if name in baselines else ""), []).append(row)
    alone = groups.pop("", [])
    return [*groups.items(), ("", alone)] if alone else list(groups.items())


def _chart(baseline: str, rows: _Rows) -> Html:
    works = {row["benchmark"].partition(": ")[2] for row in rows}
    work = works.pop()
    if not works and work:
        return timings_chart(f"{work[0].upper()}{work[1:]}", rows, short=True)
    return timings_chart(f"Beside {baseline}" if baseline else "Without a baseline", rows)


def _table(suite: str, rows: _Rows) -> Html:
    tails = [(key, title) for key, title in _TAILS if any(row.get(key) is not None for row in rows)]
    titles = ("benchmark", "one", "a second", "± rounds", *[title for _, title in tails], "ratio", "to", "aim", "")
    words = frozenset({0, len(titles) - 3, len(titles) - 1})
    return table(suite, titles, [_row(row, [key for key, _ in tails]) for row in rows], words=words)


def _row(row: Mapping[str, Any], tails: Sequence[str]) -> tuple[Html | str, ...]:
    word, colour = _VERDICTS[row["met"]]
    return (
        row["benchmark"],
        latency(row["one_ns"], "µs"),
        f"{1e9 / row['one_ns']:,.0f}",
        f"{row['spread']:.1%}",
        *[NO_FIGURE if row.get(key) is None else latency(row[key], "µs") for key in tails],
        f"{row['ratio']:.2f}x" if row["ratio"] is not None else NO_FIGURE,
        row["baseline"] or "",
        _aim(row),
        tag("span", word, class_=f"verdict {colour}"),
    )


def _aim(row: Mapping[str, Any]) -> str:
    aims = []
    if row["ratio_at_least"] is not None:
        aims.append(f"{row['ratio_at_least']:.2f}x")
    if row["target_us"] is not None:
        aims.append(latency(row["target_us"] * 1e3, "µs"))
    return ", ".join(aims) or NO_FIGURE


def _footer(facts: Mapping[str, str]) -> Html:
    known = [f"{name}: {value}" for name, value in facts.items()]
    return tag("footer", tag("p", ", ".join(known)), tag("p", f"Mainspring {__version__}"))
