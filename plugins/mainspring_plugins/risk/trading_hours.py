"""Refuses orders outside of trading hours."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal, TypeAlias, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from mainspring.errors import ConfigError
from mainspring.model import Instrument, NewOrder, Refusal
from mainspring.seams import AccountView, Catalogue, MarketView, RiskSession, hookimpl

__all__ = ["HoursOptions", "TradingHours", "register_risk_checks"]

_NAME = "trading_hours"
_NS = 10**9
_DAY_NS = 24 * 3_600 * _NS
_Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_DAYS: tuple[_Day, ...] = get_args(_Day)

_Hours: TypeAlias = tuple[int, int]


class HoursOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When orders may be sent.

    `limit` is a span such as "09:30-16:00" of the `days`, in the time zone `timezone`; one that ends before it begins
    ends the next day. Or it is the name of a calendar of the library exchange_calendars, such as "XNYS": then its
    sessions and breaks count, and the other two don't.
    """

    limit: str
    timezone: str = "UTC"
    days: tuple[_Day, ...] = _DAYS

    def __post_init__(self) -> None:
        if "-" in self.limit:
            self.span()
            try:
                ZoneInfo(self.timezone)
            except (ZoneInfoNotFoundError, ValueError) as error:
                raise ValueError(f"no time zone is called {self.timezone!r}") from error
        elif not self.limit.isidentifier():
            raise ValueError(f'{self.limit!r} is neither a span such as "09:30-16:00" nor the name of a calendar')

    def span(self) -> tuple[time, time]:
        """Returns when the span begins and ends."""
        begin, _, end = self.limit.partition("-")
        try:
            return time.fromisoformat(begin.strip()), time.fromisoformat(end.strip())
        except ValueError as error:
            raise ValueError(f'{self.limit!r} is no span of hours such as "09:30-16:00"') from error


class TradingHours:
    """Passes orders within the hours, from their first nanosecond to before their last.

    A time that the calendar doesn't cover is outside of them. The hours around an order are kept, so that the next one
    only compares two numbers.
    """

    passes_if = "self.begin_ns <= now_ns < self.end_ns"

    def __init__(self, instrument: Instrument, *, options: HoursOptions) -> None:
        self._limit = options.limit
        self._session: RiskSession | None = None
        # The hours around the last order.
        self.begin_ns = self.end_ns = 0
        self._hours: _Span | _Calendar = _Span(options) if "-" in options.limit else _Calendar(options.limit)
        self.daily = _daily(options) if "-" in options.limit else None
        """When the span begins after midnight and how long it is, if it is the same on each day; None otherwise."""

    def bind(self, session: RiskSession) -> None:
        """See `mainspring.seams.RiskCheck`."""
        self._session = session

    def around_now(self) -> _Hours:
        """Returns from when to when orders pass, around now; two equal times if they don't."""
        found = None if self._session is None else self._hours.around(self._session.now_ns)
        return (0, 0) if found is None else found

    def check(self, order: NewOrder, market: MarketView, account: AccountView) -> Refusal | None:
        """Implements `mainspring.seams.RiskCheck`."""
        session = self._session
        if session is None:
            return Refusal(_NAME, "nothing says what time it is: 0 clocks known")
        now_ns = session.now_ns
        if self.begin_ns <= now_ns < self.end_ns:
            return None
        found = self._hours.around(now_ns)
        if found is not None:
            self.begin_ns, self.end_ns = found
            return None
        now = datetime.fromtimestamp(now_ns / _NS, UTC)
        return Refusal(_NAME, f"{now:%Y-%m-%d %H:%M:%S} UTC is outside of {self._limit}")


def _daily(options: HoursOptions) -> _Hours | None:
    """In UTC and on all days."""
    if options.timezone != "UTC" or set(options.days) != set(_DAYS):
        return None
    begin_ns, end_ns = ((at.hour * 3_600 + at.minute * 60 + at.second) * _NS for at in options.span())
    return begin_ns, (end_ns - begin_ns - 1) % _DAY_NS + 1


class _Span:
    """A span of hours on some days of the week."""

    def __init__(self, options: HoursOptions) -> None:
        self._begin, self._end = options.span()
        self._zone = ZoneInfo(options.timezone)
        self._days = frozenset(_DAYS.index(day) for day in options.days)

    def around(self, now_ns: int) -> _Hours | None:
        today = datetime.fromtimestamp(now_ns // _NS, self._zone).date()
        for day in (today - timedelta(days=1), today):
            if day.weekday() in self._days:
                last = day if self._end > self._begin else day + timedelta(days=1)
                begin_ns, end_ns = self._ns(day, self._begin), self._ns(last, self._end)
                if begin_ns <= now_ns < end_ns:
                    return begin_ns, end_ns
        return None

    def _ns(self, day: date, at: time) -> int:
        return int(datetime.combine(day, at, self._zone).timestamp()) * _NS


class _Calendar:
    """The sessions of an exchange, without their breaks."""

    def __init__(self, name: str) -> None:
        try:
            import exchange_calendars
        except ModuleNotFoundError as error:
            raise ConfigError(
                f"the calendar {name!r} needs the library exchange_calendars: pip install 'mainspring[calendars]'"
            ) from error
        try:
            calendar: Any = exchange_calendars.get_calendar(name)
        except exchange_calendars.errors.InvalidCalendarName as error:
            raise ConfigError(f"exchange_calendars has no calendar {name!r}") from error
        self._hours = _sessions(
            calendar.opens_nanos, calendar.closes_nanos, calendar.break_starts_nanos, calendar.break_ends_nanos
        )

    def around(self, now_ns: int) -> _Hours | None:
        at = bisect_right(self._hours, (now_ns, 2**63)) - 1
        if at >= 0 and now_ns < self._hours[at][1]:
            return self._hours[at]
        return None


def _sessions(opens: Any, closes: Any, breaks: Any, ends: Any) -> Sequence[_Hours]:
    """The hours of sessions; a break that there isn't is the least number."""
    hours: list[_Hours] = []
    for begin, end, pause, resume in zip(*(map(int, times) for times in (opens, closes, breaks, ends)), strict=True):
        hours += [(begin, pause), (resume, end)] if pause > begin else [(begin, end)]
    return hours


@hookimpl
def register_risk_checks(catalogue: Catalogue) -> None:
    """Offers `trading_hours`."""
    catalogue.add(
        _NAME,
        TradingHours,
        summary="When orders may be sent: hours such as 09:30-16:00, or the name of an exchange calendar",
        options=HoursOptions,
        capabilities={"in_runs": True},
    )
