"""The conformance kit: what plugin authors run on their own plugins. Needs no pytest.

Each `check_...` returns None where the contract is kept, and raises `mainspring.errors.ConformanceError` where it
isn't, with the rule that broke and the seed that reproduces it.
"""

from mainspring.testing.book import check_book
from mainspring.testing.codec import check_codec
from mainspring.testing.conformance import CheckOutcome, check_offer
from mainspring.testing.decoder import check_decoder
from mainspring.testing.feed import check_feed
from mainspring.testing.market import INSTRUMENT, FakeAccount, FakeMarket, FakeStatistics
from mainspring.testing.naive_book import NaiveBook
from mainspring.testing.plain_codecs import PlainJsonCodec, PlainMsgpackCodec, plain_codec
from mainspring.testing.risk import check_risk
from mainspring.testing.router import check_router
from mainspring.testing.slippage import check_slippage
from mainspring.testing.strategy import FakeOpenOrder, FakeOrders, check_strategy

__all__ = [
    "INSTRUMENT",
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
