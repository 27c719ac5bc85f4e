"""How a plugin offers its parts: the hook markers, a catalogue's `add`, and the attributes of an offer."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias

import msgspec
import pluggy

__all__ = ["NO_CAPABILITIES", "PROJECT", "Capabilities", "Catalogue", "Needs", "hookimpl", "hookspec"]

PROJECT = "mainspring"

Capabilities: TypeAlias = Mapping[str, str | int | bool]

NO_CAPABILITIES: Capabilities = MappingProxyType({})

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a function of a plugin module as one of the `register_...` hooks below."""


class Needs(msgspec.Struct, frozen=True, kw_only=True):
    """What an offer can't run without. Everything named must be present.

    `instruction_sets` are names as hwprofile gives them ("avx2", "neon"), `packages` are import names, `platforms` are
    values of `sys.platform` of which one must match (empty: any). `missing` is what the plugin itself found missing
    here, with the remedy, or None.
    """

    instruction_sets: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    missing: str | None = None


NO_NEEDS = Needs()


class Catalogue(Protocol):
    """The offers of one seam, passed to a `register_...` hook and open until loading ends."""

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
        """Offers `factory` under `name`.

        `name` is lower case with hyphens (risk checks: underscores, since it is their key in the config). `summary` is
        one line for `mainspring plugins list`. `options` is the struct into which the slot's further keys in the
        config are decoded; the factory gets the instance as the keyword argument `options`. `needs` lists
        requirements, `capabilities` the keys that the seam's docstring describes. `rank` is above 0 if the offer may
        be chosen unasked: if neither config nor measurement decides, the usable offer of the highest rank runs. Ours
        are 10 in Python and 20 compiled; no two offers of a seam have the same rank. `build` is one line for
        `mainspring plugins list` on how a compiled offer was built.

        Raises `DuplicatePlugin` if the name is taken, and `PluginError` if the offer breaks these rules.
        """
        ...
