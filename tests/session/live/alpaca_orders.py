"""Lists an account's orders and positions with the official client, as a program of its own.

Its argument is the box's line of JSON. Prints, as one line of JSON, what was filled of each order by the client's id,
and the positions.
"""

import json
import sys

from alpaca.trading.client import TradingClient
from alpaca.trading.enums import QueryOrderStatus
from alpaca.trading.requests import GetOrdersRequest


def main(box):
    client = TradingClient("key-of-a-test", "secret-of-a-test", url_override=box["rest"])
    orders = client.get_orders(GetOrdersRequest(status=QueryOrderStatus.ALL, limit=500))
    filled = {one.client_order_id: str(one.filled_qty) for one in orders}
    positions = {one.symbol: one.qty for one in client.get_all_positions()}
    print(json.dumps({"orders": filled, "positions": positions}), flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
