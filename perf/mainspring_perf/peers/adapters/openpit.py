"""openpit: its engine without locks, with its limits of an order's size and notional, an order at a time.

As its documentation has it: one thread needs no synchronisation (`no_sync`), the engine is built once, orders carry
quantity and price, and an order that passes is committed. The orders are built before, which isn't timed.
"""

from decimal import Decimal
from typing import Any

import openpit
from openpit.param import AccountId, Price, Quantity, Side, TradeAmount, Volume
from openpit.pretrade import RejectCode
from openpit.pretrade.policies import OrderSizeBrokerBarrier, OrderSizeLimit, build_order_size_limit

from mainspring_perf.peers.contract import BUY, Answer, Candidates, Inputs, Prepared

__all__ = ["CANDIDATES"]

_ACCOUNT = 1
_VERDICTS = {
    RejectCode.ORDER_QTY_EXCEEDS_LIMIT: "size",
    RejectCode.ORDER_NOTIONAL_EXCEEDS_LIMIT: "notional",
    # Both at once.
    RejectCode.ORDER_EXCEEDS_LIMIT: "size",
}


def _risk(inputs: Inputs) -> Prepared:
    instrument, given = inputs.read("instrument"), inputs.read("orders")
    tick, lot = Decimal(instrument["tick_size"]), Decimal(instrument["lot_size"])
    limit = OrderSizeLimit(
        max_quantity=Quantity(given["max_order_size"]), max_notional=Volume(given["max_order_notional"])
    )
    policy = build_order_size_limit().broker_barrier(OrderSizeBrokerBarrier(limit=limit))
    engine = openpit.Engine.builder().no_sync().builtin(policy).build()
    pair = openpit.Instrument("BTC", "USDT")
    orders = [
        openpit.Order(
            operation=openpit.OrderOperation(
                instrument=pair,
                account_id=AccountId.from_int(_ACCOUNT),
                side=Side.BUY if side == BUY else Side.SELL,
                trade_amount=TradeAmount.quantity(str(size_lots * lot)),
                price=Price(str(price_ticks * tick)),
            ),
        )
        for side, price_ticks, size_lots in given["orders"]
    ]

    def run() -> list[Any]:
        execute = engine.execute_pre_trade
        verdicts: list[Any] = []
        for order in orders:
            result = execute(order=order)
            if result.ok:
                result.reservation.commit()
                verdicts.append(None)
            else:
                verdicts.append(result.rejects)
        return verdicts

    def answer(verdicts: list[Any]) -> Answer:
        return {"verdicts": [_VERDICTS[one[0].code] if one else "" for one in verdicts]}

    return Prepared(run, answer)


CANDIDATES: Candidates = {"risk": {"size and notional limits, no_sync": _risk}}
