"""Venue message formats as declarations, and the Python decoder that compiles and runs them.

A declaration is plain, frozen data: `WireFeed` holds all of it and is what a feed plugin registers.
"""

from mainspring.wire.cause import Cause
from mainspring.wire.feed import WireFeed, python_decoder
from mainspring.wire.fields import (
    Choice,
    Flag,
    Integer,
    Levels,
    Millis,
    Nanos,
    Number,
    Price,
    Range,
    Rfc3339,
    Size,
    Text,
    Time,
)
from mainspring.wire.formats import (
    Chained,
    Contiguous,
    Format,
    RestSnapshot,
    Sequencing,
    StreamName,
    Subscribe,
    Unsequenced,
)
from mainspring.wire.frames import FrameDecoder, FrameEvent, encode_frame
from mainspring.wire.listing import Listing
from mainspring.wire.messages import (
    BarMessage,
    ControlMessage,
    DeltaMessage,
    MarketMessage,
    Message,
    QuoteMessage,
    SnapshotMessage,
    StatusMessage,
    TradeMessage,
)

__all__ = [
    "BarMessage",
    "Cause",
    "Chained",
    "Choice",
    "Contiguous",
    "ControlMessage",
    "DeltaMessage",
    "Flag",
    "Format",
    "FrameDecoder",
    "FrameEvent",
    "Integer",
    "Levels",
    "Listing",
    "MarketMessage",
    "Message",
    "Millis",
    "Nanos",
    "Number",
    "Price",
    "QuoteMessage",
    "Range",
    "RestSnapshot",
    "Rfc3339",
    "Sequencing",
    "Size",
    "SnapshotMessage",
    "StatusMessage",
    "StreamName",
    "Subscribe",
    "Text",
    "Time",
    "TradeMessage",
    "Unsequenced",
    "WireFeed",
    "encode_frame",
    "python_decoder",
]
