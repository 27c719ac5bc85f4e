"""The conformance kit: plugin authors run it on their own plugins. It doesn't need pytest.

Each `check_...` returns None if the contract holds; otherwise it raises `mainspring.errors.ConformanceError` with the
broken rule and the seed that reproduces it.
"""

from mainspring.testing.book import check_book
from mainspring.testing.codec import check_codec
from mainspring.testing.conformance import CheckOutcome, check_offer
from mainspring.testing.decoder import check_decoder
from mainspring.testing.feed import check_feed
from mainspring.testing.market import INSTRUMENT, SECOND_INSTRUMENT, FakeAccount, FakeMarket, FakeStatistics
from mainspring.testing.naive_book import NaiveBook
from mainspring.testing.plain_codecs import PlainJsonCodec, PlainMsgpackCodec, plain_codec
from mainspring.testing.risk import check_risk
from mainspring.testing.router import check_router
from mainspring.testing.slippage import check_slippage
from mainspring.testing.strategy import FakeOpenOrder, FakeOrders, check_strategy

__all__ = [
    "INSTRUMENT",
    "SECOND_INSTRUMENT",
    "CheckOutcome",
    "FakeAccount",
    "FakeMarket",
    "FakeOpenOrder",
    "FakeOrders",
    "FakeStatistics",
    "NaiveBook",
    "PlainJsonCodec",
    "PlainMsgpackCodec",
    "check_book",
    "check_codec",
    "check_decoder",
    "check_feed",
    "check_offer",
    "check_risk",
    "check_router",
    "check_slippage",
    "check_strategy",
    "plain_codec",
]
