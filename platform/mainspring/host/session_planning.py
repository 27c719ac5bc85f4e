"""Makes a session's plan from a config: its feeds, how lanes share their instruments, and where lanes run."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

import msgspec

from hwprofile.apply import taken_cpus
from hwprofile.probe import probe as probe_host
from hwprofile.profile import HostProfile
from mainspring.host.config import AUTO, Loaded
from mainspring.host.feeds import each_feed
from mainspring.host.flagging import with_flags
from mainspring.host.partition import partition
from mainspring.host.placing import lanes_for, place_lanes, unpinned, wants_pinning
from mainspring.host.plan import Choice, ControlPlan, LanePlan, Place, Plan, SessionPlan, StrategyPlan
from mainspring.host.planning import make_plan
from mainspring.host.profiles.expected import expect_stages
from mainspring.host.profiles.following import follow_profiles
from mainspring.host.registry import Registry
from mainspring.journal import ConfigText

__all__ = ["alone", "make_session"]

_SEE_THEIR_LANE = ("strategy", "risk")
"""Seams whose plugins see all instruments of their lane, of whichever feed. A router is one feed's."""


def alone(plan: Plan, allow: Sequence[str] = ()) -> SessionPlan:
    """Returns a session of one feed in one unpinned lane. `allow` lists the distributions that it may load."""
    return SessionPlan(feeds=(plan,), lanes=(LanePlan(name="1", parts=(plan,)),), allow=tuple(allow))


def make_session(
    loaded: Loaded, registry: Registry, probe: Callable[[], HostProfile] = probe_host, *, follow: bool = True
) -> SessionPlan:
    """Plans a session.

    `probe` stands for `hwprofile.probe.probe` and is called at most once, only if the host matters. Slots that the
    config leaves open follow this host's profiles; without `follow` they have their defaults. Raises `ConfigError` or
    a `PluginError` if the config can't be run.
    """
    config, diagnostic = loaded.config, loaded.diagnostic
    probe = cache(probe)
    own = each_feed(loaded)
    feeds = tuple(make_plan(each, registry, name) for name, each in own.items())
    feeds, profiles = (
        follow_profiles(feeds, [each.config for each in own.values()], registry, probe) if follow else (feeds, ())
    )
    feeds = with_flags(feeds, tuple(own.values()), registry)
    instruments = sum(len(feed.instruments) for feed in feeds)
    profile = None
    taken: Sequence[int] = ()
    if config.lanes == AUTO or wants_pinning(config.hardware, int(config.lanes)):
        profile = probe()
        taken = tuple(taken_cpus())
    because = ""
    if config.lanes == AUTO:
        assert profile is not None
        lanes, because = lanes_for(profile, instruments, taken)
    else:
        lanes = int(config.lanes)
    if lanes > instruments:
        raise diagnostic.error(
            ("lanes",),
            f"{lanes} lanes for {instruments} instrument{'s' if instruments != 1 else ''}: a lane without one would do "
            f"nothing. At most {instruments}",
        )
    if lanes > 1 or len(feeds) > 1:
        _refuse_divided(loaded, registry, feeds, lanes)
    _refuse_too_few(loaded, registry, feeds)
    _refuse_unknown_marks(loaded, registry, feeds)
    feeds = _named_apart(feeds)
    names = [str(number) for number in range(1, lanes + 1)]
    hardware, places = unpinned(config.hardware), tuple(Place() for _ in names)
    if wants_pinning(config.hardware, lanes):
        assert profile is not None
        hardware, places = place_lanes(config.hardware, diagnostic, profile, names, taken)
    shares = partition(feeds, lanes, _weights(feeds))
    source = ConfigText(
        text=loaded.text, origin=loaded.origin, folder=str(loaded.folder.absolute()), overrides=loaded.overrides
    )
    folder = config.session.control
    control = (
        None
        if folder is None
        else ControlPlan(
            folder=(loaded.folder / folder).absolute(),
            dead_man_s=config.session.dead_man_s,
            flag_provider=config.session.flag_provider,
            allow=config.plugins.loaded,
        )
    )
    session = SessionPlan(
        feeds=feeds,
        lanes=tuple(
            LanePlan(name=name, number=number, parts=parts, place=place, config=source, control=control)
            for number, (name, parts, place) in enumerate(zip(names, shares, places, strict=True))
        ),
        hardware=hardware,
        lanes_because=because,
        allow=config.plugins.loaded,
        profiles=profiles,
        state=_state_file(loaded, lanes),
    )
    # A profile's medians are those of its feed without others.
    alone_profile = profiles[0].profile if len(profiles) == 1 and profiles[0].freshness != "nearest" else None
    return session if alone_profile is None else expect_stages(session, alone_profile)


