"""How a plugin offers what it has: the hook markers, a catalogue's `add`, and what an offer may say of itself."""

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
    """What an offer can't run without. Everything named must be there.

    `instruction_sets` are names as hwprofile gives them ("avx2", "neon"), `packages` are import names,
    `platforms` are values of `sys.platform` of which one must match (none named: any will do). `missing` is what the
    plugin itself knows to be missing here, with the remedy; None where that is nothing.
    """

    instruction_sets: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    missing: str | None = None


NO_NEEDS = Needs()


class Catalogue(Protocol):
    """What a `register_...` hook is handed: the offers of one seam, open until loading ends."""

    def add(
        self,
        name: str,
        factory: Callable[..., Any],
        *,
        summary: str,
        options: type[msgspec.Struct] | None = None,
        needs: Needs = NO_NEEDS,
        capabilities: Capabilities = NO_CAPABILITIES,
        default: bool = False,
        build: str = "",
    ) -> None:
        """Offers `factory` under `name`.

        `name` is lower case, with hyphens (risk checks: underscores, as it is their key in the config). `summary` is
        one line for `mainspring plugins list`. `options` is the struct that the slot's further keys in the config are
        decoded into; its instance reaches the factory as the keyword argument `options`. `needs` says what must be
        there, `capabilities` what the seam's docstring lists. `default` marks the offer that fills the slot where
        neither config nor measurement says otherwise; a seam has at most one default. `build` says, on one line for
        `mainspring plugins list`, how the code was built where it is compiled.

        Raises `DuplicatePlugin` where the name is taken, `PluginError` where the offer breaks these rules.
        """
        ...
