"""Order states, and the log that records them."""

from mainspring.orders.discrepancy import Discrepancy
from mainspring.orders.ids import (
    MAX_CLIENT_ORDER_ID,
    ClientOrderId,
    client_order_id,
    live_session_part,
    parse_client_order_id,
    replay_session_part,
)
from mainspring.orders.lifecycle import LIFECYCLE, LifecycleEvent, OrderState
from mainspring.orders.log import (
    CancelRequested,
    DiscrepancyCleared,
    LogRecord,
    MarkedUnknown,
    OrderLog,
    ReplaceRequested,
    RequestApproved,
    RequestRefused,
    SessionStarted,
    Sink,
    SubmitRequested,
    read_order_log,
    unwritable_log,
)
from mainspring.orders.open_lots import OpenLots
from mainspring.orders.order import Order
from mainspring.orders.pool import OrderPool
from mainspring.orders.queue import OrderQueue
from mainspring.orders.tracker import DISCREPANCY, ORDER_UNKNOWN, OrderTracker

__all__ = [
    "DISCREPANCY",
    "LIFECYCLE",
    "MAX_CLIENT_ORDER_ID",
    "ORDER_UNKNOWN",
    "CancelRequested",
    "ClientOrderId",
    "Discrepancy",
    "DiscrepancyCleared",
    "LifecycleEvent",
    "LogRecord",
    "MarkedUnknown",
    "OpenLots",
    "Order",
    "OrderLog",
    "OrderPool",
    "OrderQueue",
    "OrderState",
    "OrderTracker",
    "ReplaceRequested",
    "RequestApproved",
    "RequestRefused",
    "SessionStarted",
    "Sink",
    "SubmitRequested",
    "client_order_id",
    "live_session_part",
    "parse_client_order_id",
    "read_order_log",
    "replay_session_part",
    "unwritable_log",
]
