"""Checks a book against the contract of `mainspring.seams.Book`."""

from collections.abc import Callable
from random import Random

from mainspring.model import BBO, MAX_UNITS, Instrument, Level, Side, Walk
from mainspring.seams import Book
from mainspring.testing._rules import Rules, shorten
from mainspring.testing.market import INSTRUMENT
from mainspring.testing.naive_book import NaiveBook

__all__ = ["check_book"]

_SIDES = (Side.BUY, Side.SELL)
_ALL = 10_000


def check_book(factory: Callable[[Instrument], Book], *, seed: int = 0, rounds: int = 300) -> None:
    """Applies `rounds` seeded operations to a book of `factory` and compares it with `NaiveBook` after each.

    Raises `ConformanceError`, which names the broken rule, the preceding operations, and the seed.
    """
    rules = Rules(seed)
    book, naive, bystander = factory(INSTRUMENT), NaiveBook(), factory(INSTRUMENT)
    _compare(rules, book, naive, "nothing", 0)
    for _ in range(rounds):
        centre = rules.random.choice((20, 20, 20, MAX_UNITS - 20))
        after = _operate(rules, book, naive, centre)
        _compare(rules, book, naive, after, centre)
    rules.equal("books of one factory share nothing", len(bystander), 0, "operations on another book")


def _operate(rules: Rules, book: Book, naive: NaiveBook, centre: int) -> str:
    random = rules.random
    if random.random() < 0.02:
        rules.never_raises("clear empties both sides", book.clear)
        naive.clear()
        return "clear()"
    bids, asks = _rows(random, centre), _rows(random, centre)
    name = "apply_snapshot" if random.random() < 0.1 else "apply_delta"
    after = f"{name}({bids}, {asks})"
    getattr(naive, name)(bids, asks)
    rules.never_raises(f"{name} takes every level", getattr(book, name), bids, asks)
    # Changing the lists afterwards must not affect the book.
    bids.clear()
    asks.clear()
    return after


def _rows(random: Random, centre: int) -> list[Level]:
    """Generates rows at few prices, so that levels repeat, some within a call, and missing levels are removed."""
    return [
        (random.randint(centre - 20, centre + 20), random.choice((0, 0, random.randint(1, 50), MAX_UNITS)))
        for _ in range(random.choice((0, 1, 2, 5, 30)))
    ]


def _compare(rules: Rules, book: Book, naive: NaiveBook, after: str, centre: int) -> None:
    random = rules.random
    for side in _SIDES:
        everything = rules.never_raises("depth answers", book.depth, side, _ALL)
        rules.equal("the levels are those that were set", everything, naive.depth(side, _ALL), after)
    for side in _SIDES:
        levels, size_lots = random.choice((0, 1, 2, 5)), random.choice((1, 10, 100, MAX_UNITS))
        price_ticks = max(0, random.randint(centre - 20, centre + 20))
        asked = f"{side.name} {levels} levels, {after}"
        rules.equal("depth is the best levels", book.depth(side, levels), naive.depth(side, levels), asked)
        lots = naive.lots_at(side, price_ticks)
        asked = f"{side.name} {price_ticks}, {after}"
        rules.equal("lots_at is the size there", book.lots_at(side, price_ticks), lots, asked)
        walk = rules.never_raises("walk answers", book.walk, side, size_lots)
        rules.hold("walk gives a Walk", isinstance(walk, Walk), shorten(walk))
        asked = f"walk {side.name} {size_lots}, {after}"
        rules.equal("a walk is exact", walk, naive.walk(side, size_lots), asked)
    _compare_best(rules, book, naive, after)
    rules.equal("the length is the levels of both sides", len(book), len(naive), after)


def _compare_best(rules: Rules, book: Book, naive: NaiveBook, after: str) -> None:
    best, right = rules.never_raises("bbo answers", book.bbo), naive.bbo()
    rules.hold("bbo gives a BBO", isinstance(best, BBO), lambda: shorten(best))
    # The price of an empty side means nothing, so any value is fine.
    for found, wanted in (
        ((best.bid_lots, best.bid_lots and best.bid_ticks), (right.bid_lots, right.bid_ticks)),
        ((best.ask_lots, best.ask_lots and best.ask_ticks), (right.ask_lots, right.ask_ticks)),
    ):
        rules.equal("bbo is the best level of each side", found, wanted, after)
