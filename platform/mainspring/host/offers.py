"""What plugins have offered: the offers, the catalogue that collects them, and whether they can run here."""

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

import msgspec

from hwprofile import instruction_sets
from mainspring.errors import DuplicatePlugin, PluginError
from mainspring.plugin_calls import describe_exception, is_interrupt, isolated
from mainspring.seams import SEAMS, Capabilities, Needs
from mainspring.seams.catalogue import NO_CAPABILITIES, NO_NEEDS

__all__ = ["Offer", "SeamCatalogue", "decode_options", "encodings_of", "freeze", "why_unusable"]

_NAME = {"-": re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*"), "_": re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")}
_JOINED_BY = {"-": "hyphens", "_": "underscores"}


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """An implementation that a distribution offers for a seam.

    `factory` is callable as the seam's hook says; a feed's factory may have attributes (see `seams.register_feeds`).
    """

    seam: str
    name: str
    factory: Any
    summary: str
    distribution: str
    version: str
    options: type[msgspec.Struct] | None = None
    needs: Needs = NO_NEEDS
    capabilities: Capabilities = NO_CAPABILITIES
    rank: int = 0
    build: str = ""


class SeamCatalogue:
    """Collects one distribution's offers for one seam. Implements `mainspring.seams.Catalogue`.

    `distribution` and `version` identify the plugin's distribution; `taken` holds all offers for the seam so far, by
    name.
    """

    def __init__(self, seam: str, distribution: str, version: str, taken: dict[str, Offer]) -> None:
        self._seam = seam
        self._distribution = distribution
        self._version = version
        self._taken = taken
        self._closed = False

    def add(
        self,
        name: str,
        factory: Callable[..., Any],
        *,
        summary: str,
        options: type[msgspec.Struct] | None = None,
        needs: Needs = NO_NEEDS,
        capabilities: Capabilities = NO_CAPABILITIES,
        rank: int = 0,
        build: str = "",
    ) -> None:
        """Adds an offer: see `mainspring.seams.Catalogue`."""
        where = f"{self._distribution} {self._version} offers {self._seam} {name!r}"
        if self._closed:
            raise PluginError(self._distribution, f"{where} after loading has ended; make the offer inside the hook")
        row = SEAMS[self._seam]
        if not _NAME[row.separator].fullmatch(name):
            style = _JOINED_BY[row.separator]
            raise PluginError(self._distribution, f"{where}: a name must be lower case with {style} between words")
        if not callable(factory):
            raise PluginError(self._distribution, f"{where}: its factory isn't callable")
        if not summary or "\n" in summary:
            raise PluginError(self._distribution, f"{where}: it needs a one-line summary")
        lacking = [key for key in row.required if key not in capabilities]
        if lacking:
            raise PluginError(self._distribution, f"{where}: required capabilities are missing: {', '.join(lacking)}")
        offer = Offer(
            seam=self._seam,
            name=name,
            factory=factory,
            summary=summary,
            distribution=self._distribution,
            version=self._version,
            options=options,
            needs=needs,
            capabilities=MappingProxyType(dict(capabilities)),
            rank=rank,
            build=build,
        )
        self._refuse_duplicate(offer)
        self._taken[name] = offer

    def close(self) -> None:
        """Ends loading: a later `add` is an error."""
        self._closed = True

    def _refuse_duplicate(self, offer: Offer) -> None:
        there = self._taken.get(offer.name)
        if there is not None:
            raise DuplicatePlugin(
                offer.distribution,
                f"two plugins claim the {offer.seam} {offer.name!r}: one of {there.distribution} {there.version}, "
                f"one of {offer.distribution} {offer.version}; take one of them out of [plugins] allow",
            )
        if not offer.rank:
            return
        key = SEAMS[offer.seam].ranked_by
        for other in self._taken.values():
            if other.rank == offer.rank and other.capabilities.get(key) == offer.capabilities.get(key):
                raise DuplicatePlugin(
                    offer.distribution,
                    f"two plugins of the seam {offer.seam} have rank {offer.rank}: {other.name!r} of "
                    f"{other.distribution} and {offer.name!r} of {offer.distribution}; give one of them another",
                )


def decode_options(offer: Offer, options: Mapping[str, Any]) -> msgspec.Struct | None:
    """Decodes a slot's further keys into the offer's options struct.

    Returns None if the offer takes no options and none are given. Raises `ValueError` that names what isn't accepted.
    """
    known = () if offer.options is None else offer.options.__struct_encode_fields__
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise ValueError(f"has no such option as the config gives: {', '.join(unknown)}")
    if offer.options is None:
        return None
    try:
        return msgspec.convert(dict(options), offer.options)
    except msgspec.ValidationError as error:
        raise ValueError(f"doesn't take the config's options: {error}") from error


def why_unusable(needs: Needs, *, have: Iterable[str] | None = None, platform: str = sys.platform) -> str | None:
    """Returns why an offer with these needs can't run here, with the remedy, or None if it can.

    `have` are the available instruction sets, by default this host's; `platform` is a value of `sys.platform`.
    """
    if needs.platforms and platform not in needs.platforms:
        return f"needs the platform {' or '.join(needs.platforms)}; this is {platform}"
    if needs.missing is not None:
        return f"can't be used: {needs.missing}"
    for package in needs.packages:
        problem = _why_not_importable(package)
        if problem is not None:
            return problem
    if needs.instruction_sets:
        missing = sorted(set(needs.instruction_sets) - set(instruction_sets() if have is None else have))
        if missing:
            return f"needs the instruction set {', '.join(missing)}, which this CPU lacks"
    return None


def _why_not_importable(package: str) -> str | None:
    """Imports the package, since one that is installed may still be broken: built for another Python, say."""
    try:
        with isolated():
            import_module(package)
    except BaseException as error:
        if is_interrupt(error):
            raise
        if (
            isinstance(error, ModuleNotFoundError)
            and error.name is not None
            and f"{package}.".startswith(f"{error.name}.")
        ):
            return f"needs the package {package}; install it (see the extras of the distribution)"
        return f"needs the package {package}, which can't be imported: {describe_exception(error)}; reinstall it"
    return None


def freeze(offers: Mapping[str, dict[str, Offer]]) -> Mapping[str, Mapping[str, Offer]]:
    """Returns the offers by seam and name, read-only."""
    return MappingProxyType({seam: MappingProxyType(dict(by_name)) for seam, by_name in offers.items()})


def encodings_of(feed: Offer) -> tuple[str, ...]:
    """The formats of a feed's messages."""
    return tuple(name.strip() for name in str(feed.capabilities.get("encodings", "json")).split(","))
