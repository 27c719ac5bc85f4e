"""Counts what happens on one connection, without I/O, and how old its messages are by the venue's own times."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from mainspring.report import ConnectionReport, LagReport
from mainspring.seams import RawMessage
from mainspring.telemetry import Histogram

__all__ = ["LagMeter", "LinkMeter"]

_NS: Final = 1_000_000_000
_MS: Final = 1_000_000
_SKEW_NS: Final = 600 * _NS
_SAMPLE_NS: Final = 20 * _MS
_FIRST: Final = 64
_GRAIN_NS: Final = 100_000


class LagMeter:
    """The lag of messages, and how far our clock seems to be ahead of the venue's: see `LagReport`.

    Percentiles are to a tenth of a millisecond: venues write milliseconds, and in nanoseconds no two lags are equal, so
    that each of many connections would keep some thousands of them.
    """

    def __init__(self) -> None:
        self._histogram = Histogram()
        self._least_ns: int | None = None
        # The least of the period before: clocks drift, so that no difference counts for ever.
        self._earlier_ns: int | None = None
        self._since_ns = 0
        self._last_ns = self._most_ns = 0

    def add(self, read_ns: int, venue_ns: int) -> None:
        """Adds a message that was read at a time of our wall clock, and was sent at a time of the venue's."""
        differs_ns = read_ns - venue_ns
        if self._least_ns is None or read_ns - self._since_ns >= _SKEW_NS:
            self._earlier_ns, self._least_ns, self._since_ns = self._least_ns, differs_ns, read_ns
        self._least_ns = min(self._least_ns, differs_ns)
        self._last_ns = differs_ns - self._skew_ns()
        self._most_ns = max(self._most_ns, self._last_ns)
        self._histogram.record_many([round(self._last_ns / _GRAIN_NS)])

    def report(self) -> LagReport | None:
        """Returns what was found; None if there was no message."""
        if not self._histogram.count:
            return None
        p50_ns, p99_ns = (_GRAIN_NS * grains for grains in self._histogram.percentiles((50, 99)))
        return LagReport(
            count=self._histogram.count,
            skew_ms=self._skew_ns() / _MS,
            last_ms=self._last_ns / _MS,
            p50_ms=p50_ns / _MS,
            p99_ms=p99_ns / _MS,
            max_ms=self._most_ns / _MS,
        )

    def _skew_ns(self) -> int:
        assert self._least_ns is not None
        return self._least_ns if self._earlier_ns is None else min(self._least_ns, self._earlier_ns)


class LinkMeter:
    """Counts one connection. All durations are by `clock_ns`, which never goes back, in nanoseconds.

    `venue_ns` returns the time that a message says of itself, by the venue's clock, or None: it is asked about the
    first messages of a connection, and then about one in 20 ms.
    """

    def __init__(
        self, clock_ns: Callable[[], int], venue_ns: Callable[[bytes], int | None] = lambda _raw: None
    ) -> None:
        self._clock_ns = clock_ns
        self._venue_ns = venue_ns
        self._begun_ns: int | None = None
        self._up_since_ns: int | None = None
        self._up_ns = 0
        self._connected = 0
        self._failed = 0
        self._lost: Counter[str] = Counter()
        self._messages = 0
        self._last_ns: int | None = None
        self._lag = LagMeter()
        self._first = 0
        self._due_ns = 0

    def begin(self) -> None:
        """The connection is tried for the first time."""
        self._begun_ns = self._clock_ns()

    def fail(self) -> None:
        """The connection couldn't be made."""
        self._failed += 1

    def connect(self) -> None:
        """The connection stands."""
        self._connected += 1
        self._first = _FIRST
        self._up_since_ns = self._clock_ns()

    def lose(self, why: str) -> float:
        """The connection was lost: `why` is a sentence. Returns how many seconds it had lasted."""
        assert self._up_since_ns is not None
        self._lost[_cause(why)] += 1
        lasted_ns = self._clock_ns() - self._up_since_ns
        self._up_ns += lasted_ns
        self._up_since_ns = None
        return lasted_ns / _NS

    def read(self, messages: Sequence[RawMessage]) -> None:
        """Messages were read, each with the time of the wall clock."""
        self._messages += len(messages)
        now_ns = self._last_ns = self._clock_ns()
        if not self._first and now_ns < self._due_ns:
            return
        self._due_ns = now_ns + _SAMPLE_NS
        for read_ns, raw in messages[: max(self._first, 1)]:
            venue_ns = self._venue_ns(raw)
            if venue_ns is not None:
                self._lag.add(read_ns, venue_ns)
        self._first = max(self._first - len(messages), 0)

    def report(self, instruments: Sequence[str], carries: str) -> ConnectionReport:
        """Returns how the connection for those instruments performed so far; see there for `carries`."""
        now_ns = self._clock_ns()
        up_ns = self._up_ns + (0 if self._up_since_ns is None else now_ns - self._up_since_ns)
        return ConnectionReport(
            instruments=list(instruments),
            carries=carries,
            up=self._up_since_ns is not None,
            seconds=0.0 if self._begun_ns is None else (now_ns - self._begun_ns) / _NS,
            uptime_s=up_ns / _NS,
            connected=self._connected,
            failed=self._failed,
            lost=dict(self._lost),
            messages=self._messages,
            last_message_s=None if self._last_ns is None else (now_ns - self._last_ns) / _NS,
            lag=self._lag.report(),
        )


def _cause(why: str) -> str:
    """The kind of a loss, for counting: without its figures."""
    return why.partition(":")[0].partition(" for ")[0]
