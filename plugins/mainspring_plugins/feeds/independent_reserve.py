"""Independent Reserve: books of single orders. One message has an order's price in each currency of its base."""

from decimal import Decimal

from mainspring.seams import Catalogue, hookimpl
from mainspring.wire import (
    ORDER_CHANGES,
    ORDER_DELETES,
    Base,
    Choice,
    Connection,
    Contiguous,
    ControlMessage,
    DeltaMessage,
    Format,
    Integer,
    Joined,
    Levels,
    Listing,
    Millis,
    Price,
    Range,
    RestSnapshot,
    Rfc3339,
    Size,
    SnapshotMessage,
    Subscribe,
    Text,
    TradeMessage,
    WireFeed,
)

__all__ = ["INDEPENDENT_RESERVE", "register_feeds"]

_BASE = Base("Channel", after="orderbook-")
_TIME = Millis("Time")
_NONCE = Range(first="Nonce", last="Nonce")
_SIDE = Choice("OrderType", values=(("LimitBid", 1), ("LimitOffer", -1)))

INDEPENDENT_RESERVE = WireFeed(
    format=Format(
        messages=(
            DeltaMessage(
                when={"Event": "NewOrder", "Channel": "orderbook-*"},
                symbol=_BASE,
                event_time=_TIME,
                sequence=_NONCE,
                rows=Levels("Data", single=True, order="OrderGuid", price="Price.{quote}", size="Volume", side=_SIDE),
            ),
            DeltaMessage(
                when={"Event": "OrderChanged", "Channel": "orderbook-*"},
                symbol=_BASE,
                event_time=_TIME,
                sequence=_NONCE,
                # A change of an order that had gone when the snapshot was taken, and that was kept meanwhile.
                rows=Levels(
                    "Data",
                    single=True,
                    order="OrderGuid",
                    price="Price.{quote}",
                    size="Volume",
                    action=ORDER_CHANGES,
                    passes_unknown=True,
                ),
            ),
            DeltaMessage(
                when={"Event": "OrderCanceled", "Channel": "orderbook-*"},
                symbol=_BASE,
                event_time=_TIME,
                sequence=_NONCE,
                rows=Levels("Data", single=True, order="OrderGuid", action=ORDER_DELETES, passes_unknown=True),
            ),
            # The answer has no nonce: the messages that came while it was fetched are applied to it again.
            SnapshotMessage(
                has=("request", "data.BuyOrders"),
                symbol=Joined(("data.PrimaryCurrencyCode", "data.SecondaryCurrencyCode"), lower=True),
                event_time=Rfc3339("data.CreatedTimestampUtc"),
                bids=Levels("data.BuyOrders", order="Guid", price="Price", size="Volume"),
                asks=Levels("data.SellOrders", order="Guid", price="Price", size="Volume"),
                unnumbered=True,
            ),
            TradeMessage(
                when={"Event": "Trade", "Channel": "ticker-*"},
                symbol=Text("Channel", after="ticker-"),
                event_time=_TIME,
                trade_id=Integer("Nonce"),
                price=Price("Data.Price", number=True),
                size=Size("Data.Volume", number=True),
                # "Side" is the taker's.
                aggressor=Choice("Data.Side", values=(("Buy", 1), ("Sell", -1)), otherwise=0),
                rising_ids=True,
            ),
            ControlMessage(when={"Event": "Subscriptions"}, kind="subscription"),
            ControlMessage(when={"Event": "Error"}, kind="error", text=Text("Data")),
        ),
        sequencing=Contiguous(),
    ),
    resync=RestSnapshot(
        path="/Public/GetAllOrders?primaryCurrencyCode={venue_base}&secondaryCurrencyCode={venue_quote}"
    ),
    connection=Connection(
        address="wss://websockets.independentreserve.com",
        rest="https://api.independentreserve.com",
        subscribe=(
            Subscribe(message={"Event": "Subscribe", "Data": ["orderbook-{venue_base}", "ticker-{venue_symbol}"]}),
        ),
    ),
    listing=Listing(tick_size=Decimal("1E-8"), lot_size=Decimal("1E-8"), separator="-", lower=True),
)


@hookimpl
def register_feeds(catalogue: Catalogue) -> None:
    """Offers `independent-reserve`."""
    catalogue.add(
        "independent-reserve",
        INDEPENDENT_RESERVE,
        summary="Independent Reserve: books of orders, trades",
        capabilities={"recordings": "cryptofeed's, 1,670 messages"},
    )
