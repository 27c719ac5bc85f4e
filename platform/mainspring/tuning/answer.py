"""Captures a lane's complete visible output for the workload, and finds where it differs from the default's."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import msgspec

from mainspring.errors import MainspringError
from mainspring.host.plan import Plan
from mainspring.host.registry import Registry
from mainspring.host.wiring import wire
from mainspring.lane import Lane, Market
from mainspring.model import Side
from mainspring.seams import RawMessage
from mainspring.session.driver import Driver
from mainspring.tuning.lanes import run_over

__all__ = ["Answer", "AnswersOtherwise", "answer_of"]

_ALL_LEVELS = 1 << 30
_SHOWN = 60


class AnswersOtherwise(MainspringError):  # noqa: N818  the name says what is wrong
    """A candidate's lane differs from the default's. The text says where."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A lane's visible output, part by part, as text."""

    parts: Mapping[str, str]

    @property
    def digest(self) -> str:
        """Returns the digest of all parts."""
        return sha256(msgspec.json.encode(self.parts)).hexdigest()

    def hold_against(self, reference: "Answer") -> None:
        """Raises `AnswersOtherwise` for the first part that differs."""
        for part in (*reference.parts, *(part for part in self.parts if part not in reference.parts)):
            mine, right = self.parts.get(part, "nothing"), reference.parts.get(part, "nothing")
            if mine != right:
                raise AnswersOtherwise(f"{part}: {_shown(mine, right)} where the default has {_shown(right, mine)}")


def answer_of(
    plan: Plan, registry: Registry, messages: Sequence[RawMessage], edges: Sequence[tuple[str, RawMessage]]
) -> Answer:
    """Runs the messages and then the edge cases through the lane of a plan, and returns its output.

    `edges` has each edge case with a description of what is wrong with it.
    """
    driver = Driver(wire(plan, registry))
    lane = driver.lane
    parts = {"refused messages": _text(run_over(driver, messages))}
    parts.update(_state(lane, ""))
    for what, message in edges:
        # The texts of refusals may differ.
        refused = [said.partition(":")[0] for _, said in run_over(driver, [message])]
        before = parts.get(f"edge case, {what}", "")
        parts[f"edge case, {what}"] = f"{before} {refused[0] if refused else 'taken'}".strip()
    parts.update(_state(lane, ", after the edge cases"))
    if driver.log is not None:
        parts["order log"] = driver.log.sha256
    return Answer(parts=parts)


def _state(lane: Lane, when: str) -> dict[str, str]:
    """Yields everything that is visible of a lane from outside, by name."""
    (handler,) = lane.feeds
    statistics = handler.feed.statistics()
    found: dict[str, Any] = {
        "messages by kind": sorted(statistics.by_kind.items()),
        "messages by cause": sorted(statistics.by_cause.items()),
        "gaps and resyncs": (statistics.gaps, statistics.resyncs),
        "resync requests": [msgspec.to_builtins(one) for one in handler.feed.take_resync_requests()],
    }
    for market in lane.markets:
        symbol = market.instrument.symbol
        found[f"best prices of {symbol}"] = (market.bid_ticks, market.bid_lots, market.ask_ticks, market.ask_lots)
        found[f"state of {symbol}"] = (market.live, market.crossed, market.stale_quotes)
        found[f"book of {symbol}"] = _levels(market)
        found[f"statistics of {symbol}"] = _figures(market)
        found[f"mid prices of {symbol}"] = lane.mids[market.index].samples
    order_manager = lane.order_manager
    if order_manager is not None:
        found["refusals"] = sorted(order_manager.quality.refusals.items())
        for market, tally, account in zip(
            lane.markets, order_manager.quality.tallies, order_manager.portfolio.accounts, strict=True
        ):
            symbol = market.instrument.symbol
            found[f"account of {symbol}"] = msgspec.to_builtins(account.statement(), enc_hook=str)
            found[f"orders of {symbol}"] = [
                tally.orders, tally.accepted, tally.rejected, tally.cancelled, tally.replaced, tally.fills
            ]  # fmt: skip
    return {f"{what}{when}": _text(value) for what, value in found.items()}


def _levels(market: Market) -> tuple[object, ...]:
    book = market.book
    return book.depth(Side.BUY, _ALL_LEVELS), book.depth(Side.SELL, _ALL_LEVELS), len(book)


def _figures(market: Market) -> list[str]:
    """Formats statistics to twelve digits: sums in another order may differ in the last ones."""
    statistics = market.statistics
    figures = (statistics.volatility_per_day, statistics.daily_volume_lots, statistics.spread_ticks)
    return ["none" if one is None else f"{one:.12g}" for one in figures]


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _shown(text: str, other: str) -> str:
    """Shortens a text; a long one starts where it differs from the other."""
    if len(text) <= _SHOWN:
        return text
    at = next((at for at, (one, two) in enumerate(zip(text, other, strict=False)) if one != two), len(other))
    return f"...{text[max(at - 10, 0) :][:_SHOWN]}..."
