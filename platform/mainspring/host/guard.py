"""Calls into plugins while a session is planned and wired: what goes wrong there names the plugin and whose it is."""

from collections.abc import Iterator
from contextlib import contextmanager

from mainspring.errors import ConfigError, DataError, MainspringError, PluginError
from mainspring.host.offers import Offer

__all__ = ["calling"]


@contextmanager
def calling(offer: Offer, doing: str) -> Iterator[None]:
    """Runs a call into a plugin; `doing` says what it was asked for: "be made", "find the instruments".

    Errors about config, data and plugins pass as they are. Another error of ours (a size off the grid) becomes a
    `ConfigError` that names the plugin, and anything else a `PluginError`.
    """
    what = f"the {offer.seam} {offer.name!r} of {offer.distribution} {offer.version} can't {doing}"
    try:
        yield
    except (ConfigError, DataError, PluginError):
        raise
    except MainspringError as error:
        raise ConfigError(f"{what}: {error}. Change its options in the config, or the instrument.") from error
    except Exception as error:
        raise PluginError(offer.distribution, f"{what}: {type(error).__name__}: {error}") from error
