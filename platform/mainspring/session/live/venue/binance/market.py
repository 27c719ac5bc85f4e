"""What differs between Binance spot and USD-M: paths, weights, limits, and the numbers of refusals."""

from typing import Final, Literal, TypeAlias

import msgspec

__all__ = ["MARKETS", "OF_MARKET", "Market", "MarketRules"]

Market: TypeAlias = Literal["spot", "usdm"]
MARKETS: Final[tuple[Market, ...]] = ("spot", "usdm")


class MarketRules(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of one market. `weights` are those of requests by method and path below `prefix`."""

    prefix: str
    weights: dict[tuple[str, str], int]
    weight_per_minute: int
    orders_per_10s: int
    user_stream: str


OF_MARKET: Final[dict[Market, MarketRules]] = {
    "spot": MarketRules(
        prefix="/api/v3/",
        weights={
            ("GET", "time"): 1,
            ("GET", "ping"): 1,
            ("GET", "exchangeInfo"): 20,
            ("GET", "depth"): 50,
            ("GET", "order"): 4,
            ("GET", "openOrders"): 6,
            ("GET", "account"): 20,
            ("GET", "myTrades"): 20,
            ("POST", "order"): 1,
            ("DELETE", "order"): 1,
            ("POST", "order/cancelReplace"): 1,
        },
        weight_per_minute=6_000,
        orders_per_10s=100,
        user_stream="/ws-api/v3",
    ),
    "usdm": MarketRules(
        prefix="/fapi/",
        weights={
            ("GET", "v1/time"): 1,
            ("GET", "v1/ping"): 1,
            ("GET", "v1/exchangeInfo"): 1,
            ("GET", "v1/depth"): 20,
            ("GET", "v1/order"): 1,
            ("GET", "v1/openOrders"): 1,
            ("GET", "v1/userTrades"): 5,
            ("GET", "v3/balance"): 5,
            ("GET", "v3/positionRisk"): 5,
            ("POST", "v1/listenKey"): 1,
            ("PUT", "v1/listenKey"): 1,
            ("DELETE", "v1/listenKey"): 1,
            # Orders count by their own limits.
            ("POST", "v1/order"): 0,
            ("PUT", "v1/order"): 0,
            ("DELETE", "v1/order"): 1,
        },
        weight_per_minute=2_400,
        orders_per_10s=300,
        user_stream="/private/ws",
    ),
}
