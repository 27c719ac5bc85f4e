"""The seams where plugins fit: one module each, with its Protocol, its hook and the whole contract in docstrings."""

from mainspring.seams.book import Book, OrderBook, register_books
from mainspring.seams.catalogue import NO_CAPABILITIES, PROJECT, Capabilities, Catalogue, Needs, hookimpl, hookspec
from mainspring.seams.codec import (
    MAX_ENCODED_DEPTH,
    MAX_JSON_DEPTH,
    MAX_MESSAGE_BYTES,
    MAX_MSGPACK_DEPTH,
    Codec,
    register_codecs,
)
from mainspring.seams.decoder import CaptureBlocks, Decoder, FuseContext, Fused, Reaction, RunTrading, register_decoders
from mainspring.seams.feed import (
    Feed,
    FeedContext,
    FeedStatistics,
    RawMessage,
    ResyncRequest,
    Source,
    register_feeds,
)
from mainspring.seams.files import FileOption, OutputOption, file_options, writing_to
from mainspring.seams.journal import Journal, register_journals
from mainspring.seams.latency import LatencyContext, LatencyModel, register_latencies
from mainspring.seams.market import (
    AccountView,
    BookView,
    MarketStatistics,
    MarketView,
    OpenOrder,
    OrdersView,
    PositionView,
)
from mainspring.seams.queue import QueueModel, register_queues
from mainspring.seams.records import Records, register_records
from mainspring.seams.risk import ClockReading, Lots, RiskCheck, RiskSession, register_risk_checks
from mainspring.seams.router import NEVER_NS, AnsweringRouter, Router, RouterContext, RouterReport, register_routers
from mainspring.seams.slippage import SlippageModel, register_slippage
from mainspring.seams.strategy import (
    CALLBACKS,
    BarSeries,
    Callbacks,
    Session,
    State,
    Strategy,
    Timer,
    register_strategies,
)
from mainspring.seams.strategy_market import OrderGroup, OrderHandle, StrategyMarket
from mainspring.seams.table import SEAMS, Scaffold, Seam, raced_slots

__all__ = [
    "CALLBACKS",
    "MAX_ENCODED_DEPTH",
    "MAX_JSON_DEPTH",
    "MAX_MESSAGE_BYTES",
    "MAX_MSGPACK_DEPTH",
    "NEVER_NS",
    "NO_CAPABILITIES",
    "PROJECT",
    "SEAMS",
    "AccountView",
    "AnsweringRouter",
    "BarSeries",
    "Book",
    "BookView",
    "Callbacks",
    "Capabilities",
    "CaptureBlocks",
    "Catalogue",
    "ClockReading",
    "Codec",
    "Decoder",
    "Feed",
    "FeedContext",
    "FeedStatistics",
    "FileOption",
    "FuseContext",
    "Fused",
    "Journal",
    "LatencyContext",
    "LatencyModel",
    "Lots",
    "MarketStatistics",
    "MarketView",
    "Needs",
    "OpenOrder",
    "OrderBook",
    "OrderGroup",
    "OrderHandle",
    "OrdersView",
    "OutputOption",
    "PositionView",
    "QueueModel",
    "RawMessage",
    "Reaction",
    "Records",
    "ResyncRequest",
    "RiskCheck",
    "RiskSession",
    "Router",
    "RouterContext",
    "RouterReport",
    "RunTrading",
    "Scaffold",
    "Seam",
    "Session",
    "SlippageModel",
    "Source",
    "State",
    "Strategy",
    "StrategyMarket",
    "Timer",
    "file_options",
    "hookimpl",
    "hookspec",
    "raced_slots",
    "register_books",
    "register_codecs",
    "register_decoders",
    "register_feeds",
    "register_journals",
    "register_latencies",
    "register_queues",
    "register_records",
    "register_risk_checks",
    "register_routers",
    "register_slippage",
    "register_strategies",
    "writing_to",
]
