"""Binance's two markets: where their interfaces are, what a request weighs, and how the account's events come."""

from typing import Final

import msgspec

from mainspring.wire import Connection, Login, Signature, Subscribe, TokenRequest

__all__ = ["SPOT", "USDM", "BinanceMarket"]


class BinanceMarket(msgspec.Struct, frozen=True, kw_only=True):
    """One of the markets: paths, and what requests weigh against the limit of a minute.

    `window_ms` is the longest span of trades that one request may ask for. `weight_per_minute` and `orders_per_10s`
    are the limits that Binance gives every account. `keepalive` is the path that keeps the events coming, empty if
    none is needed.
    """

    name: str
    rest: str
    connection: Connection
    time: str
    order: str
    order_weight: int
    open_orders: str
    open_orders_weight: int
    trades: str
    trades_weight: int
    window_ms: int
    balances: str
    balances_weight: int
    positions: str
    positions_weight: int
    weight_per_minute: int
    orders_per_10s: int
    keepalive: str = ""


# A listen key for spot is no longer given out: the account's events are subscribed to by a signed request.
SPOT: Final = BinanceMarket(
    name="binance-spot",
    rest="https://api.binance.com",
    connection=Connection(
        address="wss://ws-api.binance.com:443/ws-api/v3",
        login=Login(
            message={
                "id": "login",
                "method": "userDataStream.subscribe.signature",
                "params": {"apiKey": "{key}", "timestamp": "{time_ms}", "signature": "{signature}"},
            },
            accepted={"id": "login", "status": 200},
            refused={"id": "login", "error.msg": "*"},
            signature=Signature(payload="apiKey={key}&timestamp={time_ms}"),
        ),
        subscribe=(Subscribe(message={"id": "subscriptions", "method": "session.subscriptions"}),),
        ended={"event.e": "eventStreamTerminated"},
    ),
    time="/api/v3/time",
    order="/api/v3/order",
    order_weight=4,
    open_orders="/api/v3/openOrders",
    open_orders_weight=6,
    trades="/api/v3/myTrades",
    trades_weight=20,
    window_ms=86_400_000,
    balances="/api/v3/account",
    balances_weight=20,
    positions="/api/v3/account",
    positions_weight=20,
    weight_per_minute=6_000,
    orders_per_10s=100,
)

USDM: Final = BinanceMarket(
    name="binance-usdm",
    rest="https://fapi.binance.com",
    connection=Connection(
        address="wss://fstream.binance.com/private/ws?listenKey={token}",
        rest="https://fapi.binance.com",
        token=TokenRequest(path="/fapi/v1/listenKey", token_at="/listenKey"),  # noqa: S106  a path
        ended={"e": "listenKeyExpired"},
    ),
    time="/fapi/v1/time",
    order="/fapi/v1/order",
    order_weight=1,
    open_orders="/fapi/v1/openOrders",
    open_orders_weight=1,
    trades="/fapi/v1/userTrades",
    trades_weight=5,
    window_ms=7 * 86_400_000,
    balances="/fapi/v3/balance",
    balances_weight=5,
    positions="/fapi/v3/positionRisk",
    positions_weight=5,
    weight_per_minute=2_400,
    orders_per_10s=300,
    keepalive="/fapi/v1/listenKey",
)
