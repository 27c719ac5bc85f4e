"""Wraps calls into plugins during planning and wiring, so that errors name the plugin and its distribution."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

import msgspec

from mainspring.errors import ConfigError, DataError, MainspringError, PluginError
from mainspring.host.offers import Offer
from mainspring.model import Instrument
from mainspring.plugin_calls import describe_exception, is_interrupt, isolated
from mainspring.seams import RawMessage

__all__ = ["bring_messages", "calling"]

_AT_A_TIME = 512


@contextmanager
def calling(offer: Offer, doing: str) -> Iterator[None]:
    """Wraps a call into a plugin. `doing` completes "can't ...": "be made", "find the instruments".

    The call is isolated: what the plugin prints goes to standard error, and it has its own decimal context. Errors
    about config, data and plugins pass unchanged. Any other error of ours, such as a size off the grid, becomes a
    `ConfigError` that names the plugin; all others, `sys.exit` included, become a `PluginError`.
    """
    what = f"the {offer.seam} {offer.name!r} of {offer.distribution} {offer.version} can't {doing}"
    try:
        with isolated():
            yield
    except (ConfigError, DataError, PluginError):
        raise
    except MainspringError as error:
        raise ConfigError(f"{what}: {error}. Change its options in the config, or the instrument.") from error
    except BaseException as error:
        if is_interrupt(error):
            raise
        raise PluginError(offer.distribution, f"{what}: {describe_exception(error)}") from error


def bring_messages(
    offer: Offer, instruments: tuple[Instrument, ...], options: msgspec.Struct | None
) -> Iterator[RawMessage]:
    """Yields the messages that a feed generates for the instruments, each made as in `calling`."""
    made: Iterator[RawMessage] | None = None
    while True:
        with calling(offer, "bring its messages"):
            made = iter(offer.factory.source(instruments, options)) if made is None else made
            some = list(islice(made, _AT_A_TIME))
        if not some:
            return
        yield from some
