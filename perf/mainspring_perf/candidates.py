"""Finds the candidates of each seam: every installed plugin that can run here, built-in or third-party."""

import importlib.metadata
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import msgspec

from mainspring.host.guard import calling
from mainspring.host.offers import Offer, why_unusable
from mainspring.host.registry import OURS, Registry
from mainspring.seams import PROJECT
from mainspring.testing import sample_options

__all__ = ["allow_only", "allowed", "candidates", "make", "options_of", "registry", "unusable", "usable"]

_only: list[tuple[str, ...]] = []


def allow_only(distributions: Iterable[str]) -> None:
    """Measures and imports only plugins of these distributions from now on; an empty list lifts the restriction."""
    _only[:] = [tuple(distributions)] if distributions else []
    registry.cache_clear()


def allowed() -> tuple[str, ...]:
    """Returns the distributions whose plugins are measured: by default, every installed one."""
    if _only:
        return _only[0]
    points = importlib.metadata.entry_points(group=PROJECT)
    there = {point.dist.name for point in points if point.dist is not None}
    return (*OURS, *sorted(there - set(OURS)))


@cache
def registry() -> Registry:
    """Loads what is installed and allowed. Raises `PluginLoadError` if a plugin is broken."""
    return Registry.load(allowed())


def candidates(seam: str) -> list[Offer]:
    """Returns the offers for a seam that can run here, sorted by name."""
    return [offer for _, offer in sorted(registry().offers(seam).items()) if not why_unusable(offer.needs)]


def unusable(seam: str) -> dict[str, str]:
    """Returns the offers for a seam that can't run here, with the reason."""
    reasons = {name: why_unusable(offer.needs) for name, offer in sorted(registry().offers(seam).items())}
    return {name: why for name, why in reasons.items() if why}


def usable(seam: str, name: str) -> Callable[..., Any] | None:
    """Returns a plugin's factory, or None if it isn't installed or can't run here."""
    offer = registry().offers(seam).get(name)
    return None if offer is None or why_unusable(offer.needs) else offer.factory


def make(offer: Offer, *arguments: object, options: msgspec.Struct | None = None) -> Any:
    """Calls an offer's factory with `options`, or with its defaults. An error names the plugin."""
    with calling(offer, "be made for a benchmark"):
        if offer.options is None:
            return offer.factory(*arguments)
        return offer.factory(*arguments, options=options or options_of(offer))


def options_of(offer: Offer) -> msgspec.Struct:
    """Returns an offer's options as the conformance kit fills them."""
    assert offer.options is not None
    return sample_options(offer.options)
