"""Trades on an exchange in a box with the official client, as a program of its own: only its addresses are ours.

Its argument is the box's line of JSON. Prints what it saw as one line of JSON. The certificate is trusted by the
environment, as any program of that client's would.
"""

import json
import sys
import threading

from alpaca.common.exceptions import APIError
from alpaca.data.live import CryptoDataStream, StockDataStream
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import OrderSide, QueryOrderStatus, TimeInForce
from alpaca.trading.requests import GetOrdersRequest, LimitOrderRequest, MarketOrderRequest, ReplaceOrderRequest
from alpaca.trading.stream import TradingStream

_KEYS = ("key-of-a-test", "secret-of-a-test")
_ENOUGH_S = 30


class _Seen:
    """What arrives on a stream, and an event for each kind of it."""

    def __init__(self, *kinds):
        self.first = {}
        self.all = []
        self.came = {kind: threading.Event() for kind in kinds}

    def handler(self, kind):
        async def take(value):
            self.first.setdefault(kind, value)
            self.came[kind].set()

        return take

    async def update(self, update):
        self.all.append(update)
        self.came["update"].set()

    def wait(self, kind):
        if not self.came[kind].wait(_ENOUGH_S):
            raise SystemExit(f"no {kind} came")


def _refused(call, *arguments):
    try:
        call(*arguments)
    except APIError as error:
        return [error.status_code, error.code]
    return None


def main(box):
    trading = TradingClient(*_KEYS, url_override=box["rest"])
    updates, crypto, stocks = _Seen("update"), _Seen("trade", "quote", "book"), _Seen("trade", "quote")
    account = TradingStream(*_KEYS, url_override=box["updates"])
    pairs = CryptoDataStream(*_KEYS, url_override=box["crypto"])
    shares = StockDataStream(*_KEYS, url_override=box["stocks"])
    account.subscribe_trade_updates(updates.update)
    pairs.subscribe_trades(crypto.handler("trade"), "BTC/USD")
    pairs.subscribe_quotes(crypto.handler("quote"), "BTC/USD")
    pairs.subscribe_orderbooks(crypto.handler("book"), "BTC/USD")
    shares.subscribe_trades(stocks.handler("trade"), "AAPL")
    shares.subscribe_quotes(stocks.handler("quote"), "AAPL")
    for run in (account.run, pairs.run, shares.run):
        threading.Thread(target=run, daemon=True).start()

    def submit(kind, name, **fields):
        order = kind(symbol="BTC/USD", time_in_force=TimeInForce.GTC, client_order_id=name, **fields)
        return trading.submit_order(order)

    # Nothing says when the updates flow but an update.
    probes = 0
    while not updates.came["update"].wait(1.0):
        probes += 1
        submit(MarketOrderRequest, f"probe-{probes}", qty=0.001, side=OrderSide.BUY)
        if probes > _ENOUGH_S:
            raise SystemExit("no update came")

    cash = trading.get_account().cash
    price = 50_000.0
    resting = submit(LimitOrderRequest, "resting", qty=0.5, side=OrderSide.BUY, limit_price=price)
    moved = trading.replace_order_by_id(resting.id, ReplaceOrderRequest(limit_price=price + 1, client_order_id="moved"))
    listed = trading.get_orders(GetOrdersRequest(status=QueryOrderStatus.OPEN, symbols=["BTC/USD"]))
    by_id, by_client = trading.get_order_by_id(moved.id), trading.get_order_by_client_id("resting")
    trading.cancel_order_by_id(moved.id)
    bought = submit(MarketOrderRequest, "bought", qty=0.02, side=OrderSide.BUY)
    others = [submit(LimitOrderRequest, f"other-{n}", qty=0.1, side=OrderSide.BUY, limit_price=price) for n in range(2)]
    cancelled = trading.cancel_orders()
    position = trading.get_open_position("BTCUSD")
    refusals = {
        "twice": _refused(lambda: submit(MarketOrderRequest, "bought", qty=0.02, side=OrderSide.BUY)),
        "unknown": _refused(trading.get_order_by_client_id, "nobody's"),
        "too late": _refused(trading.cancel_order_by_id, moved.id),
        "too much": _refused(lambda: submit(MarketOrderRequest, "sold", qty=9, side=OrderSide.SELL)),
        "no position": _refused(trading.get_open_position, "AAPL"),
    }
    for seen in (crypto, stocks):
        for kind in seen.came:
            seen.wait(kind)
    # All that was said of orders before this one has come when its fill has.
    submit(MarketOrderRequest, "last", qty=0.001, side=OrderSide.BUY)
    deadline = threading.Event()
    for _ in range(_ENOUGH_S * 10):
        if any(one.order.client_order_id == "last" and one.event == "fill" for one in updates.all):
            break
        deadline.wait(0.1)
    book, quote, stock = crypto.first["book"], crypto.first["quote"], stocks.first["quote"]
    events: dict[str, list[str]] = {}
    for one in updates.all:
        events.setdefault(one.order.client_order_id, []).append(str(getattr(one.event, "value", one.event)))
    saw = {
        "cash": cash,
        "replaces": str(moved.replaces) == str(resting.id),
        "listed": [one.client_order_id for one in listed],
        "by_id": by_id.limit_price,
        "by_client": [by_client.status.value, str(by_client.replaced_by) == str(moved.id)],
        "position": position.qty,
        "bought": bought.status.value,
        "filled": trading.get_order_by_id(bought.id).status.value,
        "cancelled": sorted(str(one.id) for one in cancelled) == sorted(str(one.id) for one in others),
        "refusals": refusals,
        "events": events,
        "fills": len(trading.get("/account/activities/FILL")),
        "book": [book.reset, len(book.bids) > 10, book.bids[0].price < book.asks[0].price],
        "quotes": [quote.bid_price < quote.ask_price, stock.bid_price < stock.ask_price, stock.bid_size >= 1],
        "years": [crypto.first["trade"].timestamp.year, stocks.first["trade"].timestamp.year],
        "probes": probes,
    }
    print(json.dumps(saw), flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
