"""Opens the connections that a plan asks for."""

import ssl
import time
from collections.abc import Callable

from mainspring.errors import ConfigError
from mainspring.host.connecting import find_credentials
from mainspring.host.plan import Plan
from mainspring.seams import Codec
from mainspring.session.live.feed_links import FeedLinks
from mainspring.session.live.link import Sink
from mainspring.session.live.websocket import Dial, dial
from mainspring.wire import FrameDecoder, WireFeed

__all__ = ["open_links", "trusting"]


def open_links(
    plan: Plan,
    declared: WireFeed,
    decoder: object,
    codec: Codec,
    sink: Sink,
    *,
    first_index: int = 0,
    tell: Callable[[str], None] = lambda _said: None,
    connect: Dial = dial,
) -> FeedLinks:
    """Returns the connections of a plan's feed, not made yet. Raises `ConfigError` if it can't connect.

    `decoder` is the feed's, which may decode frames too. `first_index` is the index of its first instrument in the
    lane. `tell` and `connect` are those of `FeedLinks`.
    """
    options = plan.source.connect
    assert options is not None
    try:
        return FeedLinks(
            declared,
            plan.instruments,
            codec,
            sink,
            encoding=plan.source.encoding,
            tls=trusting(options.trust),
            seed=time.time_ns(),
            options=options,
            credentials=find_credentials(plan.feed.plugin),
            first_index=first_index,
            frames=getattr(decoder, "frames", FrameDecoder),
            tell=tell,
            connect=connect,
        )
    except ConfigError as error:
        raise ConfigError(f"the feed {plan.feed.plugin!r} can't connect: {error}") from error


def trusting(pem: str = "") -> ssl.SSLContext:
    """A TLS context that verifies certificates and names, and trusts those of a PEM file besides the system's.

    Raises `ConfigError` if the file holds none.
    """
    context = ssl.create_default_context()
    # A connection is read and written by turns that don't wait for each other.
    context.options |= ssl.OP_NO_RENEGOTIATION
    if pem:
        try:
            context.load_verify_locations(cafile=pem)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"{pem}: no certificates can be read from it: {error}") from error
    return context