def _state_file(loaded: Loaded, lanes: int) -> Path | None:
    """Returns the file of strategies' states. Raises `ConfigError` where there can't be one."""
    name = loaded.config.session.state
    if name is None:
        return None
    problem = "several lanes each have their own strategies: set lanes = 1" if lanes > 1 else ""
    if loaded.config.mode == "replay":
        problem = 'a session without strategies has no states: set mode = "paper"'
    if problem:
        raise loaded.diagnostic.error(("session", "state"), problem)
    return loaded.folder / name


def _weights(feeds: Sequence[Plan]) -> list[int]:
    """Returns each feed's weight: the bytes of its captures, or its instruments if a feed has no captures."""
    if all(feed.source.captures for feed in feeds):
        return [sum(path.stat().st_size for path in feed.source.captures) for feed in feeds]
    return [len(feed.instruments) for feed in feeds]


def _named_apart(feeds: Sequence[Plan]) -> tuple[Plan, ...]:
    """Adds a feed's name to those of strategies that feeds configure differently: each is an object of its own.

    The feeds that configure it alike share one, named for the first of them, however lanes are divided.
    """
    alike: dict[str, list[tuple[StrategyPlan, str]]] = {}
    for feed in feeds:
        for strategy in feed.strategies:
            variants = alike.setdefault(strategy.name, [])
            if all(other != strategy for other, _ in variants):
                variants.append((strategy, feed.name))

    def named(strategy: StrategyPlan) -> StrategyPlan:
        variants = alike[strategy.name]
        if len(variants) == 1:
            return strategy
        first = next(feed for other, feed in variants if other == strategy)
        return msgspec.structs.replace(strategy, name=f"{strategy.name} [{first}]")

    return tuple(msgspec.structs.replace(feed, strategies=tuple(map(named, feed.strategies))) for feed in feeds)


def _refuse_too_few(loaded: Loaded, registry: Registry, feeds: Sequence[Plan]) -> None:
    """Raises `ConfigError` for a strategy that needs more instruments than it would have."""
    for feed, own in zip(feeds, each_feed(loaded).values(), strict=True):
        for strategy in feed.strategies:
            plugin = strategy.choice.plugin
            # Feeds that configure it alike share one object, which sees the instruments of all of them.
            count = sum(len(other.instruments) for other in feeds if strategy in other.strategies)
            fewest = int(registry.get("strategy", plugin).capabilities.get("instruments", 1))
            if count < fewest:
                raise own.diagnostic.error(
                    ("strategy", strategy.name), f"{plugin!r} needs {fewest} instruments, and the session has {count}"
                )


def _refuse_unknown_marks(loaded: Loaded, registry: Registry, feeds: Sequence[Plan]) -> None:
    """Raises `ConfigError` if the venue's marks are wanted and no feed reports any.

    Where some do, the instruments of the others are marked at their mid.
    """
    if loaded.config.portfolio.mark == "venue" and not any(
        registry.get("feed", feed.feed.plugin).capabilities.get("marks") for feed in feeds
    ):
        names = " and ".join(repr(name) for name in dict.fromkeys(feed.feed.plugin for feed in feeds))
        raise loaded.diagnostic.error(
            ("portfolio", "mark"), f'no mark prices come from {names}: choose "mid" or "last", or a feed of contracts'
        )


def _refuse_divided(loaded: Loaded, registry: Registry, feeds: Sequence[Plan], lanes: int) -> None:
    """Raises `ConfigError` for a plugin that must see all instruments of the session but would see only some."""
    for feed, own in zip(feeds, each_feed(loaded).values(), strict=True):
        if lanes > 1 and feed.compare_balances:
            raise own.diagnostic.error(
                ("orders", "compare_balances"),
                f"what one of {lanes} lanes trades would seem a difference of balances to the others: run one lane",
            )
        for path, choice in _paths(feed):
            if lanes == 1 and choice.seam in _SEE_THEIR_LANE:
                continue
            if registry.get(choice.seam, choice.plugin).capabilities.get("across_instruments"):
                cut = f"{lanes} lanes" if lanes > 1 else f"{len(feeds)} feeds"
                raise own.diagnostic.error(
                    path,
                    f"the {choice.seam} {choice.plugin!r} needs all instruments, but with {cut} it would see "
                    "only some. Run it with one lane and one feed",
                )


def _paths(feed: Plan) -> Iterator[tuple[tuple[str, ...], Choice]]:
    """Returns the choices that might need all instruments, with their keys in the config."""
    yield from ((("risk", choice.plugin), choice) for choice in feed.risk)
    yield from ((("strategy", strategy.name), strategy.choice) for strategy in feed.strategies)
    yield from (((choice.slot,), choice) for choice in (feed.router, *feed.slots) if choice is not None)
