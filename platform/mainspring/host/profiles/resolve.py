"""Puts what a profile's races decided into the slots that a feed's plan leaves open, each with its evidence."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from mainspring.errors import UnknownPlugin, UnusablePlugin
from mainspring.host.config import GC_MODES, MOST_CHUNK
from mainspring.host.offers import decode_options
from mainspring.host.plan import Choice, Plan, Setting
from mainspring.host.profiles.describe import day_of, describe_kept_default, describe_winner, name_of
from mainspring.host.profiles.model import Decision, Found, Profile
from mainspring.host.registry import Registry

__all__ = ["resolve"]

_OPEN: Final = "default"
_DEFAULT: Final = "the default"


class _UnfitError(Exception):
    """Why a decision can't be applied here."""


def resolve(plan: Plan, found: Found, registry: Registry, options: Mapping[str, Mapping[str, Any]]) -> Plan:
    """Fills a plan's open slots from what was found, and explains each.

    `options` are the configured options for the plugin in a slot, by slot. A decision is applied as a whole or not at
    all, since what was raced together belongs together. Pinned slots stay pinned.
    """
    if found.profile is None:
        return _explained(plan, f"the default; {found.because}", _fields(plan))
    day = day_of(found.profile)
    decided: set[str] = set()
    for decision in found.profile.decisions:
        decided.update(decision.slots)
        plan = _carried_out(plan, decision, found, found.profile, registry, options)
    for skipped in found.profile.skipped:
        fields = {slot: field for slot, field in _fields(plan).items() if slot in skipped.slots}
        plan = _explained(plan, f"the default; not raced on {day}: {skipped.because}", fields)
        decided.update(skipped.slots)
    rest = {slot: field for slot, field in _fields(plan).items() if slot not in decided}
    return _explained(plan, f"the default; the races of {day} didn't include it", rest)


def _carried_out(
    plan: Plan,
    decision: Decision,
    found: Found,
    profile: Profile,
    registry: Registry,
    options: Mapping[str, Mapping[str, Any]],
) -> Plan:
    fields = {slot: field for slot, field in _fields(plan).items() if slot in decision.slots}
    there = {slot: _name_in(getattr(plan, field)) for slot, field in fields.items()}
    if decision.slots == decision.default and there.items() <= decision.slots.items():
        return _explained(plan, describe_kept_default(decision, profile, found.freshness), fields)
    try:
        filled = {
            field: _filled(getattr(plan, field), decision.slots[slot], registry, options.get(slot, {}))
            for slot, field in fields.items()
        }
    except _UnfitError as error:
        winner = name_of(decision, decision.slots)
        because = f"the default; the winner of the race of {day_of(profile)}, {winner}, isn't used: {error}"
        return _explained(plan, because, fields)
    because = describe_winner(decision, profile, found.freshness)
    return _explained(msgspec.structs.replace(plan, **filled), because, fields, rule="profile")


def _name_in(one: Choice | Setting[Any]) -> str:
    return one.plugin if isinstance(one, Choice) else str(one.value)


def _fields(plan: Plan) -> dict[str, str]:
    """The plan's fields that races decide on, by their slots."""
    names = ("decoder", "book", "codec", "chunk", "gc")
    return {getattr(plan, name).slot: name for name in names}


def _explained(plan: Plan, because: str, fields: Mapping[str, str], rule: str = _OPEN) -> Plan:
    """The plan, saying so in those of the fields that the config leaves open.

    Words about "the default" are said of what the plan has there, with why it is that.
    """
    reported = {}
    for field in fields.values():
        one = getattr(plan, field)
        if one.rule == _OPEN:
            words = one.because + because.removeprefix(_DEFAULT) if because.startswith(_DEFAULT) else because
            reported[field] = msgspec.structs.replace(one, rule=rule, because=words)
    return msgspec.structs.replace(plan, **reported)


def _filled(
    one: Choice | Setting[Any], by: str, registry: Registry, options: Mapping[str, Any]
) -> Choice | Setting[Any]:
    if one.rule != _OPEN:
        return one
    if isinstance(one, Setting):
        return msgspec.structs.replace(one, value=_value(one.slot, by))
    try:
        offer = registry.get(one.seam, by)
    except (UnknownPlugin, UnusablePlugin) as error:
        raise _UnfitError(str(error)) from error
    if offer.capabilities.get("format") != registry.get(one.seam, one.plugin).capabilities.get("format"):
        raise _UnfitError(f"the {one.seam} {by!r} has another format")
    try:
        decoded = decode_options(offer, options)
    except ValueError as error:
        raise _UnfitError(f"the {offer.seam} {offer.name!r} {error}") from error
    return msgspec.structs.replace(
        one,
        plugin=offer.name,
        distribution=offer.distribution,
        version=offer.version,
        options=decoded,
    )


def _value(slot: str, text: str) -> int | str:
    if slot == "gc" and text in GC_MODES:
        return text
    if slot == "chunk" and text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_CHUNK:
        return int(text)
    raise _UnfitError(f"{text!r} is no {slot}")
