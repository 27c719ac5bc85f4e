"""How a check reports a broken rule."""

from collections.abc import Callable
from random import Random
from typing import Any, TypeVar

import msgspec

from mainspring.errors import ConformanceError
from mainspring.plugin_calls import describe_exception, is_interrupt
from mainspring.seams import Capabilities

__all__ = ["NotCheckedError", "Offered", "Rules", "shorten"]

_T = TypeVar("_T")
_MAX_TEXT = 160


class Offered(msgspec.Struct, frozen=True):
    """What a seam's `check_offered` gets: an offer, with its options bound to the factory, and the input's seed."""

    name: str
    factory: Callable[..., Any]
    capabilities: Capabilities
    seed: int


class NotCheckedError(Exception):
    """Nothing can be checked; the text says why."""


class Rules:
    """The rules of one check and the random numbers for its input; every error carries the seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = Random(seed)  # noqa: S311  a test's input, no secret

    def hold(self, rule: str, holds: bool, detail: Callable[[], str] | str) -> None:
        """Raises `ConformanceError` if `holds` is false. `detail` may be a function if it is costly to format."""
        if not holds:
            raise ConformanceError(rule, detail if isinstance(detail, str) else detail(), seed=self.seed)

    def equal(self, rule: str, found: object, right: object, after: str) -> None:
        """Raises `ConformanceError` if `found` isn't `right`. `after` says what was done before."""
        if found != right:
            raise ConformanceError(rule, f"after {after}: {shorten(found)}, not {shorten(right)}", seed=self.seed)

    def never_raises(self, rule: str, call: Callable[..., _T], *arguments: Any) -> _T:
        """Returns what `call` returns. Raises `ConformanceError` if it raises anything."""
        try:
            return call(*arguments)
        except BaseException as error:  # any exception of a plugin under test is the finding
            if is_interrupt(error):
                raise
            raise ConformanceError(rule, describe_exception(error), seed=self.seed) from error


def shorten(value: object) -> str:
    """Returns the value's text, shortened if it's long."""
    text = repr(value)
    return text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}..."
