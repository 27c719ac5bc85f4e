"""Finds plugins, loads those that are allowed, and holds their offers."""

import importlib.metadata
import sys
from collections.abc import Iterable, Mapping, Sequence

import msgspec
import pluggy

from mainspring.errors import PluginError, PluginLoadError, UnknownPlugin, UnusablePlugin
from mainspring.host.diagnostics import did_you_mean
from mainspring.host.discovery import OURS, canonical_name, find_distributions
from mainspring.host.offers import Offer, SeamCatalogue, freeze, why_unusable
from mainspring.host.provenance import Ownership
from mainspring.plugin_calls import describe_exception, is_interrupt, isolated
from mainspring.seams import PROJECT, SEAMS

__all__ = ["OURS", "Blocked", "Registry"]


class Blocked(msgspec.Struct, frozen=True):
    """A distribution that has plugins but isn't allowed, so that nothing from it was imported."""

    distribution: str
    version: str
    modules: tuple[str, ...]


class Registry:
    """The offers of the loaded plugins. Immutable: create it with `Registry.load`.

    `absent` are allowed distributions that aren't installed; `warnings` says what was skipped during discovery.
    """

    def __init__(
        self,
        offers: Mapping[str, Mapping[str, Offer]],
        blocked: Sequence[Blocked],
        absent: Sequence[str] = (),
        warnings: Sequence[str] = (),
    ) -> None:
        self.warnings = tuple(warnings)
        """What was skipped during discovery, in a sentence or two each."""
        self._offers = offers
        self._absent = tuple(absent)
        self._blocked = tuple(blocked)

    @property
    def blocked(self) -> tuple[Blocked, ...]:
        """The distributions that have plugins but aren't allowed."""
        return self._blocked

    @classmethod
    def load(
        cls,
        allow: Iterable[str] = OURS,
        *,
        distributions: Iterable[importlib.metadata.Distribution] | None = None,
    ) -> "Registry":
        """Imports the plugins of the allowed distributions and collects their offers.

        `distributions` are searched for entry points of the group `mainspring`; by default all installed ones. Raises
        `PluginLoadError` if a plugin can't be imported, has a misspelt hook or fails in one, and `DuplicatePlugin` if
        two use the same name. Either all plugins load or there is no registry.
        """
        allowed = {canonical_name(name): name for name in allow}
        found, warnings = find_distributions(
            importlib.metadata.distributions() if distributions is None else distributions, allowed
        )
        blocked = []
        manager = pluggy.PluginManager(PROJECT)
        for row in SEAMS.values():
            manager.add_hookspecs(sys.modules[row.hook.__module__])
        owners: dict[str, tuple[str, str]] = {}
        for one in found:
            if canonical_name(one.name) not in allowed:
                modules = tuple(sorted(point.value for point in one.entry_points))
                blocked.append(Blocked(one.name, one.version, modules))
                continue
            ownership = Ownership(one.distribution)
            for point in one.entry_points:
                plugin_name = f"{one.name}:{point.name}"
                owners[plugin_name] = (one.name, one.version)
                _refuse_foreign(ownership, point, one.name, one.version)
                _register(manager, plugin_name, point, one.name, one.version)
        _refuse_misspelt(manager, owners)
        there = {canonical_name(one.name) for one in found}
        absent = [name for canonical, name in allowed.items() if canonical not in there and name not in OURS]
        return cls(freeze(_collect(manager, owners)), blocked, absent, warnings)

    def offers(self, seam: str) -> Mapping[str, Offer]:
        """Returns the offers for a seam, by name."""
        return self._offers[seam]

    def get(self, seam: str, name: str) -> Offer:
        """Returns the offer of that name. Raises `UnknownPlugin`, or `UnusablePlugin` if it can't run here.

        `seam` is the seam's name, such as "book". The errors name the remedy.
        """
        by_name = self._offers[seam]
        offer = by_name.get(name)
        if offer is None:
            raise UnknownPlugin("", f"no {seam} plugin is named {name!r}{self._hint(seam, name)}")
        reason = why_unusable(offer.needs)
        if reason is not None:
            raise UnusablePlugin(
                offer.distribution, f"the {seam} plugin {name!r} of {offer.distribution} can't run here: it {reason}"
            )
        return offer

    def ranked(self, seam: str, **capabilities: str | int | bool) -> list[Offer]:
        """The offers with the capabilities that may be chosen unasked, the best first, usable here or not."""
        offers = [
            offer
            for offer in self._offers[seam].values()
            if offer.rank and all(offer.capabilities.get(key) == value for key, value in capabilities.items())
        ]
        return sorted(offers, key=lambda offer: -offer.rank)

    def best(self, seam: str, **capabilities: str | int | bool) -> Offer:
        """The usable offer of the highest rank, among those with the capabilities.

        Raises `UnknownPlugin` if there is none of any rank, and `UnusablePlugin` if none can run here.
        """
        ranked = self.ranked(seam, **capabilities)
        if not ranked:
            raise UnknownPlugin("", f"no {seam} plugin is chosen unasked here; name one in the config")
        return next((offer for offer in ranked if not why_unusable(offer.needs)), None) or self.get(
            seam, ranked[0].name
        )

    def _hint(self, seam: str, name: str) -> str:
        hint = did_you_mean(name, sorted(self._offers[seam]))
        if self._blocked:
            names = ", ".join(one.distribution for one in self._blocked)
            hint += f" Not loaded, because [plugins] allow doesn't list them: {names}."
        if self._absent:
            hint += f" Allowed but not installed: {', '.join(self._absent)}."
        return hint


