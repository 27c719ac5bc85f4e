"""What an order may ask for besides side, size and price, and who does it: the venue, the lane, or nobody."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal

from mainspring.model import NewOrder

__all__ = [
    "EMULATED_TERMS",
    "NO_SESSION_HOURS",
    "TERMS",
    "USUAL_TERMS",
    "Handling",
    "handling_of",
    "native_terms",
    "terms_of",
    "unsupported",
]

Handling = Literal["native", "emulated", "refused"]
"""Who does it: "native", the venue; "emulated", the lane; "refused", nobody, so that such an order isn't sent."""

TERMS: Final[Mapping[str, str]] = {
    "ioc": "what can't trade at once is cancelled",
    "fok": "nothing trades unless all of it can at once",
    "day": "the order ends with the trading day",
    "gtd": "the order ends at a time",
    "post-only": "the order is rejected rather than take liquidity",
    "reduce-only": "the order brings the position nearer to zero, and never beyond",
}
"""The terms by name. A router's capability `terms` lists those that its venue does."""

USUAL_TERMS: Final = "ioc,fok,post-only"
"""The terms of a router that doesn't state any."""

EMULATED_TERMS: Final = frozenset({"day", "gtd", "reduce-only"})
"""What the lane does itself if the venue doesn't.

The others can't be emulated safely: an order that the venue doesn't know to be immediate, or passive, may rest or trade
before anything that we send after it arrives.
"""

NO_SESSION_HOURS: Final = "no-session-hours"
"""A day order where neither the config nor the feed says when the day ends."""


def native_terms(stated: object) -> frozenset[str]:
    """Returns the terms that a router's capability `terms` lists, as text with commas.

    Raises `ValueError`, which lists those that there are, for another one.
    """
    names = frozenset(name.strip() for name in str(stated).split(",") if name.strip())
    if unknown := sorted(names - TERMS.keys()):
        raise ValueError(f"its terms name {', '.join(unknown)}; there are {', '.join(TERMS)}")
    return names


def handling_of(term: str, native: Iterable[str]) -> Handling:
    """Returns who does a term where these are native."""
    if term in native:
        return "native"
    return "emulated" if term in EMULATED_TERMS else "refused"


def terms_of(order: NewOrder) -> list[str]:
    """Returns the terms that an order asks for."""
    found = [] if order.time_in_force == "gtc" else [str(order.time_in_force)]
    if order.post_only:
        found.append("post-only")
    if order.reduce_only:
        found.append("reduce-only")
    return found


def unsupported(term: str) -> str:
    """Returns the reason code of an order that is refused for a term."""
    return f"unsupported-{term}"
