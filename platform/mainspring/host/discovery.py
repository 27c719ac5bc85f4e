"""Finds the distributions that have plugins, whatever state their metadata is in."""

import importlib.metadata
import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

import msgspec

from mainspring.errors import PluginLoadError
from mainspring.host.provenance import Ownership
from mainspring.plugin_calls import describe_exception
from mainspring.seams import PROJECT

__all__ = ["OURS", "Found", "canonical_name", "find_distributions"]

OURS: Final = ("mainspring", "mainspring-native")
"""Our own family of distributions: always allowed."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A distribution with entry points of our group."""

    name: str
    version: str
    entry_points: tuple[importlib.metadata.EntryPoint, ...]
    distribution: importlib.metadata.Distribution


def canonical_name(name: str) -> str:
    """The name as PEP 503 spells it: lower case, with hyphens."""
    return re.sub(r"[-_.]+", "-", name).lower()


def find_distributions(
    distributions: Iterable[importlib.metadata.Distribution], allowed: Collection[str]
) -> tuple[list[Found], list[str]]:
    """The distributions with plugins, by name, and warnings about those that were passed over.

    Of two with one name the first on the path counts, as it does for imports; of two with a name of ours, the one that
    the package of that name belongs to. `allowed` are canonical names. Raises `PluginLoadError` if the metadata of an
    allowed distribution can't be read.
    """
    found: dict[str, Found | None] = {}
    places: dict[str, Path] = {}
    warnings: list[str] = []
    for distribution in distributions:
        place = _place(distribution)
        guessed = canonical_name(place.name.partition("-")[0])
        try:
            points = tuple(point for point in distribution.entry_points if point.group == PROJECT)
            one = _read(distribution, points)
        except Exception as error:
            problem = f"the metadata of {guessed} ({place}) can't be read: {describe_exception(error)}"
            if guessed in allowed:
                remedy = f"Reinstall {guessed}, or take it out of [plugins] allow."
                raise PluginLoadError(guessed, f"{problem}. {remedy}") from error
            warnings.append(f"{problem}. Its plugins are ignored; reinstall or uninstall it.")
            continue
        canonical = guessed if one is None else canonical_name(one.name)
        if canonical not in places:
            places[canonical] = place
            found[canonical] = one
        elif canonical in OURS and places[canonical].resolve() != place.resolve():
            used, ignored = places[canonical], place
            if one is not None and Ownership(distribution).why_foreign(canonical.replace("-", "_")) is None:
                used, ignored = place, places[canonical]
                places[canonical], found[canonical] = place, one
            warnings.append(
                f"two distributions claim the name {canonical}: {used} is used and {ignored} is ignored. "
                "Uninstall the one that isn't Mainspring's."
            )
    return sorted(filter(None, found.values()), key=lambda one: one.name), warnings


def _read(
    distribution: importlib.metadata.Distribution, points: tuple[importlib.metadata.EntryPoint, ...]
) -> Found | None:
    """What is needed of a distribution; None if it has no plugins. Raises `LookupError` if METADATA lacks a field."""
    if not points:
        return None
    # Both are None where METADATA is missing or lacks the field, whatever their types say.
    name: object = distribution.name
    version: object = distribution.version
    if isinstance(name, str) and isinstance(version, str):
        return Found(name=name, version=version, entry_points=points, distribution=distribution)
    raise LookupError(f"METADATA has no {'Version' if isinstance(name, str) else 'Name'}")


def _place(distribution: importlib.metadata.Distribution) -> Path:
    """The folder of the distribution's metadata, which has no public name."""
    return Path(str(getattr(distribution, "_path", None) or distribution.locate_file("")))
