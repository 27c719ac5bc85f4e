"""Runs the check that fits an offer, and returns a verdict instead of raising."""

from collections.abc import Callable, Mapping
from functools import partial
from itertools import islice
from types import MappingProxyType
from typing import Any

import msgspec

from mainspring.errors import ConformanceError
from mainspring.plugin_calls import describe_exception, is_interrupt, isolated
from mainspring.seams import Capabilities, RawMessage
from mainspring.testing.book import check_book
from mainspring.testing.codec import check_codec
from mainspring.testing.decoder import check_decoder
from mainspring.testing.feed import check_feed
from mainspring.testing.market import INSTRUMENT, SECOND_INSTRUMENT
from mainspring.testing.plain_codecs import plain_codec
from mainspring.testing.risk import check_risk
from mainspring.testing.router import check_router
from mainspring.testing.slippage import check_slippage
from mainspring.testing.strategy import check_strategy

__all__ = ["CheckOutcome", "check_offer"]

_NO_CAPABILITIES: Capabilities = MappingProxyType({})
_FIGURE = 1000
_MESSAGES = 300


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
    uses the defaults of `options`, and 1000 for those without one. An exception other than `ConformanceError`, as from
    a factory, also counts as a broken rule. Nothing is raised.
    """
    check = _CHECKS.get(seam)
    if check is None:
        return CheckOutcome(seam=seam, name=name, ok=None, detail="the kit has no check for this seam", seed=seed)
    try:
        if options is not None:
            factory = partial(factory, options=_options(options))
        with isolated():
            left_out = check(name, factory, capabilities, seed)
    except _NotCheckedError as error:
        return CheckOutcome(seam=seam, name=name, ok=None, detail=str(error), seed=seed)
    except ConformanceError as error:
        return CheckOutcome(seam=seam, name=name, ok=False, rule=error.rule, detail=error.detail, seed=seed)
    except BaseException as error:
        if is_interrupt(error):
            raise
        detail = describe_exception(error)
        return CheckOutcome(seam=seam, name=name, ok=False, rule="runs without an exception", detail=detail, seed=seed)
    return CheckOutcome(seam=seam, name=name, ok=True, detail=left_out, seed=seed)


class _NotCheckedError(Exception):
    """Nothing can be checked; the text says why."""


def _options(options: type[msgspec.Struct]) -> msgspec.Struct:
    needed = [field.encode_name for field in msgspec.structs.fields(options) if field.required]
    try:
        return msgspec.convert(dict.fromkeys(needed, _FIGURE), options)
    except msgspec.ValidationError as error:
        raise _NotCheckedError(f"its options have no default for {', '.join(needed)}: {error}") from error


def _book(_name: str, factory: Callable[..., Any], _capabilities: Capabilities, seed: int) -> str:
    check_book(factory, seed=seed)
    return ""


def _codec(_name: str, factory: Callable[..., Any], capabilities: Capabilities, seed: int) -> str:
    format_ = capabilities.get("format")
    if format_ not in ("json", "msgpack"):
        raise ConformanceError("the format is stated", f"format is {format_!r}", seed=seed)
    strict = bool(capabilities.get("strict", False))
    check_codec(
        factory,
        format="json" if format_ == "json" else "msgpack",
        strict=strict,
        seed=seed,
    )
    if not strict and not capabilities.get("lenient"):
        raise ConformanceError("a codec that isn't strict says what it lets through", "no `lenient`", seed=seed)
    return "" if strict else f"not strict: {capabilities['lenient']}"


def _feed(_name: str, factory: Callable[..., Any], capabilities: Capabilities, seed: int) -> str:
    messages = _own_messages(factory)
    for encoding in str(capabilities.get("encodings", "json")).split(","):
        check_feed(factory, codec=plain_codec(encoding.strip()), seed=seed)
    if not messages:
        raise _NotCheckedError(
            "it read nothing, as it brings no messages of its own: run "
            "mainspring.testing.check_feed(factory, messages) on some of the venue's"
        )
    check_feed(factory, messages, seed=seed)
    return f"on {len(messages)} messages of its own"


def _own_messages(factory: Callable[..., Any]) -> list[RawMessage]:
    """The first messages that a feed generates; none if it generates none."""
    made, options = (factory.func, factory.keywords["options"]) if isinstance(factory, partial) else (factory, None)
    source = getattr(made, "source", None)
    return [] if source is None else list(islice(source((INSTRUMENT,), options), _MESSAGES))


def _decoder(_name: str, factory: Callable[..., Any], _capabilities: Capabilities, seed: int) -> str:
    check_decoder(factory, seed=seed)
    return ""


def _slippage(_name: str, factory: Callable[..., Any], _capabilities: Capabilities, seed: int) -> str:
    check_slippage(factory, seed=seed)
    return ""


def _risk(name: str, factory: Callable[..., Any], _capabilities: Capabilities, seed: int) -> str:
    check_risk(factory, name=name, seed=seed)
    return ""


def _router(_name: str, factory: Callable[..., Any], capabilities: Capabilities, seed: int) -> str:
    if not capabilities.get("simulated", False):
        raise _NotCheckedError("it sends real orders")
    check_router(factory, watches_market=bool(capabilities.get("watches_market", False)), seed=seed)
    return ""


def _strategy(_name: str, factory: Callable[..., Any], capabilities: Capabilities, seed: int) -> str:
    fewest = int(capabilities.get("instruments", 1))
    more = tuple(
        msgspec.structs.replace(INSTRUMENT, symbol=f"GAMMA{number}/USD", venue_symbol=f"GAMMA{number}USD")
        for number in range(2, fewest)
    )
    check_strategy(factory, instruments=(INSTRUMENT, SECOND_INSTRUMENT, *more), seed=seed)
    return ""


_CHECKS: Mapping[str, Callable[[str, Callable[..., Any], Capabilities, int], str]] = MappingProxyType(
    {
        "book": _book,
        "codec": _codec,
        "feed": _feed,
        "decoder": _decoder,
        "slippage": _slippage,
        "risk": _risk,
        "router": _router,
        "strategy": _strategy,
    }
)
