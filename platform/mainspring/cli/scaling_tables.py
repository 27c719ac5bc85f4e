"""The results of studies as tables."""

from collections.abc import Callable
from statistics import median
from typing import Any

import msgspec

from mainspring.report.figures import latency, memory
from mainspring_perf.scaling.rate import error_of
from mainspring_perf.scaling.values import Result

__all__ = ["Table", "tables_of"]


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """What a study found, as text. `note` describes the input."""

    title: str
    note: str
    head: list[str]
    rows: list[list[str]]


def tables_of(study: str, results: list[Result]) -> list[Table]:
    """Returns the tables of a study, by its name."""
    return _TABLES[study](results)


class _ByPart:
    """The results of a study whose cases are each part at each of some counts.

    `key` names the count in a case. `parts` and `counts` are in the order of the cases.
    """

    def __init__(self, results: list[Result], key: str) -> None:
        self.parts: list[str] = list(dict.fromkeys(one.case["part"] for one in results))
        self.counts: list[int] = list(dict.fromkeys(one.case[key] for one in results))
        self._found = {(one.case["part"], one.case[key]): one.found for one in results}

    def row(self, count: int, figure: str) -> list[Any]:
        """Returns a figure of each part at a count."""
        return [self._found[part, count][figure] for part in self.parts]

    def head(self, text: str) -> list[str]:
        """Returns the heads of such a row: the text with each part's name."""
        return [f"{text}, {part}" for part in self.parts]


def _instruments(results: list[Result]) -> list[Table]:
    """Returns a table, a column for each part."""
    found = _ByPart(results, "instruments")
    rows = []
    for count in found.counts:
        sizes = ["" if size is None else memory(round(size)) for size in found.row(count, "instrument_bytes")]
        rows.append([f"{count:,}", *map(latency, found.row(count, "message_ns")), *sizes])
    return [
        Table(
            title="A message, by the instruments of its lane",
            note=(
                f"{results[0].case['messages']:,} depth messages of four levels, each of an instrument at random; "
                "books of 40 levels, and a strategy that watches them all. Memory: what making the lane and its books "
                "added to the process."
            ),
            head=["instruments", *found.head("a message"), *found.head("memory an instrument")],
            rows=rows,
        )
    ]


def _lanes(results: list[Result]) -> list[Table]:
    """Returns a table, a column for each part."""
    found = _ByPart(results, "lanes")
    single = found.row(found.counts[0], "a_second")
    rows = []
    for count in found.counts:
        rates = found.row(count, "a_second")
        gains = [f"{rate / one:.2f}x" for rate, one in zip(rates, single, strict=True)]
        rows.append([str(count), *[f"{rate:,.0f}" for rate in rates], *gains])
    return [
        Table(
            title="Messages a second, by the lanes that share a session",
            note=(
                f"The generated market of {results[0].case['instruments']} instruments with its quoting strategy, "
                f"{results[0].case['seconds']} seconds of it, shared evenly among the lanes, each pinned by "
                '`hardware.pin = "auto"`. Every lane reads the one connection and leaves out what isn\'t its own.'
            ),
            head=["lanes", *found.head("a second"), *found.head("gain")],
            rows=rows,
        )
    ]


def _length(results: list[Result]) -> list[Table]:
    """Returns a table of the cost and the memory, columns for each part."""
    times = results[0].case["times"]
    unit = results[0].case["messages"]
    note = (
        f"The reference session with its quoting strategy, {unit:,} messages at 1x, looked at as it goes on; generated "
        "while it runs, which isn't timed."
    )
    rows = [
        [
            f"{one}x",
            f"{unit * one:,}",
            *[latency(result.found["message_ns"][place]) for result in results],
            *[memory(result.found["rss_bytes"][place]) for result in results],
        ]
        for place, one in enumerate(times)
    ]
    parts = [result.case["part"] for result in results]
    head = ["length", "messages", *[f"a message, {part}" for part in parts], *[f"memory, {part}" for part in parts]]

    return [Table(title="A message, as the session goes on", note=note, head=head, rows=rows)]


