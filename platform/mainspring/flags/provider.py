"""Our flags behind OpenFeature's interface: the provider that its clients ask. Needs the extra `flags`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import FlagNotFoundError, TargetingKeyMissingError, TypeMismatchError
from openfeature.flag_evaluation import FlagResolutionDetails, FlagValueType, Reason
from openfeature.provider import AbstractProvider, Metadata

from mainspring.flags.flag import Flag

__all__ = ["FlagProvider"]


class FlagProvider(AbstractProvider):
    """Resolves flags by the share of keys that they apply to. The context's targeting key is the key.

    `flags` returns those that there are now, by name, such as a lane's or a config's, and `now_ns` the time by which
    they begin and end. As a boolean, a flag with a slot says whether it takes the key, and as text which plugin it
    gives it, the default if none; a flag without a slot gives its value, of whatever type. `flag_key` is a
    flag's name, `default_value` what the client gives without it.
    """

    def __init__(self, flags: Callable[[], Mapping[str, Flag]], now_ns: Callable[[], int]) -> None:
        super().__init__()
        self._flags = flags
        self._now_ns = now_ns

    def get_metadata(self) -> Metadata:
        """Returns the provider's name."""
        return Metadata("mainspring")

    def resolve_boolean_details(
        self, flag_key: str, default_value: bool, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[bool]:
        """Says whether a flag takes a key, or what a flag that is true or false gives it."""
        return self._resolve(flag_key, bool, evaluation_context, in_slot=(True, False))

    def resolve_string_details(
        self, flag_key: str, default_value: str, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[str]:
        """Says which plugin a flag gives a key, the default if none, or what a flag of texts gives it."""
        flag = self._flags().get(flag_key)
        plugin = default_value if flag is None else flag.plugin
        return self._resolve(flag_key, str, evaluation_context, in_slot=(plugin, default_value))

    def resolve_integer_details(
        self, flag_key: str, default_value: int, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[int]:
        """Returns what a flag of whole numbers gives a key."""
        return self._resolve(flag_key, int, evaluation_context)

    def resolve_float_details(
        self, flag_key: str, default_value: float, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[float]:
        """Returns what a flag of numbers gives a key."""
        found = self._resolve(flag_key, (int, float), evaluation_context)
        # The client takes no whole number for a number.
        return replace(found, value=float(found.value))

    def resolve_object_details(
        self,
        flag_key: str,
        default_value: Sequence[FlagValueType] | Mapping[str, FlagValueType],
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[Sequence[FlagValueType] | Mapping[str, FlagValueType]]:
        """Returns the options that a flag gives a key, or what a flag of lists or tables gives it."""
        flag = self._flags().get(flag_key)
        options = default_value if flag is None else flag.options
        return self._resolve(flag_key, (list, tuple, dict), evaluation_context, in_slot=(options, default_value))

    def _resolve(
        self,
        name: str,
        kind: type | tuple[type, ...],
        context: EvaluationContext | None,
        in_slot: tuple[Any, Any] | None = None,
    ) -> FlagResolutionDetails[Any]:
        """Returns a flag's value for the key; `in_slot` are those of a flag with a slot, None if it has none here."""
        flag = self._flags().get(name)
        if flag is None:
            raise FlagNotFoundError(f"there is no flag {name!r}")
        if context is None or not context.targeting_key:
            raise TargetingKeyMissingError(f"the flag {name!r} goes by {flag.unit}: give its name as the targeting key")
        values = in_slot if flag.slot else (flag.value, flag.otherwise)
        if values is None or not all(_is_of(value, kind) for value in values):
            raise TypeMismatchError(f"the flag {name!r} has values of another type")
        if not flag.applies_at(self._now_ns()):
            return FlagResolutionDetails(values[1], reason=Reason.DISABLED, variant="control")
        taken = flag.takes(context.targeting_key)
        variant = "candidate" if taken else "control"
        return FlagResolutionDetails(values[0] if taken else values[1], reason=Reason.SPLIT, variant=variant)


def _is_of(value: Any, kind: type | tuple[type, ...]) -> bool:
    # A boolean is a whole number to Python, and to nobody else.
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
