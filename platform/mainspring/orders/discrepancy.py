"""Words of a venue about our orders that contradict what we know, and what the lane itself finds wrong."""

from typing import Final

from mainspring.model import Cancelled, Expired, Fill, OrderEvent, Rejected, Replaced

__all__ = [
    "ACKNOWLEDGED_TWICE",
    "AFTER_END",
    "BOTH_FILLED",
    "DUPLICATE_FILL",
    "MALFORMED",
    "NEVER_SENT",
    "OUTLIVED",
    "OVERFILL",
    "OVER_EXITED",
    "OVER_REDUCED",
    "REMAINING_MISMATCH",
    "UNACKNOWLEDGED",
    "UNKNOWN_ORDER",
    "UNPROTECTED",
    "UNREQUESTED",
    "WRONG_INSTRUMENT",
    "WRONG_SIDE",
    "describe_event",
]

UNKNOWN_ORDER: Final = "unknown-order"
"""About an order that we never had, or that ended long ago."""

NEVER_SENT: Final = "never-sent"
"""About an order of ours that hasn't been sent."""

UNACKNOWLEDGED: Final = "unacknowledged"
"""A fill, cancellation, expiry or replacement of an order that the venue hasn't accepted."""

ACKNOWLEDGED_TWICE: Final = "acknowledged-twice"
"""An acceptance or rejection of an order that the venue has accepted, or filled, before."""

AFTER_END: Final = "after-end"
"""Something about an order that has ended, other than the late answer to a cancel or replace."""

UNREQUESTED: Final = "unrequested"
"""An answer to a cancel or replace that wasn't sent, or was answered before."""

DUPLICATE_FILL: Final = "duplicate-fill"
"""A fill with the venue's id of an earlier fill of the same order. It isn't counted again."""

OVERFILL: Final = "overfill"
"""A fill of more than what was left. It counts whole."""

REMAINING_MISMATCH: Final = "remaining-mismatch"
"""A cancellation or expiry of another number of lots than what was left: a fill may be missing."""

WRONG_SIDE: Final = "wrong-side"
"""A fill on the other side than its order. It moves the position, but not the order."""

WRONG_INSTRUMENT: Final = "wrong-instrument"
"""Something about an order in another instrument than the order's. A fill moves the position there."""

MALFORMED: Final = "malformed"
"""A fill of no lots or at no price, or a replacement by no more than was filled. It isn't counted."""

OUTLIVED: Final = "outlived"
"""An order is open after the end of its time, since its cancel was rejected."""

OVER_REDUCED: Final = "over-reduced"
"""A fill of a reduce-only order that the venue doesn't know to be one turned the position."""

BOTH_FILLED: Final = "both-filled"
"""Both orders of a pair were filled, of which one was to cancel the other."""

OVER_EXITED: Final = "over-exited"
"""The exits of a bracket, or a stop, closed more than there was to close."""

UNPROTECTED: Final = "unprotected"
"""The order of a stop that was set off was refused or ended, and not all was closed."""


def describe_event(event: OrderEvent) -> str:
    """Says in a few words what the venue reported."""
    if isinstance(event, Fill):
        return f"a fill of {event.size_lots} lots at {event.price_ticks} ticks (fill {event.fill_id})"
    if isinstance(event, Rejected):
        return f"a rejected {event.request} request ({event.reason})"
    if isinstance(event, Replaced):
        return f"a replacement by {event.size_lots} lots at {event.price_ticks} ticks"
    if isinstance(event, Cancelled | Expired):
        what = "a cancellation" if isinstance(event, Cancelled) else "an expiry"
        return f"{what} of {event.remaining_lots} lots ({event.reason})"
    return "an acceptance"
