"""Order states, and the log that records them."""

from mainspring.model import (
    CancelRequested,
    Discrepancy,
    DiscrepancyCleared,
    GroupChanged,
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
from mainspring.orders.terms import (
    EMULATED_TERMS,
    NO_SESSION_HOURS,
    TERMS,
    USUAL_TERMS,
    Handling,
    handling_of,
    native_terms,
    terms_of,
    unsupported,
)
from mainspring.orders.tracker import DISCREPANCY, ORDER_UNKNOWN, OrderTracker
from mainspring.orders.trading_day import TradingDay

__all__ = [
    "DISCREPANCY",
    "EMULATED_TERMS",
    "LIFECYCLE",
    "LOG_VERSION",
    "MAX_CLIENT_ORDER_ID",
    "NO_SESSION_HOURS",
    "ORDER_UNKNOWN",
    "TERMS",
    "USUAL_TERMS",
    "CancelRequested",
    "ClientOrderId",
    "Discrepancy",
    "DiscrepancyCleared",
    "EncodedRecords",
    "GroupChanged",
    "Handling",
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
    "TradingDay",
    "client_order_id",
    "decode_header",
    "handling_of",
    "live_session_part",
    "native_terms",
    "parse_client_order_id",
    "read_order_log",
    "replay_session_part",
    "terms_of",
    "unsupported",
    "unwritable_log",
]