def _refuse_foreign(
    ownership: Ownership, point: importlib.metadata.EntryPoint, distribution: str, version: str
) -> None:
    """Raises `PluginLoadError` if the entry point's module belongs to another distribution, so isn't allowed."""
    problem = ownership.why_foreign(point.module)
    if problem is not None:
        raise PluginLoadError(
            distribution,
            f"the plugin {point.name!r} of {distribution} {version} isn't loaded: {problem}. Nothing from it was "
            f"imported. Remove the other module, or reinstall {distribution}.",
        )


def _register(
    manager: pluggy.PluginManager,
    plugin_name: str,
    point: importlib.metadata.EntryPoint,
    distribution: str,
    version: str,
) -> None:
    where = f"the plugin {point.name!r} ({point.value}) of {distribution} {version}"
    try:
        with isolated():
            plugin = point.load()
            manager.register(plugin, name=plugin_name)
    except BaseException as error:  # third-party code may raise anything while it is imported
        if is_interrupt(error):
            raise
        remedy = "Reinstall it" if canonical_name(distribution) in OURS else "Fix or uninstall it"
        raise PluginLoadError(
            distribution,
            f"{where} can't be loaded: {describe_exception(error)}. "
            f"{remedy}, or take {distribution} out of [plugins] allow.",
        ) from error
    if not manager.get_hookcallers(plugin):
        raise PluginLoadError(
            distribution, f"{where} has no hook; mark one of {_hook_names()} with @hookimpl (from mainspring.seams)."
        )


def _hook_names() -> str:
    return ", ".join(row.hook.__name__ for row in SEAMS.values())


def _refuse_misspelt(manager: pluggy.PluginManager, owners: Mapping[str, tuple[str, str]]) -> None:
    try:
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        distribution, version = _owner_of(manager, error.plugin, owners)
        raise PluginLoadError(
            distribution, f"{distribution} {version}: {error}. The hooks are: {_hook_names()}."
        ) from error


def _owner_of(manager: pluggy.PluginManager, plugin: object, owners: Mapping[str, tuple[str, str]]) -> tuple[str, str]:
    for name, registered in manager.list_name_plugin():
        if registered is plugin:
            return owners[name]
    raise AssertionError("pluggy named a plugin that was never registered")


def _collect(manager: pluggy.PluginManager, owners: Mapping[str, tuple[str, str]]) -> dict[str, dict[str, Offer]]:
    """Calls each plugin's hooks, one plugin at a time, so that each offer is attributed to its distribution."""
    offers: dict[str, dict[str, Offer]] = {}
    plugins = dict(manager.list_name_plugin())
    for seam, row in SEAMS.items():
        hook = row.hook
        taken = offers[seam] = {}
        for plugin_name, (distribution, version) in owners.items():
            others = [plugin for name, plugin in plugins.items() if name != plugin_name]
            catalogue = SeamCatalogue(seam, distribution, version, taken)
            try:
                with isolated():
                    manager.subset_hook_caller(hook.__name__, others)(catalogue=catalogue)
            except PluginError:
                raise
            except BaseException as error:  # third-party code may raise anything
                if is_interrupt(error):
                    raise
                raise PluginLoadError(
                    distribution,
                    f"{hook.__name__} of {plugin_name} ({distribution} {version}) raised {describe_exception(error)}. "
                    f"Fix or uninstall it, or take {distribution} out of [plugins] allow.",
                ) from error
            finally:
                catalogue.close()
    return offers
