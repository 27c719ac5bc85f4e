"""Answers Binance's REST requests from an exchange: a request and a time in, a value out."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, TypeAlias

from mainspring.model import Instrument, Side
from mainspring.session.live.venue.binance.checks import Checks, mandatory
from mainspring.session.live.venue.binance.forms import number, order_form, trade_form
from mainspring.session.live.venue.binance.market import OF_MARKET, Market
from mainspring.session.live.venue.binance.security import RefusedError
from mainspring.session.live.venue.exchange import Exchange, VenueOrder

__all__ = ["Rest"]

_Fields: TypeAlias = Mapping[str, str]
_NS_IN_MS: Final = 1_000_000
_MOST_TRADES: Final = 1_000
_DAY_MS: Final = 86_400_000
_WEEK_MS: Final = 7 * _DAY_MS


class Rest:
    """Market data, orders, trades and the account of an exchange. Who asks was checked before."""

    def __init__(self, instruments: Sequence[Instrument], exchange: Exchange, market: Market) -> None:
        self._instruments = tuple(instruments)
        self._exchange = exchange
        self._market: Market = market
        self._checks = Checks(instruments, exchange, market)
        self.last_ids = [0] * len(instruments)
        """The number of each book's last change, as it was said last."""

    def respond(self, method: str, path: str, fields: _Fields, now_ns: int) -> Any:
        """Answers a request of a `method` and a `path` behind the market's prefix. Raises `RefusedError`."""
        spot = self._market == "spot"
        name = path if spot else path.partition("/")[2]
        answers: dict[tuple[str, str], Callable[[], Any]] = {
            ("GET", "time"): lambda: {"serverTime": now_ns // _NS_IN_MS},
            ("GET", "ping"): dict,
            ("GET", "exchangeInfo"): self._rules,
            ("GET", "depth"): lambda: self._depth(fields, now_ns),
            ("GET", "order"): lambda: self._form(self._found(fields, -2013, "Order does not exist.")),
            ("GET", "openOrders"): lambda: self._open_orders(fields),
            ("GET", "account"): self._account,
            ("GET", "myTrades"): lambda: self._trades(fields, now_ns),
            ("GET", "userTrades"): lambda: self._trades(fields, now_ns),
            ("GET", "balance"): self._balance,
            ("GET", "positionRisk"): self._positions,
            ("POST", "order"): lambda: self._submit(fields, now_ns),
            ("PUT", "order"): lambda: self._modify(fields, now_ns),
            ("DELETE", "order"): lambda: self._cancel(fields, now_ns),
            ("POST", "order/cancelReplace"): lambda: self._cancel_replace(fields, now_ns),
        }
        return answers[method, name]()

    def _form(self, order: VenueOrder) -> dict[str, Any]:
        return order_form(self._instruments[order.asked.instrument], order, self._market)

    def _submit(self, fields: _Fields, now_ns: int) -> dict[str, Any]:
        checked = self._checks.new_order(fields, now_ns)
        self._checks.unused(checked.name)
        self._checks.afford(checked.order)
        order = self._exchange.submit(checked.order, checked.name, checked.in_force, now_ns)
        done = self._exchange.orders[order.id]
        if done.status == "rejected":
            spot = (-2010, "Order would immediately match and take.")
            usdm = (-5022, "Due to the order could not be executed as maker, the Post Only order will be rejected.")
            raise RefusedError(*(spot if self._market == "spot" else usdm))
        form = self._form(done)
        return form | {"transactTime": form["updateTime"]} if self._market == "spot" else form

    def _modify(self, fields: _Fields, now_ns: int) -> dict[str, Any]:
        order = self._open(fields)
        place, asked = order.asked.instrument, order.asked
        price_ticks, size_lots = self._checks.price(place, fields), self._checks.size(place, fields)
        if mandatory(fields, "side") != asked.side.name:
            raise RefusedError(-4024, "Invalid side.")
        if asked.kind != "limit":
            raise RefusedError(-5021, "Only a limit order can be modified.")
        if (price_ticks, size_lots) == (asked.price_ticks, asked.size_lots):
            raise RefusedError(-5027, "No need to modify the order.")
        amended = size_lots > order.filled_lots and self._exchange.amend(order, price_ticks, size_lots, now_ns)
        order = self._exchange.orders[order.id]
        if not amended and not order.ended:
            # Of what is filled already nothing can stand, nor can a post-only order that would trade.
            self._exchange.cancel(order, now_ns)
        return self._form(self._exchange.orders[order.id])

    def _cancel(self, fields: _Fields, now_ns: int) -> dict[str, Any]:
        order = self._open(fields)
        cancel_id = self._checks.name(fields, "newClientOrderId")
        return self._cancelled(order, cancel_id, now_ns)

    def _cancelled(self, order: VenueOrder, cancel_id: str, now_ns: int) -> dict[str, Any]:
        self._exchange.cancel(order, now_ns, cancel_id)
        form = self._form(self._exchange.orders[order.id])
        if self._market == "usdm":
            return form
        return form | {"origClientOrderId": order.client_order_id, "clientOrderId": cancel_id}

    def _cancel_replace(self, fields: _Fields, now_ns: int) -> dict[str, Any]:
        mode = mandatory(fields, "cancelReplaceMode")
        if mode not in ("STOP_ON_FAILURE", "ALLOW_FAILURE"):
            raise RefusedError(-1145, "Invalid cancelReplaceMode.")
        # The new order's form is checked before anything is cancelled, what it costs behind that.
        self._checks.new_order(fields, now_ns)
        which = {"symbol": fields["symbol"]}
        for ours, theirs in (("orderId", "cancelOrderId"), ("origClientOrderId", "cancelOrigClientOrderId")):
            if fields.get(theirs):
                which[ours] = fields[theirs]
        cancel, new, cancelled, placed = "SUCCESS", "SUCCESS", None, None
        try:
            order = self._open(which, fields.get("cancelRestrictions", ""))
            cancelled = self._cancelled(order, self._checks.name(fields, "cancelNewClientOrderId"), now_ns)
        except RefusedError as error:
            cancel, cancelled = "FAILURE", error.body
        if cancel == "FAILURE" and mode == "STOP_ON_FAILURE":
            new = "NOT_ATTEMPTED"
        else:
            try:
                placed = self._submit(fields, now_ns)
            except RefusedError as error:
                new, placed = "FAILURE", error.body
        parts = {"cancelResult": cancel, "newOrderResult": new}
        parts |= {"cancelResponse": cancelled, "newOrderResponse": placed}  # type: ignore[dict-item]
        if cancel == new == "SUCCESS":
            return parts
        if "SUCCESS" in (cancel, new):
            raise RefusedError(-2021, "Order cancel-replace partially failed.", 409, data=parts)
        raise RefusedError(-2022, "Order cancel-replace failed.", data=parts)

    def _open(self, fields: _Fields, restrictions: str = "") -> VenueOrder:
        order = self._found(fields, -2011, "Unknown order sent.")
        if order.ended:
            raise RefusedError(-2011, "Unknown order sent.")
        if restrictions == ("ONLY_NEW" if order.filled_lots else "ONLY_PARTIALLY_FILLED"):
            raise RefusedError(-2011, "Order was not canceled due to cancel restrictions.")
        return order

    def _found(self, fields: _Fields, code: int, message: str) -> VenueOrder:
        place = self._checks.place(fields)
        number_text, name = fields.get("orderId", ""), fields.get("origClientOrderId", "")
        if not number_text and not name:
            raise RefusedError(-1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!")
        if number_text:
            order = self._exchange.numbered(int(number_text)) if number_text.isdecimal() else None
        else:
            order_id = self._exchange.by_client.get(name)
            order = None if order_id is None else self._exchange.orders[order_id]
        # An order that was rejected was never there.
        if order is None or order.asked.instrument != place or order.status == "rejected":
            raise RefusedError(code, message)
        return order

    def _open_orders(self, fields: _Fields) -> list[dict[str, Any]]:
        place = self._checks.place(fields) if fields.get("symbol") else None
        orders = self._exchange.open_orders()
        return [self._form(one) for one in orders if place in (None, one.asked.instrument)]

    def _trades(self, fields: _Fields, now_ns: int) -> list[dict[str, Any]]:
        place = self._checks.place(fields)
        given = {name: _whole(fields, name) for name in ("fromId", "orderId", "startTime", "endTime", "limit")}
        start_ms, end_ms = given["startTime"], given["endTime"]
        longest_ms = _DAY_MS if self._market == "spot" else _WEEK_MS
        if start_ms is not None and end_ms is not None and not 0 <= end_ms - start_ms <= longest_ms:
            raise RefusedError(-1127, "More than %s hours between startTime and endTime." % (longest_ms // 3_600_000))
        trades = [
            fill
            for fill in self._exchange.executions
            if fill.order.asked.instrument == place
            if given["fromId"] is None or fill.number >= given["fromId"]
            if given["orderId"] is None or fill.order.asked.order_id == given["orderId"]
            if start_ms is None or fill.time_ns // _NS_IN_MS >= start_ms
            if end_ms is None or fill.time_ns // _NS_IN_MS <= end_ms
        ]
        limit = min(given["limit"] or 500, _MOST_TRADES)
        # Without a beginning, it is the last ones.
        some = trades[-limit:] if given["fromId"] is None and start_ms is None else trades[:limit]
        return [trade_form(self._instruments[place], fill, self._market) for fill in some]

    def _account(self) -> dict[str, Any]:
        exchange, ledger = self._exchange, self._exchange.ledger
        held = exchange.held_cash()
        quote = self._instruments[0].symbol.partition("/")[2]
        balances = [{"asset": quote, "free": number(ledger.cash - held), "locked": number(held)}]
        for place, one in enumerate(self._instruments):
            locked = exchange.held_lots(place)
            free = ledger.position_lots[place] - locked
            base, lot = one.symbol.partition("/")[0], one.lot_size
            balances.append({"asset": base, "free": number(lot * free), "locked": number(lot * locked)})
        flags = {"canTrade": True, "canWithdraw": False, "canDeposit": False, "accountType": "SPOT"}
        return {"makerCommission": 0, "takerCommission": 0, **flags, "balances": balances, "permissions": ["SPOT"]}

    def _balance(self) -> list[dict[str, Any]]:
        ledger = self._exchange.ledger
        signs = [(lots > 0) - (lots < 0) for lots in ledger.position_lots]
        # What was paid for positions is in the wallet: it holds the profit that was made, and no more.
        wallet = ledger.cash + sum((sign * cost for sign, cost in zip(signs, ledger.cost, strict=True)), Decimal(0))
        quote = self._instruments[0].symbol.partition("/")[2]
        amounts = dict.fromkeys(
            ("balance", "crossWalletBalance", "availableBalance", "maxWithdrawAmount"), number(wallet)
        )
        return [{"accountAlias": "box", "asset": quote, **amounts, "crossUnPnl": "0", "marginAvailable": True}]

    def _positions(self) -> list[dict[str, Any]]:
        ledger, found = self._exchange.ledger, []
        for place, one in enumerate(self._instruments):
            lots = ledger.position_lots[place]
            if lots:
                size = one.lot_size * lots
                entry = ledger.cost[place] / abs(size)
                mark = one.tick_size * self._exchange.market.books[place].bbo().bid_ticks
                figures = {"entryPrice": number(entry), "markPrice": number(mark), "notional": number(size * mark)}
                profit = number(size * (mark - entry))
                found.append(
                    {
                        "symbol": one.venue_symbol,
                        "positionSide": "BOTH",
                        "positionAmt": number(size),
                        **figures,
                        "unRealizedProfit": profit,
                    }
                )
        return found

    def _depth(self, fields: _Fields, now_ns: int) -> dict[str, Any]:
        place = self._checks.place(fields)
        limit = _whole(fields, "limit") or (100 if self._market == "spot" else 500)
        one, book = self._instruments[place], self._exchange.market.books[place]
        rows = {
            name: [
                [number(one.tick_size * ticks), number(one.lot_size * lots)] for ticks, lots in book.depth(side, limit)
            ]
            for name, side in (("bids", Side.BUY), ("asks", Side.SELL))
        }
        times = {} if self._market == "spot" else dict.fromkeys(("E", "T"), now_ns // _NS_IN_MS)
        return {"lastUpdateId": self.last_ids[place], **times, **rows}

    def _rules(self) -> dict[str, Any]:
        rules = OF_MARKET[self._market]
        weight = {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1}
        orders = {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10}
        limits = [{**weight, "limit": rules.weight_per_minute}, {**orders, "limit": rules.orders_per_10s}]
        return {"timezone": "UTC", "rateLimits": limits, "symbols": [self._symbol(one) for one in self._instruments]}

    @staticmethod
    def _symbol(one: Instrument) -> dict[str, Any]:
        base, _, quote = one.symbol.partition("/")
        tick, lot = f"{one.tick_size:f}", f"{one.lot_size:f}"
        filters = [
            {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": "10000000", "tickSize": tick},
            {"filterType": "LOT_SIZE", "minQty": lot, "maxQty": "9000", "stepSize": lot},
        ]
        names = {"symbol": one.venue_symbol, "status": "TRADING", "baseAsset": base, "quoteAsset": quote}
        return {**names, "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET"], "filters": filters}


def _whole(fields: _Fields, name: str) -> int | None:
    text = fields.get(name)
    if text is None:
        return None
    if not text.isdecimal():
        raise RefusedError(-1100, f"Illegal characters found in parameter '{name}'; legal range is '^[0-9]{{1,20}}$'.")
    return int(text)
