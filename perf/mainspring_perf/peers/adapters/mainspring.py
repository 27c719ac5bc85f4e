"""Mainspring in plain Python: the Python decoder, and the parts that run where nothing native is built."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec

from mainspring.model import Approved, Fill, Instrument, NewOrder, Side
from mainspring.orders import OpenLots
from mainspring.portfolio import Account, Position, Valuation
from mainspring.risk import Gate
from mainspring.seams import Book, FeedContext, Records, SlippageModel
from mainspring.testing import FakeMarket, FakeStatistics
from mainspring_perf.parts import book_sides, drive
from mainspring_perf.peers.contract import RECORDS_A_BATCH, Answer, Candidates, Inputs, Prepared
from mainspring_plugins.books.bisect_list import BisectListBook
from mainspring_plugins.codecs.orjson import OrjsonCodec
from mainspring_plugins.feeds.simulated import WHOLE_SPOT
from mainspring_plugins.records.python import PythonRecords
from mainspring_plugins.risk._limit import LimitOptions
from mainspring_plugins.risk.max_order_notional import MaxOrderNotional
from mainspring_plugins.risk.max_order_size import MaxOrderSize
from mainspring_plugins.slippage.square_root import SquareRootSlippage

__all__ = ["CANDIDATES", "estimates", "market_of", "playing", "read_instrument", "recording", "session_answer"]

_FIELDS = 9
"""Those of a fill that every record has; a fee that the venue reports in an amount comes after them."""


def read_instrument(inputs: Inputs) -> Instrument:
    """The inputs' instrument."""
    return msgspec.convert(inputs.read("instrument"), Instrument)


def book_answer(book: Book) -> Answer:
    """Every level of a book."""
    return dict(zip(("bids", "asks"), book_sides(book), strict=True))


def _bytes(inputs: Inputs) -> Prepared:
    messages, instrument = inputs.messages(), read_instrument(inputs)

    def run() -> tuple[Any, Any]:
        feed = WHOLE_SPOT(FeedContext((instrument,), OrjsonCodec()))
        book = BisectListBook(instrument)
        drive(feed, book, messages)
        return book, feed

    return Prepared(run, session_answer)


def session_answer(ended: tuple[Any, Any]) -> Answer:
    """The answer of a session that ended with this book and this feed."""
    book, feed = ended
    by_kind = feed.statistics().by_kind
    return {**book_answer(book), "quotes": by_kind["quote"], "trades": by_kind["trade"]}


def playing(make_book: Callable[..., Book], inputs: Inputs) -> Prepared:
    """The deltas of the inputs through a book."""
    deltas, instrument = inputs.deltas(), read_instrument(inputs)

    def run() -> tuple[Book, int]:
        book = make_book(instrument)
        apply_delta, bbo = book.apply_delta, book.bbo
        touch_sum = 0
        for bids, asks in deltas:
            apply_delta(bids, asks)
            best = bbo()
            touch_sum += best.bid_ticks + best.ask_ticks
        return book, touch_sum

    def answer(played: tuple[Book, int]) -> Answer:
        book, touch_sum = played
        return {**book_answer(book), "touch_sum": touch_sum}

    return Prepared(run, answer)


def _risk(inputs: Inputs) -> Prepared:
    instrument, given = read_instrument(inputs), inputs.read("orders")
    gate = Gate(
        [
            [
                ("max_order_size", MaxOrderSize(instrument, options=_limit(given["max_order_size"]))),
                ("max_order_notional", MaxOrderNotional(instrument, options=_limit(given["max_order_notional"]))),
            ]
        ]
    )
    bid_ticks, ask_ticks = given["touch"]
    market = FakeMarket(instrument, bids=[(bid_ticks, 1)], asks=[(ask_ticks, 1)])
    account = Account(Position(Valuation(instrument)), lambda: None, OpenLots())
    orders = [
        NewOrder(number, 0, Side(side), "limit", price_ticks, size_lots, 0)
        for number, (side, price_ticks, size_lots) in enumerate(given["orders"])
    ]

    def run() -> list[Any]:
        approve = gate.approve
        return [approve(order, market, account) for order in orders]

    def answer(verdicts: list[Any]) -> Answer:
        reasons = ["" if isinstance(one, Approved) else one.reason for one in verdicts]
        return {"verdicts": [reason.removeprefix("max_order_") for reason in reasons]}

    return Prepared(run, answer)


def _limit(text: str) -> LimitOptions:
    return LimitOptions(limit=Decimal(text))


def recording(make: Callable[[], Records], inputs: Inputs) -> Prepared:
    """The fills of the inputs, encoded and decoded a batch at a time."""
    fills = [
        Fill(order_id, instrument, time_ns, fill_id, Side(side), price_ticks, size_lots, maker, fee_ppb)
        for order_id, instrument, time_ns, fill_id, side, price_ticks, size_lots, maker, fee_ppb in inputs.read("fills")
    ]

    batches = [fills[at : at + RECORDS_A_BATCH] for at in range(0, len(fills), RECORDS_A_BATCH)]
    records = make()
    encode, decode = records.encode, records.decode

    def run() -> list[Any]:
        return [decode(encode(batch)) for batch in batches]

    def answer(decoded: list[Any]) -> Answer:
        return {"fills": [list(msgspec.structs.astuple(fill))[:_FIELDS] for batch, _ in decoded for fill in batch]}

    return Prepared(run, answer, f"{len(encode(fills)) / len(fills):.0f} bytes a record")


def market_of(inputs: Inputs) -> FakeMarket:
    """The market that estimates are asked for in."""
    given = inputs.read("slippage")
    bid_ticks, ask_ticks = given["touch"]
    return FakeMarket(
        read_instrument(inputs),
        bids=[(bid_ticks, given["level_lots"])],
        asks=[(ask_ticks, given["level_lots"])],
        statistics=FakeStatistics(
            volatility_per_day=given["volatility_per_day"],
            daily_volume_lots=given["daily_volume_lots"],
            spread_ticks=1.0,
        ),
    )


def estimates(model: SlippageModel, market: Any, inputs: Inputs) -> Prepared:
    """Returns the model's estimate in `market` for each order of the inputs."""
    orders = [
        NewOrder(number, 0, Side(side), "market", 0, size_lots, 0)
        for number, (side, size_lots) in enumerate(inputs.read("slippage")["orders"])
    ]

    def run() -> list[Any]:
        estimate = model.estimate
        return [estimate(order, market) for order in orders]

    return Prepared(run, lambda estimated: {"costs": [one.price for one in estimated]})


def _slippage(inputs: Inputs) -> Prepared:
    return estimates(SquareRootSlippage(read_instrument(inputs)), market_of(inputs), inputs)


CANDIDATES: Candidates = {
    "bytes": {"Python decoder, bisect-list": _bytes},
    "book": {"bisect-list": partial(playing, BisectListBook)},
    "risk": {"gate with two checks": _risk},
    "records": {"records in Python": partial(recording, PythonRecords)},
    "slippage": {"square-root": _slippage},
}