def _levels(results: list[Result]) -> list[Table]:
    """Returns a table, a row for each book."""
    levels = results[0].case["levels"]
    rows = [
        [one.case["book"], *[latency(ns) for ns in one.found["level_ns"]]]
        for one in sorted(results, key=lambda one: one.found["level_ns"][-1])
    ]
    return [
        Table(
            title="A change of one level, by the levels that the book holds",
            note=(
                f"{results[0].case['batches']:,} batches of {results[0].case['batch']} levels, half of them leaving "
                "and coming back, at random places of a book whose levels stand side by side; best prices read after "
                "each batch; seed 1."
            ),
            head=["book", *[f"{count:,} levels" for count in levels]],
            rows=rows,
        )
    ]


def _orders(results: list[Result]) -> list[Table]:
    """Returns a table, two columns for each part: the cost, and its ratio to one order in one instrument."""
    found = {(one.case["part"], one.case["instruments"], one.case["orders"]): one.found for one in results}
    parts = list(dict.fromkeys(one.case["part"] for one in results))
    rows = []
    for count, orders in dict.fromkeys((one.case["instruments"], one.case["orders"]) for one in results):
        row = [f"{orders:,}", f"{count:,}"]
        for part in parts:
            cost = found[part, count, orders]["message_ns"]
            row += [latency(cost), f"{cost / found[part, 1, 1]['message_ns']:.2f}x"]
        rows.append(row)
    return [
        Table(
            title="A message, by the orders that rest",
            note=(
                f"{results[0].case['messages']:,} depth messages of four levels, each of an instrument at random, on "
                "the paper venue; a strategy that is called at each change of best prices and leaves its orders where "
                "they are. The ratio is to one order in one instrument."
            ),
            head=["orders", "instruments", *(head for part in parts for head in (f"a message, {part}", "ratio"))],
            rows=rows,
        )
    ]


def _rate(results: list[Result]) -> list[Table]:
    """Returns the latencies by load, and predicted next to measured rates."""
    return [*[_tails(one) for one in results if one.case["loads"]], _model(results)]


def _tails(one: Result) -> Table:
    saturation = one.found["saturation"]
    loads = one.case["loads"]
    rows = [
        [f"{load:.0%}", f"{load * saturation:,.0f}", *[latency(ns) for ns in tail[:4]], f"{tail[4]:.0%}"]
        for load, tail in zip(loads, one.found["tails"], strict=True)
    ]
    return Table(
        title=f"A message, by how many come: {one.case['part']} parts",
        note=(
            f"{one.case['load_messages'] - one.case['warm']:,} messages of the {one.case['workload']} once its book is "
            f"whole, at random times (Poisson, seed 1) and a share of {saturation:,.0f} a second, which is what the "
            "lane takes when all are there at once. A message's time counts from when it was due, waiting included. "
            "Where the thread had less than all of its core, others had the rest, and the tail is theirs too."
        ),
        head=["load", "messages a second", "p50", "p99", "p99.9", "max", "of its core"],
        rows=rows,
    )


def _waiting(results: list[Result]) -> str:
    """By how much a lane that waits is dearer, by the decoder: the median of the cases' calibrations."""
    found: dict[str, list[float]] = {}
    for one in results:
        for decoder, outside in one.found["outside"].items():
            found.setdefault(decoder, []).append(outside["pause"])
    return ", ".join(f"{decoder} {median(pauses) - 1:+.0%}" for decoder, pauses in found.items())


def _model(results: list[Result]) -> Table:
    rows = []
    for one in results:
        measured, predicted = one.found["saturation"], one.found["predicted"]
        error, reported = error_of(one), ["not assessed", ""]
        if error is not None:
            reported = [f"{predicted:,.0f}", f"{error:+.0%}"]
        rows.append([one.case["workload"], one.case["part"], f"{measured:,.0f}", *reported])
    return Table(
        title="Where a lane saturates: predicted and measured",
        note=(
            f"Predicted from the stage costs of a run at {results[0].case['model_load']:.0%} of saturation, less what "
            f"waiting makes of them here ({_waiting(results)}); measured with all messages available at once. Not "
            "assessed if the thread never had its core to itself."
        ),
        head=["workload", "parts", "measured a second", "predicted", "difference"],
        rows=rows,
    )


_TABLES: dict[str, Callable[[list[Result]], list[Table]]] = {
    "instruments": _instruments,
    "lanes": _lanes,
    "length": _length,
    "levels": _levels,
    "orders": _orders,
    "rate": _rate,
}
