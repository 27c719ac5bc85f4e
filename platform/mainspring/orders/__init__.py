"""Order states, positions and profit, and the log that records them."""

from mainspring.orders.account import Account
from mainspring.orders.log import (
    Approved,
    CancelRequested,
    LogRecord,
    OrderLog,
    Refused,
    ReplaceRequested,
    Sink,
    SubmitRequested,
    read_order_log,
    unwritable_log,
)
from mainspring.orders.order import Order, OrderState
from mainspring.orders.pool import OrderPool
from mainspring.orders.queue import OrderQueue
from mainspring.orders.statement import AccountStatement, amount_text
from mainspring.orders.tracker import OrderTracker

__all__ = [
    "Account",
    "AccountStatement",
    "Approved",
    "CancelRequested",
    "LogRecord",
    "Order",
    "OrderLog",
    "OrderPool",
    "OrderQueue",
    "OrderState",
    "OrderTracker",
    "Refused",
    "ReplaceRequested",
    "Sink",
    "SubmitRequested",
    "amount_text",
    "read_order_log",
    "unwritable_log",
]
