"""The latency model `recorded`: as it was measured, interpolated over time."""

import csv
from collections.abc import Sequence
from pathlib import Path

import msgspec

from mainspring.errors import DataError
from mainspring.seams import Catalogue, FileOption, LatencyContext, hookimpl
from mainspring.venue.recorded_delays import RecordedDelays

__all__ = ["RecordedLatency", "RecordedOptions", "register_latencies"]

_ORDER_COLUMNS = ("request_ns", "venue_ns", "response_ns")
_FEED_COLUMNS = ("event_ns", "receive_ns")


class RecordedOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The files, as CSV with a heading. Times are nanoseconds since the Unix epoch, in rising order.

    `file` has the columns `request_ns` (a request was sent), `venue_ns` (the venue dealt with it) and `response_ns`
    (its answer came). `feed_file` has `event_ns` and `receive_ns`; without it, market data come as they were recorded.
    """

    file: FileOption
    feed_file: FileOption = ""


class RecordedLatency:
    """What a request, an answer and market data took at that time, on the line between two recorded messages.

    `request_delay` and `response_delay` are those of requests and of answers.
    """

    def __init__(self, context: LatencyContext, *, options: RecordedOptions) -> None:
        requests, venue, responses = _columns(options.file, _ORDER_COLUMNS)
        self.request_delay = _delays(options.file, requests, venue)
        self.response_delay = _delays(options.file, venue, responses)
        self.request_ns, self.response_ns = self.request_delay.at_ns, self.response_delay.at_ns
        self._feed: RecordedDelays | None = None
        self.delays_feed = bool(options.feed_file)
        if options.feed_file:
            self._feed = _delays(options.feed_file, *_columns(options.feed_file, _FEED_COLUMNS))

    def feed_ns(self, event_ns: int) -> int:
        """Returns how much longer market data take than recorded."""
        return self._feed.at_ns(event_ns) if self._feed is not None else 0


def _delays(name: str, sent_ns: Sequence[int], arrived_ns: Sequence[int]) -> RecordedDelays:
    try:
        return RecordedDelays(sent_ns, arrived_ns)
    except DataError as error:
        raise DataError(f"{name}: {error}") from error


def _columns(name: str, columns: tuple[str, ...]) -> list[list[int]]:
    """Reads these columns of a file. Raises `DataError`, which names file, line and column."""
    try:
        with Path(name).open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            if not set(columns) <= set(rows.fieldnames or ()):
                raise DataError(f"{name}: its first line must name the columns {', '.join(columns)}")
            found: list[list[int]] = [[] for _ in columns]
            for row in rows:
                for column, values in zip(columns, found, strict=True):
                    values.append(_time(row[column], f"{name}, line {rows.line_num}, {column}"))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{name}: can't be read as recorded latencies: {error}") from error
    return found


def _time(text: str | None, where: str) -> int:
    if text is None or not text.strip().isdecimal() or not text.isascii() or len(text) > 20:
        raise DataError(f"{where}: expected nanoseconds since 1970, a whole number; found {text!r}")
    return int(text)


@hookimpl
def register_latencies(catalogue: Catalogue) -> None:
    """Offers `recorded`."""
    catalogue.add(
        "recorded",
        RecordedLatency,
        summary="As measured: a file of request and response times, interpolated",
        options=RecordedOptions,
        capabilities={"in_runs": True},
    )
