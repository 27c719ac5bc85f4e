"""Alpaca stocks: quotes, trades and their corrections, bars and statuses, over JSON or msgpack. There is no order book.

Limit bands ("l") and imbalances ("i") are counted as ignored.
"""

from decimal import Decimal

from mainspring.model import PRINT_EXTREMES, PRINT_LAST, PRINT_MATCH, PRINT_VOLUME
from mainspring.seams import Catalogue, hookimpl
from mainspring.wire import (
    CancelMessage,
    Choice,
    Conditions,
    Connection,
    CorrectionMessage,
    Format,
    Integer,
    Listing,
    Price,
    Print,
    QuoteMessage,
    RoundLots,
    Size,
    StatusMessage,
    Subscribe,
    Text,
    TradeMessage,
    WireFeed,
)
from mainspring_plugins.feeds._alpaca import BARS, CONTROLS, LOGIN, SYMBOL, TIME

__all__ = ["ALPACA_STOCKS", "register_feeds"]

_COUNTS = (
    # What a sale condition counts for is in the consolidated processing guidelines of the CTA and UTP plans, which
    # their specifications (CTS, UTDF) have and vendors tabulate. One that they use differently, as B (an average
    # price on tapes A and B, bunched on C), counts for the less of the two. The guidelines don't say what is a
    # match: that is by the conditions' definitions.
    # Odd lots, and trades outside of the session's hours: matches that are neither last, high nor low.
    *((code, PRINT_VOLUME | PRINT_MATCH) for code in ("I", "T")),
    # Average prices, cash, next day, seller, price variation, contingent and qualified contingent, extended
    # hours sold out of sequence: agreed elsewhere, and no price of now.
    *((code, PRINT_VOLUME) for code in ("B", "C", "H", "N", "R", "U", "V", "W", "7")),
    # Bunched sold, prior reference price, sold out of sequence, derivatively priced: late or derived. They count
    # for high and low, and as the last price only before any other of the day.
    *((code, PRINT_VOLUME | PRINT_EXTREMES) for code in ("G", "P", "Z", "4")),
    # Acquisition and distribution are agreed elsewhere, sold last is late, and yet each counts for all prices.
    *((code, PRINT_VOLUME | PRINT_LAST | PRINT_EXTREMES) for code in ("A", "D", "L")),
    # The official open and close are prices, no trades; so is the corrected close, which counts as one.
    *((code, 0) for code in ("M", "Q")),
    ("9", PRINT_LAST | PRINT_EXTREMES),
)

_QUOTE = QuoteMessage(
    when={"T": "q"},
    symbol=SYMBOL,
    event_time=TIME,
    bid_price=Price("bp", number=True),
    bid_size=Size("bs", number=True),
    ask_price=Price("ap", number=True),
    ask_size=Size("as", number=True),
    # The SIPs wrote quotes in round lots until the market data infrastructure rule changed these to 100, 40, 10 or 1
    # share by the price of the stock, and quotes to shares. Trades were always in shares.
    round_lots=RoundLots(units=(("BRK.A", 1), ("", 100)), before="2025-11-03T00:00:00-05:00"),
)

_TRADE = TradeMessage(
    when={"T": "t"},
    symbol=SYMBOL,
    event_time=TIME,
    trade_id=Integer("i"),
    price=Price("p", number=True),
    size=Size("s", number=True),
    conditions=Conditions("c", counts=_COUNTS),
)

_CORRECTION = CorrectionMessage(
    when={"T": "c"},
    symbol=SYMBOL,
    event_time=TIME,
    was=Print(
        trade_id=Integer("oi"),
        price=Price("op", number=True),
        size=Size("os", number=True),
        conditions=Conditions("oc", counts=_COUNTS),
    ),
    now=Print(
        trade_id=Integer("ci"),
        price=Price("cp", number=True),
        size=Size("cs", number=True),
        conditions=Conditions("cc", counts=_COUNTS),
    ),
)

_CANCEL = CancelMessage(
    when={"T": "x"},
    symbol=SYMBOL,
    event_time=TIME,
    was=Print(trade_id=Integer("i"), price=Price("p", number=True), size=Size("s", number=True)),
)

_STATUS = StatusMessage(
    when={"T": "s"},
    symbol=SYMBOL,
    event_time=TIME,
    code=Text("sc"),
    text=Text("sm", optional=True),
    # The CTA plans (tapes A and B) send 2 for a halt and 3 for a resumption, the UTP plan (tape C) H and T, and P for
    # a pause. Other codes are quotation periods and bands, and leave open whether it trades.
    trading=Choice("sc", values=(("2", 0), ("H", 0), ("P", 0), ("3", 1), ("T", 1)), otherwise=-1),
)

ALPACA_STOCKS = WireFeed(
    format=Format(messages=(_QUOTE, _TRADE, _CORRECTION, _CANCEL, *BARS, _STATUS, *CONTROLS), batch=True),
    connection=Connection(
        address="wss://stream.data.alpaca.markets/v2/iex",
        others={"sip": "wss://stream.data.alpaca.markets/v2/sip", "test": "wss://stream.data.alpaca.markets/v2/test"},
        subscribe=(
            Subscribe(
                message={
                    "action": "subscribe",
                    **{kind: ["{venue_symbol}"] for kind in ("trades", "quotes", "bars", "statuses")},
                }
            ),
        ),
        login=LOGIN,
    ),
    # Prices have at most four decimals below a dollar and two above; whole shares. Where a trade report of a fraction
    # of a share is to be taken, the instrument's lot size in the config says so.
    listing=Listing(tick_size=Decimal("0.0001"), lot_size=Decimal(1), settle_currency="USD"),
)


@hookimpl
def register_feeds(catalogue: Catalogue) -> None:
    """Offers `alpaca-stocks`."""
    catalogue.add(
        "alpaca-stocks",
        ALPACA_STOCKS,
        summary="Alpaca stocks: quotes, trades, bars, statuses",
        capabilities={"encodings": "json,msgpack", "books": False, "day_ends": "16:00 America/New_York"},
    )
