"""What the studies of `mainspring scaling` found, as plots next to their tables."""

from collections.abc import Callable

import msgspec

from mainspring.cli.scaling_tables import Table, tables_of
from mainspring_perf.scaling.values import Result

__all__ = ["Figure", "Series", "figures_of"]


class Series(msgspec.Struct, frozen=True):
    """A line of a figure, its points in the axes' units from left to right."""

    name: str
    points: list[tuple[float, float]]


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A plot, and the table below it if it has one. Both axes are logarithmic; `linear_x` and `linear_y` start at zero.

    `name` is its file's name. `x_unit` and `y_unit` are "" for plain numbers, "ns" for times in nanoseconds, "bytes",
    or "%".
    """

    name: str
    title: str
    x_title: str
    y_title: str
    x_unit: str = ""
    y_unit: str = "ns"
    linear_x: bool = False
    linear_y: bool = False
    series: list[Series]
    table: Table | None = None


def figures_of(study: str, results: list[Result]) -> list[Figure]:
    """Returns the figures of a study, by its name, each with its table."""
    return _FIGURES[study](results, tables_of(study, results))


def _by_part(results: list[Result], key: str, found: str) -> list[Series]:
    """A figure over the counts that `key` names in the cases, a line for each part."""
    lines: dict[str, list[tuple[float, float]]] = {}
    for one in results:
        lines.setdefault(f"{one.case['part']} parts", []).append((float(one.case[key]), one.found[found]))
    return [Series(name, points) for name, points in lines.items()]


def _instruments(results: list[Result], tables: list[Table]) -> list[Figure]:
    return [
        Figure(
            name="instruments",
            title=tables[0].title,
            x_title="instruments in one lane",
            y_title="one message",
            series=_by_part(results, "instruments", "message_ns"),
            table=tables[0],
        )
    ]


def _lanes(results: list[Result], tables: list[Table]) -> list[Figure]:
    return [
        Figure(
            name="lanes",
            title=tables[0].title,
            x_title="lanes",
            y_title="messages a second",
            y_unit="",
            linear_x=True,
            linear_y=True,
            series=_by_part(results, "lanes", "a_second"),
            table=tables[0],
        )
    ]


def _levels(results: list[Result], tables: list[Table]) -> list[Figure]:
    series = [
        Series(one.case["book"], list(zip(map(float, one.case["levels"]), one.found["level_ns"], strict=True)))
        for one in results
    ]
    return [
        Figure(
            name="levels",
            title=tables[0].title,
            x_title="levels in the book",
            y_title="one level",
            series=series,
            table=tables[0],
        )
    ]


def _length(results: list[Result], tables: list[Table]) -> list[Figure]:
    unit = results[0].case["messages"]
    lengths = [float(unit * one) for one in results[0].case["times"]]

    def series(key: str) -> list[Series]:
        return [Series(f"{one.case['part']} parts", list(zip(lengths, one.found[key], strict=True))) for one in results]

    x_title = "messages so far"
    return [
        Figure(
            name="length",
            title=tables[0].title,
            x_title=x_title,
            y_title="one message, since the look before",
            series=series("message_ns"),
            table=tables[0],
        ),
        Figure(
            name="length-memory",
            title="Memory, as the session goes on",
            x_title=x_title,
            y_title="resident memory",
            y_unit="bytes",
            linear_y=True,
            series=series("rss_bytes"),
        ),
    ]


def _orders(results: list[Result], tables: list[Table]) -> list[Figure]:
    points = {
        f"{part}, {count} instrument{'s' if count > 1 else ''}": [
            (float(one.case["orders"]), one.found["message_ns"])
            for one in results
            if (one.case["part"], one.case["instruments"]) == (part, count) and one.case["orders"]
        ]
        for part, count in dict.fromkeys((one.case["part"], one.case["instruments"]) for one in results)
    }
    return [
        Figure(
            name="orders",
            title=tables[0].title,
            x_title="orders that rest",
            y_title="one message",
            series=[Series(name, some) for name, some in points.items()],
            table=tables[0],
        )
    ]


def _rate(results: list[Result], tables: list[Table]) -> list[Figure]:
    loaded = [one for one in results if one.case["loads"]]
    known = [one.found for one in results if one.found["predicted"] is not None]
    pairs = sorted((found["saturation"], found["predicted"]) for found in known)
    capacity = Figure(
        name="capacity",
        title=tables[-1].title,
        x_title="measured, messages a second",
        y_title="predicted, messages a second",
        y_unit="",
        series=[Series("predicted", pairs), Series("the same as measured", [(at, at) for at, _ in pairs])],
        table=tables[-1],
    )
    return [*map(_tails, loaded, tables), capacity]


def _tails(one: Result, table: Table) -> Figure:
    loads, tails = one.case["loads"], one.found["tails"]
    return Figure(
        name=f"rate-{one.case['part']}",
        title=table.title,
        x_title="load, percent of saturation",
        y_title="from due to done",
        x_unit="%",
        linear_x=True,
        series=[
            Series(name, [(100 * load, float(tail[place])) for load, tail in zip(loads, tails, strict=True)])
            for place, name in enumerate(("p50", "p99", "p99.9"))
        ],
        table=table,
    )


_FIGURES: dict[str, Callable[[list[Result], list[Table]], list[Figure]]] = {
    "instruments": _instruments,
    "lanes": _lanes,
    "length": _length,
    "levels": _levels,
    "orders": _orders,
    "rate": _rate,
}
