"""Asks another provider of flags, through OpenFeature's client, who is in a flag's share. Needs the extra `flags`."""

from collections.abc import Callable, Sequence
from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

import msgspec

from mainspring.errors import ConfigError
from mainspring.flags import ALL_BP, Flag
from mainspring.host.plan import LanePlan
from mainspring.host.provenance import Ownership
from mainspring.lane import Lane
from mainspring.plugin_calls import describe_exception

if TYPE_CHECKING:
    from openfeature.client import OpenFeatureClient

__all__ = ["DOMAIN", "OutsideFlags", "connect_provider", "outside_flags"]

DOMAIN = "mainspring"
"""OpenFeature's domain of the provider that sessions ask."""


class OutsideFlags:
    """Returns flags as a provider has them: its answer for each key of the flag's unit, or a share of orders.

    `client` asks it, and `keys` returns the keys of a flag. For a flag of orders the provider is asked for a number,
    the share in percent. Where it gives no answer, since it isn't ready, say, the configured value counts.
    """

    def __init__(self, client: "OpenFeatureClient", keys: Callable[[Flag], Sequence[str]]) -> None:
        self._client = client
        self._keys = keys

    def __call__(self, flag: Flag) -> tuple[Flag, str]:
        """Returns a configured flag as the provider has it, and what is to be said of the answers."""
        from openfeature.evaluation_context import EvaluationContext

        if flag.unit == "order":
            share = self._client.get_float_details(flag.name, flag.share_bp / 100, EvaluationContext(flag.name))
            share_bp = round(share.value * 100)
            if not 0 <= share_bp <= ALL_BP:
                return flag, f"the provider's share of {share.value:g}% is none: the configured one counts"
            return msgspec.structs.replace(flag, share_bp=share_bp), _describe([share])
        answers = []
        members = []
        for key in self._keys(flag):
            context = EvaluationContext(key, {"unit": flag.unit})
            answer = self._client.get_boolean_details(flag.name, flag.takes(key), context)
            answers.append(answer)
            if answer.value:
                members.append(key)
        return msgspec.structs.replace(flag, members=tuple(members)), _describe(answers)


def outside_flags(plan: LanePlan, lane: Lane) -> OutsideFlags | None:
    """Returns what asks the provider of a lane's flags; None if the config names none.

    Raises `ConfigError` as `connect_provider` does.
    """
    if plan.control is None or plan.control.flag_provider is None:
        return None

    def keys(flag: Flag) -> Sequence[str]:
        if flag.slot and flag.unit != "strategy":
            return () if lane.swaps is None or (slot := lane.swaps.slots.get(flag.slot)) is None else slot.keys
        if flag.unit == "strategy":
            return [one.name for one in lane.strategies.bound]
        return plan.instruments

    return OutsideFlags(connect_provider(plan.control.flag_provider, plan.control.allow), keys)


def connect_provider(name: str, allowed: Sequence[str]) -> "OpenFeatureClient":
    """Sets the provider that `module:factory` names, and returns the client that asks it. It may not be ready yet.

    `allowed` are the distributions that may be imported. Raises `ConfigError` if it isn't of one of these, can't be
    imported, or the extra `flags` isn't installed.
    """
    try:
        from openfeature import api
    except ImportError as error:
        raise ConfigError("session.flag_provider needs OpenFeature: install mainspring[flags]") from error
    module, _, factory = name.partition(":")
    if not any(_owns(one, module) for one in allowed):
        raise ConfigError(
            f"session.flag_provider: {module} is of no distribution that [plugins] allow names: add its own"
        )
    try:
        provider: Any = getattr(import_module(module), factory)()
        api.set_provider(provider, DOMAIN)
    except Exception as error:
        raise ConfigError(f"session.flag_provider {name!r} can't be made: {describe_exception(error)}") from error
    return api.get_client(DOMAIN)


def _owns(distribution: str, module: str) -> bool:
    try:
        return Ownership(metadata.distribution(distribution)).why_foreign(module) is None
    except metadata.PackageNotFoundError:
        return False


def _describe(answers: Sequence[Any]) -> str:
    """Says which answers the provider didn't give."""
    wrong = {str(one.error_code): one.error_message or "" for one in answers if one.error_code is not None}
    return "; ".join(f"the configured value counts: {code} {text}".rstrip() for code, text in wrong.items())
