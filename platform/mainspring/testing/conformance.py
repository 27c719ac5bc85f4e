"""Runs the check that fits an offer, and returns a verdict instead of raising."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, Literal, get_args, get_origin

import msgspec

from mainspring.errors import ConformanceError
from mainspring.plugin_calls import describe_exception, is_interrupt, isolated
from mainspring.seams import SEAMS, Capabilities, writing_to
from mainspring.testing._rules import NotCheckedError, Offered

__all__ = ["CheckOutcome", "check_offer", "sample_options"]

_NO_CAPABILITIES: Capabilities = MappingProxyType({})
_FIGURE = 1000


class CheckOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of checking one offer.

    `ok` is None if nothing could be checked; `detail` then says why. `rule` is the broken rule, empty if there is
    none, and `detail` what broke it or what was left out. `seed` reproduces the run.
    """

    seam: str
    name: str
    ok: bool | None
    rule: str = ""
    detail: str = ""
    seed: int = 0


def check_offer(
    seam: str,
    name: str,
    factory: Callable[..., Any],
    *,
    options: type[msgspec.Struct] | None = None,
    capabilities: Capabilities = _NO_CAPABILITIES,
    seed: int = 0,
) -> CheckOutcome:
    """Checks what a plugin offers, and returns the outcome.

    `seam` is the seam's name, such as "book"; `name`, `options` and `capabilities` are those of the offer. The check
    uses the defaults of `options`; see `sample_options` for those without one. Files that it
    writes are in a temporary folder. An exception other
    than `ConformanceError`, as from a factory, also counts as a broken rule. Nothing is raised.
    """
    row = SEAMS.get(seam)
    if row is None:
        return CheckOutcome(seam=seam, name=name, ok=None, detail=f"there is no seam named {seam!r}", seed=seed)
    kit = import_module(row.kit or f"mainspring.testing.{seam}")
    try:
        with isolated(), _bound(factory, options) as factory:
            if hasattr(kit, "check_offered"):
                note = kit.check_offered(Offered(name, factory, capabilities, seed))
            else:
                note = getattr(kit, f"check_{seam}")(factory, seed=seed) or ""
    except NotCheckedError as error:
        return CheckOutcome(seam=seam, name=name, ok=None, detail=str(error), seed=seed)
    except ConformanceError as error:
        return CheckOutcome(seam=seam, name=name, ok=False, rule=error.rule, detail=error.detail, seed=seed)
    except BaseException as error:
        if is_interrupt(error):
            raise
        detail = describe_exception(error)
        return CheckOutcome(seam=seam, name=name, ok=False, rule="runs without an exception", detail=detail, seed=seed)
    return CheckOutcome(seam=seam, name=name, ok=True, detail=note, seed=seed)


def sample_options(options: type[msgspec.Struct]) -> msgspec.Struct:
    """Returns options to try a plugin with: defaults; else the first of the allowed values, True, no items, or 1000.

    Where options aren't allowed so, because one of several is needed, the first of those whose default is None that
    makes them allowed has such a value too. Raises `msgspec.ValidationError` if none does, or if an option without a
    default takes neither value.
    """
    fields = msgspec.structs.fields(options)
    needed = {field.encode_name: _sample(field.type) for field in fields if field.required}
    try:
        return msgspec.convert(needed, options)
    except msgspec.ValidationError:
        for field in fields:
            if field.default is None:
                with suppress(msgspec.ValidationError):
                    return msgspec.convert({**needed, field.encode_name: _sample(field.type)}, options)
        raise


def _sample(kind: Any) -> object:
    if get_origin(kind) is Literal:
        return get_args(kind)[0]
    if get_origin(kind) in (list, tuple, set, frozenset):
        return []
    return True if kind is bool else _FIGURE


@contextmanager
def _bound(factory: Callable[..., Any], options: type[msgspec.Struct] | None) -> Iterator[Callable[..., Any]]:
    """Binds sample options to a factory."""
    if options is None:
        yield factory
        return
    sample = _options(options)
    with TemporaryDirectory(prefix="mainspring-check-") as folder:
        yield partial(factory, options=writing_to(sample, Path(folder)))


def _options(options: type[msgspec.Struct]) -> msgspec.Struct:
    try:
        return sample_options(options)
    except msgspec.ValidationError as error:
        needed = [field.encode_name for field in msgspec.structs.fields(options) if field.required]
        raise NotCheckedError(f"its options have no default for {', '.join(needed)}: {error}") from error
