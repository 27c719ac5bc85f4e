"""Measures how long instruments have no book that can be trusted."""

from collections.abc import Callable, Sequence
from typing import Final

from mainspring.lane import Market
from mainspring.report import BookTime

__all__ = ["BookWatch"]

_NS: Final = 1_000_000_000
_EVERY_NS: Final = 10_000_000


class BookWatch:
    """Looks at markets, at most every 10 ms, by a clock that never goes back."""

    def __init__(self, markets: Sequence[tuple[str, Market]], clock_ns: Callable[[], int]) -> None:
        """`markets` come with their names. Time runs from here on, and no market has a book yet."""
        self._clock_ns = clock_ns
        self._begun_ns = self._due_ns = clock_ns()
        self._states = [_State(name, market, self._begun_ns) for name, market in markets]

    def look(self) -> None:
        """Takes down which books are lost or found, unless that was done just before."""
        now_ns = self._clock_ns()
        if now_ns >= self._due_ns:
            self._due_ns = now_ns + _EVERY_NS
            self._look(now_ns)

    def report(self) -> list[BookTime]:
        """Returns how long each instrument had no book so far."""
        now_ns = self._clock_ns()
        self._look(now_ns)
        return [
            BookTime(
                instrument=one.name,
                valid=one.lost_ns is None,
                seconds=(now_ns - self._begun_ns) / _NS,
                without_s=(one.without_ns + (0 if one.lost_ns is None else now_ns - one.lost_ns)) / _NS,
                outages=one.outages,
                crossed=one.market.crossed,
            )
            for one in self._states
        ]

    def _look(self, now_ns: int) -> None:
        for one in self._states:
            valid = one.market.book_valid
            if valid and one.lost_ns is not None:
                one.without_ns += now_ns - one.lost_ns
                one.lost_ns = None
            elif not valid and one.lost_ns is None:
                one.lost_ns = now_ns
                one.outages += 1


class _State:
    """One market: since when it has no book, None if it has one."""

    __slots__ = ("lost_ns", "market", "name", "outages", "without_ns")

    def __init__(self, name: str, market: Market, now_ns: int) -> None:
        self.name = name
        self.market = market
        self.lost_ns: int | None = now_ns
        self.without_ns = 0
        self.outages = 0
