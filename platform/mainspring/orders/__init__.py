"""Order states, and the log that records them."""

from mainspring.model import (
    CancelRequested,
    Discrepancy,
    DiscrepancyCleared,
    LogRecord,
    MarkedUnknown,
    ReplaceRequested,
    RequestApproved,
    RequestRefused,
    SessionStarted,
    SubmitRequested,
)
from mainspring.orders.ids import (
    MAX_CLIENT_ORDER_ID,
    ClientOrderId,
    client_order_id,
    live_session_part,
    parse_client_order_id,
    replay_session_part,
)
from mainspring.orders.lifecycle import LIFECYCLE, LifecycleEvent, OrderState
from mainspring.orders.log import EncodedRecords, OrderLog, Sink, unwritable_log
from mainspring.orders.log_file import OrderLogFile, read_order_log
from mainspring.orders.log_header import LOG_VERSION, Header, LoggedInstrument, decode_header
from mainspring.orders.open_lots import OpenLots
from mainspring.orders.order import Order
from mainspring.orders.tracker import DISCREPANCY, ORDER_UNKNOWN, OrderTracker

__all__ = [
    "DISCREPANCY",
    "LIFECYCLE",
    "LOG_VERSION",
    "MAX_CLIENT_ORDER_ID",
    "ORDER_UNKNOWN",
    "CancelRequested",
    "ClientOrderId",
    "Discrepancy",
    "DiscrepancyCleared",
    "EncodedRecords",
    "Header",
    "LifecycleEvent",
    "LogRecord",
    "LoggedInstrument",
    "MarkedUnknown",
    "OpenLots",
    "Order",
    "OrderLog",
    "OrderLogFile",
    "OrderState",
    "OrderTracker",
    "ReplaceRequested",
    "RequestApproved",
    "RequestRefused",
    "SessionStarted",
    "Sink",
    "SubmitRequested",
    "client_order_id",
    "decode_header",
    "live_session_part",
    "parse_client_order_id",
    "read_order_log",
    "replay_session_part",
    "unwritable_log",
]
