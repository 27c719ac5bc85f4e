"""Money in a lane: strategies, checks and the portfolio read the same values, at the moment of each fill."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

from mainspring.lane import FundingSettled
from mainspring.model import Accepted, BookSnapshot, Fill, Funding, Side


def snapshot(now_ns: int, bid: int = 100) -> BookSnapshot:
    return BookSnapshot(0, now_ns, now_ns, now_ns, [(bid, 50)], [(bid + 2, 50)])


class Reader:
    """Buys once, and notes what it can read of money when it is filled."""

    def __init__(self) -> None:
        self.read: list[tuple[Any, ...]] = []

    def on_start(self, session: Any) -> None:
        self.session = session

    def on_bbo(self, market: Any) -> None:
        if not market.open_orders and not market.position_lots:
            market.buy(size_lots=4, price_ticks=100)

    def on_fill(self, fill: Fill, order: Any) -> None:
        own, account = order.market.statement(), order.market.account.statement()
        self.read.append((order.market.position_lots, own.net, account.net, self.session.profit("USDT")))


def filled(bench: Callable[..., Any], *strategies: str) -> tuple[Any, dict[str, Reader]]:
    """A lane whose first strategy's order was filled: 4 lots at 100 ticks, with the mid at 101."""
    readers = {name: Reader() for name in strategies}
    table = bench(readers)
    table.say(1, snapshot(1))
    for order_id in range(1, len(readers) + 1):
        table.router.events.append(Accepted(order_id, 0, 2))
    table.router.events.append(Fill(1, 0, 3, 1, Side.BUY, 100, 4, True, 100_000_000))
    table.driver.settle(3)
    return table, readers


def test_a_strategy_reads_its_profit_at_the_fill(bench: Callable[..., Any]) -> None:
    """Four lots a tick below the mid, less a tenth of the notional in fees: the same from every side."""
    table, readers = filled(bench, "s")
    net = (4 * 1 - Fraction(400, 10)) * Fraction("0.01") * Fraction("0.001")
    assert readers["s"].read == [(4, net, net, Decimal("-0.00036"))]
    assert table.portfolio.currencies()["USDT"].net == net


def test_another_strategys_fill_is_not_ones_own(bench: Callable[..., Any]) -> None:
    """The account has both, the strategy's market and profit only its own."""
    _, readers = filled(bench, "a", "b")
    other = readers["b"].session
    assert [market.position_lots for market in other.markets] == [0]
    assert other.profit("USDT") == 0
    assert other.markets[0].account.position_lots == 4
    assert readers["a"].session.markets[0].statement().position == Fraction("0.004")


def test_a_mark_follows_the_market(bench: Callable[..., Any]) -> None:
    """Ten ticks up, four lots long: forty units more."""
    table, _ = filled(bench, "s")
    before = table.portfolio.accounts[0].statement().unrealised
    table.say(10, snapshot(10, bid=110))
    after = table.portfolio.accounts[0].statement()
    assert after.unrealised - before == 40 * Fraction("0.00001")
    assert after.mark_source == "mid"


def test_funding_is_booked_and_recorded(bench: Callable[..., Any]) -> None:
    """It changes the profit of the strategy that holds the position, and stands in the order log."""
    table, readers = filled(bench, "s")
    before = readers["s"].session.profit("USDT")
    records = table.log.records
    table.tell(FundingSettled(20, Funding(0, 20, Decimal("-0.0125"))))
    assert readers["s"].session.profit("USDT") == before - Decimal("0.0125")
    assert table.log.records == records + 1


def test_a_strangers_fill_moves_the_account_and_no_strategy(bench: Callable[..., Any]) -> None:
    """A fill of an order that nobody sent is real money: it counts, but in no strategy's profit."""
    table, readers = filled(bench, "s")
    table.router.events.append(Fill(99, 0, 30, 7, Side.SELL, 103, 1, False, 0))
    table.driver.settle(30)
    assert table.portfolio.accounts[0].position_lots == 3
    assert readers["s"].session.markets[0].position_lots == 4
    assert table.portfolio.strategies(0)[""].position == Fraction("-0.001")
