"""Makes a plan from a config: chooses each slot's plugin by one order of rules, and records which rule decided."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from mainspring.data import Located, data_folders, locate, read_capture
from mainspring.errors import ConfigError, DataError, UnknownPlugin, UnusablePlugin
from mainspring.host.capture_times import refuse_other_units
from mainspring.host.config import AUTO, Config, Loaded, SlotConfig
from mainspring.host.connecting import connected_feed
from mainspring.host.diagnostics import convert
from mainspring.host.discovery import OURS
from mainspring.host.feeds import ONLY_FEED
from mainspring.host.going_live import check_live, poll_executions_ns
from mainspring.host.guard import calling
from mainspring.host.instruments import resolve_instruments
from mainspring.host.native_part import PROVIDES, why_not_native
from mainspring.host.offers import Offer, encodings_of, why_unusable
from mainspring.host.order_terms import plan_day_ends, plan_terms
from mainspring.host.plan import DEFAULT_CHUNK, DEFAULT_GC, Choice, Plan, Setting, SourcePlan, StrategyPlan
from mainspring.host.recognise import recognise
from mainspring.host.registry import Registry
from mainspring.model import Instrument
from mainspring.seams import SEAMS, Codec, FeedContext, RawMessage, file_options, writing_to
from mainspring.wire import WireFeed

__all__ = ["Planner", "make_plan"]

_T = TypeVar("_T")

_DEFAULT = "the default"
_BEST = "the best installed"
_CODEC_KEYS = {"json": "json", "msgpack": "binary"}
_SLOT_KEYS = {
    "feed": ("plugin", "capture", "connect", "encoding", "skip_bad"),
    "risk": (),
    "codec": (),
    "journal": ("plugin", "durability", "accept_loss"),
}


def make_plan(loaded: Loaded, registry: Registry, name: str = ONLY_FEED) -> Plan:
    """Chooses the plugin for each slot of one feed's part of a session; `name` is the feed's.

    Raises `ConfigError` or a `PluginError` if the config can't be run.
    """
    config = loaded.config
    planner = Planner(loaded, registry)
    codec = planner.codec()
    source, feed = planner.source_and_feed(codec)
    trading = config.mode != "replay"
    if trading and not config.strategy:
        raise loaded.diagnostic.error(
            ("strategy",),
            'there is no strategy; add a table such as [strategy.maker] with plugin = "quote-maker", '
            'or set mode = "replay" to rebuild markets without one',
        )
    instruments, others = planner.instruments(feed, codec, source)
    decoder, book = planner.decoder(feed, codec, source, instruments), planner.slot("book", config.book)
    slippage = planner.slot("slippage", config.slippage) if trading else None
    router = planner.slot("router", config.router) if trading else None
    queue = planner.open_slot("queue", config.queue) if trading else None
    latency = planner.open_slot("latency", config.latency) if trading else None
    records, journal = (planner.slot("records", config.records), planner.journal()) if trading else (None, None)
    check_live(loaded, router, registry, journalled=journal is not None)
    risk, awaited = planner.risk() if trading else (), journal if config.journal.durability == "sync" else None
    choices = (book, slippage, *risk, router, queue, latency)
    return Plan(
        name=name,
        origin=loaded.origin,
        mode=config.mode,
        seed=config.seed,
        instruments=instruments,
        source=msgspec.structs.replace(source, instruments=instruments, others=others),
        feed=feed,
        decoder=decoder,
        book=book,
        codec=codec,
        slippage=slippage,
        router=router,
        queue=queue,
        latency=latency,
        records=records,
        journal=journal,
        journal_waits=awaited is not None,
        strategies=planner.strategies() if trading else (),
        risk=risk,
        missing_limits=planner.missing_limits(),
        answer_timeout_ns=config.orders.answer_timeout_ms * 1_000_000,
        poll_executions_ns=poll_executions_ns(config),
        compare_balances=config.orders.compare_balances,
        recovers=config.journal.recover or (config.mode == "live" and journal is not None),
        max_answers=config.orders.max_answers,
        terms=plan_terms(router, registry),
        stop_trigger=config.orders.stop_trigger,
        day_ends=plan_day_ends(config, feed, registry),
        cancel_on_disconnect=config.orders.cancel_on_disconnect,
        slots=planner.further_slots(connects=source.connect is not None),
        outside_runs=planner.outside_runs(decoder, choices, awaited),
        market=config.market,
        portfolio=config.portfolio,
        budget=config.budget,
        chunk=planner.setting(("session", "chunk"), config.session.chunk, DEFAULT_CHUNK),
        gc=planner.setting(("hardware", "gc"), config.hardware.gc, DEFAULT_GC if source.connect is None else "freeze"),
    )


class Planner:
    """Makes the choices of one feed's part of a session."""

    def __init__(self, loaded: Loaded, registry: Registry) -> None:
        self._loaded = loaded
        self._config: Config = loaded.config
        self._diagnostic = loaded.diagnostic
        self._registry = registry

    def slot(self, seam: str, slot: SlotConfig) -> Choice:
        """The choice for a slot of one plugin."""
        return self._choose((seam,), seam, slot.plugin, slot.options, {})

    def further_slots(self, *, connects: bool) -> tuple[Choice, ...]:
        """Returns the choices for the plain slots that have no field in `Plan`; one that nothing provides is empty."""
        rows = (row for row in SEAMS.values() if row.slot and row.name not in Plan.__struct_fields__)
        wanted = (row.name for row in rows if connects or not row.connected or self._diagnostic.has(row.name))
        return tuple(filter(None, (self.open_slot(name, getattr(self._config, name)) for name in wanted)))

    def journal(self) -> Choice | None:
        """The choice for the journal: None unless the config has a table for it that says more than to do without."""
        slot = self._config.journal
        wanted = self._diagnostic.has("journal") and bool(slot.options or slot.plugin != AUTO or not slot.accept_loss)
        return self.slot("journal", slot) if wanted else None

    def outside_runs(
        self, decoder: Choice, choices: Sequence[Choice | None], awaited: Choice | None
    ) -> tuple[Choice, ...]:
        """The choices whose work a fused run of the decoder can't do itself; none if it has no such runs.

        `awaited` is the journal if each request waits for it.
        """

        def in_runs(choice: Choice) -> bool:
            return bool(self._registry.get(choice.seam, choice.plugin).capabilities.get("in_runs"))

        if not any(choice is not None and choice.seam == "router" for choice in choices) or not in_runs(decoder):
            return ()
        outside = tuple(choice for choice in choices if choice is not None and not in_runs(choice))
        return outside if awaited is None else (*outside, awaited)

    def open_slot(self, seam: str, slot: SlotConfig) -> Choice | None:
        """The choice for a slot that may stay empty: None if the config says nothing of it and nothing is ranked."""
        if slot.plugin == AUTO and not slot.options and not self._registry.ranked(seam):
            return None
        return self.slot(seam, slot)

    def decoder(
        self, feed: Choice, codec_choice: Choice, source: SourcePlan, instruments: tuple[Instrument, ...]
    ) -> Choice:
        """The choice for the decoder: where it is open, the best that takes what the feed declares."""
        choice = self.slot("decoder", self._config.decoder)
        declared = self._registry.get("feed", feed.plugin).factory
        if choice.rule == "pinned" or not isinstance(declared, WireFeed):
            return choice
        codec = self._codec(codec_choice)
        refusals = []
        usable = [one for one in self._registry.ranked("decoder") if not why_unusable(one.needs)]
        for offer in usable[:-1]:
            context = FeedContext(instruments, codec, source.encoding, offer.factory)
            try:
                with calling(offer, "run this feed"):
                    declared(context)
            except ConfigError as error:
                refusals.append(str(error))
            else:
                return choice if offer.name == choice.plugin else self._fallback(offer, refusals)
        return self._fallback(usable[-1], refusals) if refusals else choice

    def _fallback(self, offer: Offer, refusals: list[str]) -> Choice:
        because = "; ".join(["the best installed that runs this feed", *refusals])
        return self._choice("decoder", offer, "default", because, self._config.decoder.options, ("decoder",))

    def setting(self, path: tuple[str, str], configured: _T | str, default: _T) -> Setting[_T]:
        """Returns the value for a slot without a plugin, named by the key's last part."""
        if configured == AUTO:
            return Setting(slot=path[-1], value=default, because=_DEFAULT)
        pinned = f"pinned by {self._diagnostic.where(path)}"
        return Setting(slot=path[-1], value=configured, rule="pinned", because=pinned)  # type: ignore[arg-type]

    def codec(self) -> Choice:
        """The choice for the codec that the feed reads with, from the slot for its messages' encoding.

        The plugin of the other slot isn't used, but has to fit there.
        """
        encoding = self._config.feed.encoding
        for form, key in _CODEC_KEYS.items():
            if form != encoding and getattr(self._config.codec, key) != AUTO:
                self._codec_for(form, key)
        choice = self._codec_for(encoding, _CODEC_KEYS[encoding])
        offered = self._registry.get("codec", choice.plugin).capabilities
        if not offered.get("strict", True):
            raise self._diagnostic.error(
                ("codec", _CODEC_KEYS[encoding]),
                f"no feed can be read with {choice.plugin!r}, which doesn't decode as every other codec does: "
                f"{offered.get('lenient', 'it is not strict')}. Leave this key out, or name another codec",
            )
        return choice

    def _codec_for(self, form: str, key: str) -> Choice:
        """The choice for one of the codec slots, by its key in the config; `form` is the format that it needs."""
        plugin = getattr(self._config.codec, key)
        choice = self._choose(("codec", key), "codec", plugin, {}, {"format": form})
        offered = self._registry.get("codec", choice.plugin).capabilities["format"]
        if offered != form:
            raise self._diagnostic.error(("codec", key), f"{choice.plugin!r} is a {offered} codec; this slot is {form}")
        return msgspec.structs.replace(choice, slot=f"codec ({key})")

    def strategies(self) -> tuple[StrategyPlan, ...]:
        """The strategies, in the order of the config."""
        plans = []
        for name, slot in self._config.strategy.items():
            path = ("strategy", name)
            if slot.plugin == AUTO:
                names = ", ".join(sorted(self._registry.offers("strategy")))
                raise self._diagnostic.error(
                    path, f"names no plugin; a strategy is never chosen for you. Name one of: {names}"
                )
            choice = self._choose(path, "strategy", slot.plugin, slot.options, None)
            plans.append(StrategyPlan(name=name, choice=msgspec.structs.replace(choice, slot=f"strategy {name}")))
        return tuple(plans)

    def risk(self) -> tuple[Choice, ...]:
        """Returns the checks that the config sets a limit for."""
        choices = []
        for name, value in self._config.risk.items():
            options = value if isinstance(value, dict) else {"limit": value}
            choice = self._choose(("risk", name), "risk", name, options, None)
            choices.append(msgspec.structs.replace(choice, slot=f"risk {name}"))
        return tuple(choices)

    def missing_limits(self) -> tuple[str, ...]:
        """Returns the required checks that the config doesn't mention."""
        required = (name for name, offer in self._registry.offers("risk").items() if offer.capabilities.get("required"))
        return tuple(sorted(set(required) - set(self._config.risk)))

    def source_and_feed(self, codec: Choice) -> tuple[SourcePlan, Choice]:
        """Returns the messages and the feed that reads them with that codec.

        They depend on each other: the feed of a catalogued capture is known.
        """
        source, feed = self._source_and_feed(codec)
        encodings = encodings_of(self._registry.get("feed", feed.plugin))
        if source.encoding not in encodings:
            raise self._diagnostic.error(
                ("feed", "encoding"),
                f"the feed {feed.plugin!r} reads no {source.encoding}; it reads: {', '.join(encodings)}",
            )
        return source, feed

    def _source_and_feed(self, codec: Choice) -> tuple[SourcePlan, Choice]:
        slot = self._config.feed
        if slot.connect is not False:
            return connected_feed(slot, lambda: self.slot("feed", slot), self._registry, self._loaded)
        if slot.capture is None:
            choice = self.slot("feed", slot)
            if not self._registry.get("feed", choice.plugin).capabilities.get("generated"):
                raise self._diagnostic.error(
                    ("feed",),
                    f'{choice.plugin!r} has no messages of its own; add feed.capture = "FILE", or a '
                    "name of `mainspring data list`, or connect to the venue with feed.connect = true",
                )
            return SourcePlan(name="generated", captures=(), skip_bad=slot.skip_bad, encoding=slot.encoding), choice
        names = (slot.capture,) if isinstance(slot.capture, str) else slot.capture
        if not names:
            raise self._diagnostic.error(("feed", "capture"), "is empty; remove it to use generated messages")
        found = [self._locate(name) for name in names]
        captures = tuple(one.path for one in found)
        source = SourcePlan(name=", ".join(names), captures=captures, skip_bad=slot.skip_bad, encoding=slot.encoding)
        if slot.plugin != AUTO:
            return source, self.slot("feed", slot)
        if found[0].feed is not None:
            because, name = f"the catalogue says that {names[0]} is from it", found[0].feed
        else:
            because, name = self._recognise(source, codec)
        offer = self._registry.get("feed", name)
        return source, self._choice("feed", offer, "default", because, slot.options, ("feed",))

    def _locate(self, capture: str) -> Located:
        try:
            return locate(capture, self._loaded.folder)
        except DataError as error:
            raise self._diagnostic.error(("feed", "capture"), str(error)) from error

    def _recognise(self, source: SourcePlan, codec_choice: Choice) -> tuple[str, str]:
        """Returns the feed that reads the capture's beginning best, and the reason, if the config names none."""
        offers = self._registry.offers("feed")
        feeds = {name: offer for name, offer in offers.items() if source.encoding in encodings_of(offer)}
        names, messages = recognise(feeds, self._codec(codec_choice), self._messages(source))
        if len(names) == 1:
            return f"it reads {messages:,} messages at the start of the capture, more than any other feed", names[0]
        there = ", ".join(sorted(name for name, offer in feeds.items() if not offer.capabilities.get("generated")))
        tied = " and ".join(names)
        unread = f'no feed can read any {source.encoding} message of it (feed.encoding = "{source.encoding}")'
        said = f"{tied} read it equally well" if names else unread
        raise self._diagnostic.error(
            ("feed", "plugin"), f"{source.name}: {said}; name the feed that it was recorded from (--feed NAME): {there}"
        )

    @staticmethod
    def _messages(source: SourcePlan) -> Callable[[], Iterable[RawMessage]]:
        return lambda: chain.from_iterable(read_capture(path, skip_bad=source.skip_bad) for path in source.captures)

    def instruments(
        self, feed: Choice, codec_choice: Choice, source: SourcePlan
    ) -> tuple[tuple[Instrument, ...], tuple[str, ...]]:
        """Returns the instruments with their grids, and the venue symbols of others in the captures."""
        offer = self._registry.get("feed", feed.plugin)
        codec = self._codec(codec_choice)
        messages = self._messages(source) if source.captures else None
        with calling(offer, "find the instruments"):
            found, others = resolve_instruments(self._config, self._diagnostic, offer.factory, codec, messages)
        if messages is not None and isinstance(offer.factory, WireFeed):
            refuse_other_units(source.name, offer.factory(FeedContext(found, codec, source.encoding)), messages)
        return found, others

    def _codec(self, choice: Choice) -> Codec:
        offer = self._registry.get("codec", choice.plugin)
        with calling(offer, "be made"):
            codec: Codec = offer.factory()
        return codec

    def _choose(
        self,
        path: tuple[str, ...],
        seam: str,
        plugin: str,
        options: dict[str, Any],
        ranked: Mapping[str, str] | None,
    ) -> Choice:
        """The plugin that the config names; else, if `ranked` says with which capabilities, the best of these."""
        if plugin == AUTO and ranked is not None:
            offer, because = self._best(seam, ranked)
            return self._choice(path[-1], offer, "default", because, options, path)
        named_by = path if seam in ("codec", "risk") else (*path, "plugin")
        try:
            offer = self._registry.get(seam, plugin)
        except (UnknownPlugin, UnusablePlugin) as error:
            raise self._diagnostic.error(named_by, str(error)) from error
        return self._choice(path[-1], offer, "pinned", f"pinned by {self._diagnostic.where(named_by)}", options, path)

    def _best(self, seam: str, capabilities: Mapping[str, str]) -> tuple[Offer, str]:
        """The usable offer of the highest rank, and why none of a higher rank is taken."""
        best = self._registry.best(seam, **capabilities)
        better = [one for one in self._registry.ranked(seam, **capabilities) if one.rank > best.rank]
        without = why_not_native(self._registry) if seam in PROVIDES and best.distribution == OURS[0] else None
        if without is not None:
            return best, f"{_BEST}; {without}"
        if better:
            return best, f"{_BEST} that can run here; {better[0].name} {why_unusable(better[0].needs)}"
        return best, _BEST

    def _choice(
        self, slot: str, offer: Offer, rule: str, because: str, options: dict[str, Any], path: tuple[str, ...]
    ) -> Choice:
        decoded = None
        beside = _SLOT_KEYS.get(offer.seam, ("plugin",))
        if offer.options is not None:
            decoded = self._with_files(convert(options, offer.options, self._diagnostic, path, beside=beside), path)
        elif options and beside:
            raise self._diagnostic.unknown_key((*path, next(iter(options))), beside)
        elif options:
            raise self._diagnostic.error(path, f"the {offer.seam} plugin {offer.name!r} takes no options")
        return Choice(
            slot=slot,
            seam=offer.seam,
            plugin=offer.name,
            distribution=offer.distribution,
            version=offer.version,
            rule=rule,
            because=because,
            options=decoded,
        )

    def _with_files(self, options: msgspec.Struct, path: tuple[str, ...]) -> msgspec.Struct:
        """Resolves the files that a plugin's options name: those to read exist, those to write are the config's."""
        found = {}
        for name in file_options(type(options)):
            text: str = getattr(options, name)
            if not text:
                continue
            places = dict.fromkeys(base / text for base in (self._loaded.folder, Path(), *data_folders()))
            file = next((place for place in places if place.is_file()), None)
            if file is None:
                nor = ", nor ".join(str(place) for place in places)
                raise self._diagnostic.error((*path, name), f"there is no file {nor}")
            found[name] = str(file.absolute())
        return writing_to(msgspec.structs.replace(options, **found), self._loaded.folder)
