"""Plans the flags of a config: what each exchanges, for whom, and what it has a say in."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

import msgspec

from mainspring.errors import ConfigError, UnknownPlugin, UnusablePlugin
from mainspring.flags import Flag, Unit, describe_share, parse_share
from mainspring.host.config import Loaded
from mainspring.host.flag_config import FlagConfig
from mainspring.host.offers import Offer, decode_options
from mainspring.host.plan import Choice, FlagPlan, Plan
from mainspring.host.registry import Registry

__all__ = ["with_flags"]

_UNITS: Final[Mapping[str, tuple[Unit, ...]]] = MappingProxyType(
    {
        "book": ("instrument",),
        "decoder": ("feed",),
        "codec": ("feed",),
        "slippage": ("instrument", "strategy", "order"),
        "risk": ("instrument", "strategy", "order"),
        "strategy": ("strategy",),
        "": ("strategy", "instrument"),
    }
)
"""The units of each kind of slot, its usual one first."""

_NAMED: Final = ("risk", "strategy")
"""Kinds of slots that have a name of their own, and a plugin that the config names."""


def with_flags(plans: Sequence[Plan], loaded: Sequence[Loaded], registry: Registry) -> tuple[Plan, ...]:
    """Returns the plans of a session's feeds with the flags of the config. `loaded` is each feed's config.

    Raises `ConfigError` for a flag that has no say, since its slot is pinned, say, or whose candidate isn't there.
    """
    return tuple(_planned(plan, each, registry) for plan, each in zip(plans, loaded, strict=True))


def _planned(plan: Plan, loaded: Loaded, registry: Registry) -> Plan:
    seen: dict[str, str] = {}
    for name, flag in loaded.config.flags.items():
        if flag.slot and flag.slot in seen:
            raise _error(loaded, name, "slot", f"is that of {seen[flag.slot]}, too: one flag can have a say in it")
        seen[flag.slot] = name
        plan = _add(plan, name, flag, loaded, registry)
    return plan


def _add(plan: Plan, name: str, config: FlagConfig, loaded: Loaded, registry: Registry) -> Plan:
    seam, _, own = config.slot.partition(" ")
    if seam not in _UNITS or bool(own) is not (seam in _NAMED):
        raise _error(
            loaded,
            name,
            "slot",
            f"{config.slot!r} can't be exchanged while a session runs; it is one of: book, slippage, decoder, codec, "
            "risk CHECK, strategy NAME, or left out for a flag that strategies read",
        )
    unit = config.unit or _UNITS[seam][0]
    if unit not in _UNITS[seam]:
        raise _error(loaded, name, "unit", f"{config.slot or 'a behaviour'} goes by {' or '.join(_UNITS[seam])}")
    flag = Flag(
        name=name,
        slot=config.slot,
        value=config.value,
        otherwise=config.otherwise,
        share_bp=_share(loaded, name, config),
        unit=unit,
        salt=config.salt,
        start_ns=_nanoseconds(config.start),
        end_ns=_nanoseconds(config.end),
        owner=config.owner,
        reason=config.reason,
    )
    if not seam:
        return msgspec.structs.replace(plan, flags=(*plan.flags, FlagPlan(flag=flag, guards=config.guards)))
    there = _there(plan, seam, own, name, loaded)
    if there.rule == "pinned" and seam not in _NAMED:
        raise _error(
            loaded,
            name,
            "slot",
            f"the {seam} is {there.because}, which comes before any flag: take one of them out",
        )
    if registry.get(seam, there.plugin).capabilities.get("across_instruments"):
        raise _error(loaded, name, "slot", f"{there.plugin!r} checks all instruments together, and can't be exchanged")
    if config.control:
        there = _chosen(there, _offer(loaded, name, "control", seam, config.control, registry), {}, name, loaded)
    candidate = config.candidate or there.plugin
    usual = msgspec.to_builtins(there.options) if there.options is not None and candidate == there.plugin else {}
    options = {**usual, **config.options}
    offer = _offer(loaded, name, "candidate", seam, candidate, registry)
    if seam == "codec":
        _check_codec(offer, registry.get("codec", there.plugin), name, loaded)
    choice = _chosen(there, offer, options, name, loaded)
    flag = msgspec.structs.replace(flag, plugin=candidate, options=options)
    plan = _with_control(plan, seam, there, flag)
    planned = FlagPlan(flag=flag, choice=choice, shadow=config.shadow, guards=config.guards)
    return msgspec.structs.replace(plan, flags=(*plan.flags, planned))


def _there(plan: Plan, seam: str, own: str, name: str, loaded: Loaded) -> Choice:
    """Returns the choice that the flag's candidate takes the place of."""
    if seam == "risk":
        found = [choice for choice in plan.risk if choice.plugin == own]
    elif seam == "strategy":
        found = [one.choice for one in plan.strategies if one.name == own]
    else:
        choice = getattr(plan, seam)
        found = [] if choice is None else [choice]
    if not found:
        raise _error(loaded, name, "slot", f"this session has no {seam} {own}".rstrip())
    return found[0]


def _with_control(plan: Plan, seam: str, there: Choice, flag: Flag) -> Plan:
    """Returns the plan with the choice for those that the flag doesn't take, which says so."""
    share = describe_share(flag.share_bp)
    because = f"the flag {flag.name} gives {flag.plugin} to {share} of {flag.units}; else {there.because}"
    control = msgspec.structs.replace(there, rule="flag", because=because)
    if seam == "risk":
        return msgspec.structs.replace(
            plan, risk=tuple(control if one.plugin == there.plugin else one for one in plan.risk)
        )
    if seam == "strategy":
        name = flag.slot.removeprefix("strategy ")
        strategies = tuple(
            msgspec.structs.replace(one, choice=control) if one.name == name else one for one in plan.strategies
        )
        return msgspec.structs.replace(plan, strategies=strategies)
    return msgspec.structs.replace(plan, **{seam: control})


def _offer(loaded: Loaded, name: str, key: str, seam: str, plugin: str, registry: Registry) -> Offer:
    try:
        return registry.get(seam, plugin)
    except (UnknownPlugin, UnusablePlugin) as error:
        raise _error(loaded, name, key, str(error)) from error


def _check_codec(offer: Offer, control: Offer, name: str, loaded: Loaded) -> None:
    wanted = control.capabilities["format"]
    if offer.capabilities["format"] != wanted or not offer.capabilities.get("strict", True):
        raise _error(
            loaded, name, "candidate", f"{offer.name!r} is no strict codec for {wanted}, and the feed needs one"
        )


def _chosen(there: Choice, offer: Offer, options: Mapping[str, Any], name: str, loaded: Loaded) -> Choice:
    try:
        decoded = decode_options(offer, options)
    except ValueError as error:
        raise _error(loaded, name, "options", f"the {offer.seam} {offer.name!r} {error}") from error
    return msgspec.structs.replace(
        there, plugin=offer.name, distribution=offer.distribution, version=offer.version, options=decoded
    )


def _share(loaded: Loaded, name: str, config: FlagConfig) -> int:
    try:
        return parse_share(str(config.share))
    except ValueError as error:
        raise _error(loaded, name, "share", str(error)) from error


def _nanoseconds(time: datetime | None) -> int:
    """Returns the nanoseconds since the Unix epoch, exactly; 0 for no time."""
    if time is None:
        return 0
    since = time - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1_000


def _error(loaded: Loaded, name: str, key: str, problem: str) -> ConfigError:
    return loaded.diagnostic.error(("flags", name, key), problem)
