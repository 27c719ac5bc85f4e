"""The conformance kit: plugin authors run it on their own plugins. It doesn't need pytest.

Each `check_...` returns None if the contract holds; otherwise it raises `mainspring.errors.ConformanceError` with the
broken rule and the seed that reproduces it.
"""

from mainspring.testing.book import check_book
from mainspring.testing.codec import check_codec
from mainspring.testing.conformance import CheckOutcome, check_offer, sample_options
from mainspring.testing.decoder import check_decoder
from mainspring.testing.feed import check_feed
from mainspring.testing.hostile import CALM, Faults, HostileVenue, VenueOrder
from mainspring.testing.journal import check_journal
from mainspring.testing.latency import FixedLatency, check_latency
from mainspring.testing.market import INSTRUMENT, SECOND_INSTRUMENT, FakeAccount, FakeMarket, FakeStatistics
from mainspring.testing.naive_book import NaiveBook
from mainspring.testing.order_book import NaiveOrders, check_order_book
from mainspring.testing.plain_codecs import PlainJsonCodec, PlainMsgpackCodec, plain_codec
from mainspring.testing.queue import BackOfQueue, check_queue
from mainspring.testing.receiver import check_receiver
from mainspring.testing.records import check_records
from mainspring.testing.risk import check_risk
from mainspring.testing.risk_session import FakeOrder, FakeRiskSession
from mainspring.testing.router import check_router
from mainspring.testing.session import FakeSession
from mainspring.testing.slippage import check_slippage
from mainspring.testing.strategy import check_strategy

__all__ = [
    "CALM",
    "INSTRUMENT",
    "SECOND_INSTRUMENT",
    "BackOfQueue",
    "CheckOutcome",
    "FakeAccount",
    "FakeMarket",
    "FakeOrder",
    "FakeRiskSession",
    "FakeSession",
    "FakeStatistics",
    "Faults",
    "FixedLatency",
    "HostileVenue",
    "NaiveBook",
    "NaiveOrders",
    "PlainJsonCodec",
    "PlainMsgpackCodec",
    "VenueOrder",
    "check_book",
    "check_codec",
    "check_decoder",
    "check_feed",
    "check_journal",
    "check_latency",
    "check_offer",
    "check_order_book",
    "check_queue",
    "check_receiver",
    "check_records",
    "check_risk",
    "check_router",
    "check_slippage",
    "check_strategy",
    "plain_codec",
    "sample_options",
]
