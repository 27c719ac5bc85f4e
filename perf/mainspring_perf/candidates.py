"""The candidates of each seam: whatever is installed and can run here, ours and strangers' alike."""

import importlib.metadata
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import msgspec

from mainspring.host.guard import calling
from mainspring.host.offers import Offer, why_unusable
from mainspring.host.registry import OURS, Registry
from mainspring.seams import PROJECT

__all__ = ["allow_only", "allowed", "candidates", "make", "options_of", "registry", "unusable", "usable"]

_FIGURE = 1000

_only: list[tuple[str, ...]] = []


def allow_only(distributions: Iterable[str]) -> None:
    """From now on only plugins of these distributions are measured, and only they are imported. None named: all."""
    _only[:] = [tuple(distributions)] if distributions else []
    registry.cache_clear()


def allowed() -> tuple[str, ...]:
    """The distributions whose plugins are measured: by default every one that is installed."""
    if _only:
        return _only[0]
    points = importlib.metadata.entry_points(group=PROJECT)
    there = {point.dist.name for point in points if point.dist is not None}
    return (*OURS, *sorted(there - set(OURS)))


@cache
def registry() -> Registry:
    """What is installed and allowed. Raises `PluginLoadError` where one of them is broken."""
    return Registry.load(allowed())


def candidates(seam: str) -> list[Offer]:
    """The offers for a seam that can run here, by name."""
    return [offer for _, offer in sorted(registry().offers(seam).items()) if not why_unusable(offer.needs)]


def unusable(seam: str) -> dict[str, str]:
    """The offers for a seam that can't run here, with the reason."""
    reasons = {name: why_unusable(offer.needs) for name, offer in sorted(registry().offers(seam).items())}
    return {name: why for name, why in reasons.items() if why}


def usable(seam: str, name: str) -> Callable[..., Any] | None:
    """The factory of a plugin; None where it isn't installed or can't run here."""
    offer = registry().offers(seam).get(name)
    return None if offer is None or why_unusable(offer.needs) else offer.factory


def make(offer: Offer, *arguments: object, options: msgspec.Struct | None = None) -> Any:
    """What an offer's factory makes, with these options or its own defaults. An error names the plugin."""
    with calling(offer, "be made for a benchmark"):
        if offer.options is None:
            return offer.factory(*arguments)
        return offer.factory(*arguments, options=options or options_of(offer))


def options_of(offer: Offer) -> msgspec.Struct:
    """The options of an offer, as the conformance kit fills them: the defaults, and 1000 for what has none."""
    assert offer.options is not None
    needed = [field.encode_name for field in msgspec.structs.fields(offer.options) if field.required]
    return msgspec.convert(dict.fromkeys(needed, _FIGURE), offer.options)
