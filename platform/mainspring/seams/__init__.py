"""The seams where plugins fit: one module each, with its Protocol, its hook and the whole contract in docstrings."""

from mainspring.seams.book import Book, register_books
from mainspring.seams.catalogue import NO_CAPABILITIES, PROJECT, Capabilities, Catalogue, Needs, hookimpl, hookspec
from mainspring.seams.codec import (
    MAX_ENCODED_DEPTH,
    MAX_JSON_DEPTH,
    MAX_MESSAGE_BYTES,
    MAX_MSGPACK_DEPTH,
    Codec,
    register_codecs,
)
from mainspring.seams.decoder import CaptureBlocks, Decoder, FuseContext, Fused, register_decoders
from mainspring.seams.feed import (
    Feed,
    FeedContext,
    FeedStatistics,
    RawMessage,
    ResyncRequest,
    Source,
    register_feeds,
)
from mainspring.seams.market import AccountView, MarketStatistics, MarketView
from mainspring.seams.risk import RiskCheck, register_risk_checks
from mainspring.seams.router import NEVER_NS, Router, RouterContext, register_routers
from mainspring.seams.slippage import SlippageModel, register_slippage
from mainspring.seams.strategy import OpenOrder, Orders, Strategy, Subscription, register_strategies
from mainspring.seams.table import SEAMS, Scaffold, Seam, raced_slots

__all__ = [
    "MAX_ENCODED_DEPTH",
    "MAX_JSON_DEPTH",
    "MAX_MESSAGE_BYTES",
    "MAX_MSGPACK_DEPTH",
    "NEVER_NS",
    "NO_CAPABILITIES",
    "PROJECT",
    "SEAMS",
    "AccountView",
    "Book",
    "Capabilities",
    "CaptureBlocks",
    "Catalogue",
    "Codec",
    "Decoder",
    "Feed",
    "FeedContext",
    "FeedStatistics",
    "FuseContext",
    "Fused",
    "MarketStatistics",
    "MarketView",
    "Needs",
    "OpenOrder",
    "Orders",
    "RawMessage",
    "ResyncRequest",
    "RiskCheck",
    "Router",
    "RouterContext",
    "Scaffold",
    "Seam",
    "SlippageModel",
    "Source",
    "Strategy",
    "Subscription",
    "hookimpl",
    "hookspec",
    "raced_slots",
    "register_books",
    "register_codecs",
    "register_decoders",
    "register_feeds",
    "register_risk_checks",
    "register_routers",
    "register_slippage",
    "register_strategies",
]
