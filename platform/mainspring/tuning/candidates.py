"""Finds the candidates of each race: every plugin that is installed, allowed and usable, third-party ones too."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import product, zip_longest
from typing import Any, Final

import msgspec

from mainspring.host.offers import Offer, decode_options, why_unusable
from mainspring.host.plan import Choice, Plan, Setting
from mainspring.host.registry import Registry
from mainspring.tuning.uses import Uses

__all__ = ["CHUNKS", "Candidate", "Field", "pipelines", "settings"]

CHUNKS: Final = (128, 512, 2048)

_FIELDS: Final = {"decoder": "decoder", "book": "book", "codec (json)": "codec", "codec (binary)": "codec"}
_AUTO: Final = "default"


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate's plugins and values for some slots of a lane: `choices` are plugins, `settings` are values."""

    name: str
    choices: tuple[Choice, ...] = ()
    settings: tuple[Setting[Any], ...] = ()

    @property
    def slots(self) -> dict[str, str]:
        """The plugin or value for each slot, as text."""
        return {one.slot: one.plugin for one in self.choices} | {one.slot: str(one.value) for one in self.settings}

    @property
    def versions(self) -> dict[str, str]:
        """Its plugins' distributions and versions, by seam and name."""
        return {f"{one.seam} {one.plugin}": f"{one.distribution} {one.version}" for one in self.choices}

    def fill(self, plan: Plan) -> Plan:
        """Returns the plan with this candidate's plugins and values in its slots."""
        filled: dict[str, Any] = {_FIELDS[one.slot]: one for one in self.choices}
        return msgspec.structs.replace(plan, **filled, **{one.slot: one for one in self.settings})


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """The candidates of one race, the default first. `unusable` has the reasons for excluding others, by name.

    If there is nothing to race, only the default is in it, and `because` says why.
    """

    race: str
    candidates: tuple[Candidate, ...]
    unusable: Mapping[str, str] = {}
    because: str = ""

    @property
    def is_race(self) -> bool:
        """Whether there is more than one candidate."""
        return len(self.candidates) > 1

    def only(self, names: Iterable[str]) -> "Field":
        """Returns the field with the default and the named candidates."""
        kept = set(names)
        default, *others = self.candidates
        candidates = (default, *(one for one in others if one.name in kept))
        because = self.because or "of the candidates that raced before, only the default is installed"
        return msgspec.structs.replace(self, candidates=candidates, because=because)


def pipelines(plan: Plan, registry: Registry, uses: Uses, options: Mapping[str, Mapping[str, Any]]) -> Field:
    """Returns the combinations of decoder, codec and book that can race as pipelines.

    What the config pins stays. A slot that the feed never uses isn't varied, nor a codec under a decoder that doesn't
    call it (see `mainspring.tuning.uses`). `options` are the config's options by slot, for the plugin that runs there.
    """
    unusable: dict[str, str] = {}
    codec = plan.codec
    decoders = _fillers(plan.decoder, registry, options, unusable, varied=uses.decoder)
    books = _fillers(plan.book, registry, options, unusable, varied=uses.book)
    readers = _fillers(codec, registry, options, unusable, varied=any(uses.codec_by_decoder.values()))
    by_decoder: list[list[Candidate]] = []
    for decoder in decoders:
        by_decoder.append([])
        called = uses.codec_by_decoder.get(decoder.plugin, True)
        for reader, book in product(readers if called else readers[:1], books):
            named = [
                choice.plugin
                for choice, fillers in ((decoder, decoders), (reader, readers if called else ()), (book, books))
                if len(fillers) > 1
            ]
            name = " + ".join(named) or decoder.plugin
            by_decoder[-1].append(Candidate(name=name, choices=(decoder, reader, book)))
    # Decoders take turns, so that if time is short, some pipelines of each are checked before it ends.
    found = [one for turn in zip_longest(*by_decoder) for one in turn if one is not None]
    return _field("pipeline", found, unusable, (plan.decoder, codec, plan.book))


def settings(setting: Setting[Any], values: Iterable[Any]) -> Field:
    """Returns the possible values of a slot without a plugin."""
    others = [value for value in values if value != setting.value] if setting.rule == _AUTO else []
    found = [
        Candidate(name=str(value), settings=(msgspec.structs.replace(setting, value=value),))
        for value in (setting.value, *others)
    ]
    return _field(setting.slot, found, {}, (setting,))


def _field(
    race: str, found: list[Candidate], unusable: Mapping[str, str], slots: Iterable[Choice | Setting[Any]]
) -> Field:
    because = ""
    if len(found) == 1:
        pinned = [f"{one.slot} is {one.because}" for one in slots if one.rule != _AUTO]
        because = "; ".join(pinned) if pinned else f"{found[0].name} is the only candidate here"
    return Field(race=race, candidates=tuple(found), unusable=unusable, because=because)


def _fillers(
    choice: Choice,
    registry: Registry,
    options: Mapping[str, Mapping[str, Any]],
    unusable: dict[str, str],
    *,
    varied: bool,
) -> list[Choice]:
    """Returns the default, then the other plugins for its slot; `unusable` receives why others can't run."""
    if choice.rule != _AUTO or not varied:
        return [choice]
    found = [choice]
    for offer in _alike(choice, registry):
        if offer.name == choice.plugin:
            continue
        filler = _filler(choice, offer, options.get(choice.slot, {}))
        if isinstance(filler, str):
            unusable[offer.name] = filler
        else:
            found.append(filler)
    return found


def _alike(choice: Choice, registry: Registry) -> Iterator[Offer]:
    form = registry.get(choice.seam, choice.plugin).capabilities.get("format")
    for offer in registry.offers(choice.seam).values():
        if offer.capabilities.get("format") == form:
            yield offer


def _filler(choice: Choice, offer: Offer, options: Mapping[str, Any]) -> Choice | str:
    """Returns the choice of a plugin for the slot, or why it can't run there."""
    reason = why_unusable(offer.needs)
    if reason is not None:
        return reason
    try:
        decoded = decode_options(offer, options)
    except ValueError as error:
        return str(error)
    return msgspec.structs.replace(
        choice,
        plugin=offer.name,
        distribution=offer.distribution,
        version=offer.version,
        because="a candidate",
        options=decoded,
    )
