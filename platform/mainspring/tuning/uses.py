"""Finds what a lane's feed really calls, by watching it over valid messages. Unused plugins aren't raced."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from mainspring.errors import MainspringError
from mainspring.host.offers import freeze, why_unusable
from mainspring.host.plan import Choice, Plan
from mainspring.host.registry import Registry
from mainspring.host.wiring import wire
from mainspring.seams import SEAMS, Codec, RawMessage
from mainspring.session.driver import Driver
from mainspring.tuning.lanes import run_over

__all__ = ["Uses", "watch_uses"]


class Uses(msgspec.Struct, frozen=True, kw_only=True):
    """What a lane calls. `decoder`: a decoder runs the feed's declarations. `book`: the lane has a book.

    `codec_by_decoder` says for each decoder if it calls the feed's codec for valid messages.
    """

    decoder: bool
    book: bool
    codec_by_decoder: dict[str, bool]


def watch_uses(plan: Plan, registry: Registry, messages: Sequence[RawMessage]) -> Uses:
    """Runs the messages through the plan's lane with each decoder in turn, and counts calls.

    A decoder that can't run the feed counts as calling its codec; the race then reports why it can't. Raises what the
    plan's own lane raises.
    """
    books = registry.get("feed", plan.feed.plugin).capabilities.get("books", True)
    decoders = _Watch()
    decoded = _decodes(plan, _watched(registry, plan.decoder, decoders.factory), messages)
    by_decoder = {plan.decoder.plugin: decoded}
    others = registry.offers("decoder").values() if decoders.calls and plan.decoder.rule == "default" else ()
    for offer in others:
        if offer.name in by_decoder or why_unusable(offer.needs) is not None:
            continue
        other = msgspec.structs.replace(plan.decoder, plugin=offer.name, options=None)
        try:
            by_decoder[offer.name] = _decodes(msgspec.structs.replace(plan, decoder=other), registry, messages)
        except MainspringError:
            by_decoder[offer.name] = True
    return Uses(decoder=bool(decoders.calls), book=bool(books), codec_by_decoder=by_decoder)


def _decodes(plan: Plan, registry: Registry, messages: Sequence[RawMessage]) -> bool:
    """Whether the feed's codec decoded anything."""
    reading = _Watch()
    run_over(Driver(wire(plan, _watched(registry, plan.codec, reading.codec))), messages)
    return reading.calls > 0


class _Watch:
    """Counts calls through factories that it wraps."""

    def __init__(self) -> None:
        self.calls = 0

    def factory(self, factory: Callable[..., Any]) -> Callable[..., Any]:
        """Wraps a factory to count what it creates."""

        def make(*arguments: Any, **options: Any) -> Any:
            self.calls += 1
            return factory(*arguments, **options)

        return make

    def codec(self, factory: Callable[..., Codec]) -> Callable[..., Codec]:
        """Wraps a factory of codecs to count what they decode."""
        return lambda *arguments, **options: _WatchedCodec(factory(*arguments, **options), self)


class _WatchedCodec:
    """A codec that counts what it decodes."""

    def __init__(self, codec: Codec, watch: _Watch) -> None:
        self.encode = codec.encode
        self._decode = codec.decode
        self._watch = watch

    def decode(self, data: bytes) -> Any:
        """Decodes and counts."""
        self._watch.calls += 1
        return self._decode(data)


def _watched(registry: Registry, choice: Choice, wrap: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Registry:
    """Returns the registry with the factory of this choice wrapped."""
    offers = {seam: dict(registry.offers(seam)) for seam in SEAMS}
    offer = offers[choice.seam][choice.plugin]
    offers[choice.seam][choice.plugin] = msgspec.structs.replace(offer, factory=wrap(offer.factory))
    return Registry(freeze(offers), registry.blocked)
