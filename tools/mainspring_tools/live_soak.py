"""A live session on many connections for long: whether anything grows, lags or is lost.

    uv run python -m mainspring_tools.live_soak --minutes 60 --connections 20 [--rate R] [--capture FILE]

runs a paper session against a venue in a box, a process of its own, over loopback and TLS. Each connection brings an
endless simulated market of one instrument. R is how many messages all connections bring in a second: by default twice
what came in the busiest second of the capture, or of the reference session. At intervals it prints what was sent and
received, the resident memory and the lag. The exit code is 1 if memory or lag grows, or anything was lost.
"""

import sys
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

import msgspec
import psutil

from mainspring.data import read_capture
from mainspring.data.scratch import scratch_folder
from mainspring.host.config import load_config
from mainspring.host.planning import make_plan
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.report import LiveFeedReport
from mainspring.seams import SEAMS, RawMessage
from mainspring.session.lane_run import LaneRun
from mainspring.session.live.session import LiveSession
from mainspring_tools.live_soak_venue import VenueProcess, symbols

__all__ = ["Sample", "Soaked", "busiest_second", "main", "problems", "soak"]

_FEED: Final = "binance-spot"
_REFERENCE_S: Final = 60
_READY_S: Final = 60.0
_SETTLE_S: Final = 20.0
_GROWTH: Final = 0.03
_GROWTH_BYTES: Final = 8_000_000
_LAG_MS: Final = 100.0
_FEWEST: Final = 6
_SAMPLES: Final = 20


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """How a session stood after `seconds`.

    `lag_ms` is the median since the sample before, of the connection that lagged most each time that was looked.
    """

    seconds: float
    sent: int
    received: int
    resident: int
    lag_ms: float


class Soaked(msgspec.Struct, frozen=True, kw_only=True):
    """What a soak came to: its samples, what was sent and received on each connection, and what the session says."""

    samples: list[Sample]
    sent: list[int]
    received: list[int]
    run: int
    feed: LiveFeedReport


def problems(soaked: Soaked) -> list[str]:
    """Returns what is wrong with a soak, a sentence each.

    Growth shows in the medians of the second and the last third of the samples, since a session takes memory at
    first; of fewer than six samples nothing is said about it.
    """
    found = [
        f"connection {number}: {sent:,} messages were sent and {received:,} received"
        for number, (sent, received) in enumerate(zip(soaked.sent, soaked.received, strict=True), 1)
        if sent != received
    ]
    if soaked.run < sum(soaked.received):
        found.append(f"{sum(soaked.received):,} messages were received, and the lane ran {soaked.run:,}")
    lost = sum((Counter(one.lost) for one in soaked.feed.connections), Counter[str]())
    found += [f"connections were lost: {why} ({count:,})" for why, count in lost.items()]
    found += [f"snapshots weren't fetched: {why} ({count:,})" for why, count in soaked.feed.failed_requests.items()]
    if soaked.feed.gaps:
        found.append(f"{soaked.feed.gaps:,} gaps, and the venue left nothing out")
    found += [] if soaked.samples else ["nothing was measured: some connection brought nothing"]
    found += [f"{one.instrument} has no book" for one in soaked.feed.books if not one.valid]
    if len(soaked.samples) >= _FEWEST:
        third = len(soaked.samples) // 3
        middle, last = soaked.samples[third:-third], soaked.samples[-third:]
        before, after = (median(one.resident for one in part) for part in (middle, last))
        if after - before > max(before * _GROWTH, _GROWTH_BYTES):
            found.append(f"the memory grows: {before / 1e6:,.1f} MB, then {after / 1e6:,.1f} MB")
        before, after = (median(one.lag_ms for one in part) for part in (middle, last))
        if after > 2 * before + _LAG_MS:
            found.append(f"the lag grows: {before:,.0f} ms, then {after:,.0f} ms")
    return found


def busiest_second(messages: Iterable[RawMessage]) -> int:
    """Returns how many messages came in the busiest second."""
    seconds = Counter(receive_time_ns // 1_000_000_000 for receive_time_ns, _ in messages)
    return max(seconds.values(), default=0)


def soak(
    seconds: float, connections: int, rate: float, folder: Path, show: Callable[[Sample], None] = lambda _: None
) -> Soaked:
    """Runs a session for that long, on that number of connections, with `rate` messages a second in all.

    Then the venue stops, and the session goes on until all that was sent is there, or for 20 seconds. `folder` gets the
    certificate. `show` is called with each of twenty samples.
    """
    registry = _one_instrument_each(Registry.load())
    with VenueProcess(connections, rate, folder) as venue:
        (lane,) = make_session(load_config(None, _overrides(venue.served, connections)), registry).lanes
        live = LiveSession(lane, registry)
        process = psutil.Process()
        give_up = time.monotonic() + _READY_S
        started: float | None = None
        samples: list[Sample] = []
        lags: list[float] = []
        with LaneRun(lane, registry, {}, live.open_source) as run:

            def look() -> None:
                nonlocal started
                feed = _feed(run)
                if started is None:
                    # From when all of them bring something.
                    if all(one.messages for one in feed.connections):
                        started = time.monotonic()
                    elif time.monotonic() > give_up:
                        run.stopped_early = "the connections bring nothing"
                    return
                passed_s = time.monotonic() - started
                lags.append(max((one.lag.last_ms for one in feed.connections if one.lag is not None), default=0.0))
                # What was sent is read first: what is on its way isn't received yet.
                sent, received = venue.sent(), [one.messages for one in feed.connections]
                if passed_s >= seconds:
                    venue.stop()
                    if (venue.stopped and sent == received) or passed_s >= seconds + _SETTLE_S:
                        run.stopped_early = "the soak is over"
                if passed_s >= min(seconds, (len(samples) + 1) * seconds / _SAMPLES) and len(samples) < _SAMPLES:
                    sample = Sample(
                        seconds=passed_s,
                        sent=sum(sent),
                        received=sum(received),
                        resident=process.memory_info().rss,
                        lag_ms=median(lags),
                    )
                    samples.append(sample)
                    lags.clear()
                    show(sample)

            live.run(run, look)
            result = run.finish()
        assert result.live is not None
        (feed,) = result.live.feeds
        received = [one.messages for one in feed.connections]
        return Soaked(samples=samples, sent=venue.sent(), received=received, run=result.messages, feed=feed)


def _feed(run: LaneRun) -> LiveFeedReport:
    live = run.connections()
    assert live is not None
    (feed,) = live.feeds
    return feed


def _one_instrument_each(registry: Registry) -> Registry:
    """Returns the same plugins, but that a connection of the feed carries one instrument."""
    offers: dict[str, Any] = {seam: dict(registry.offers(seam)) for seam in SEAMS}
    offer = offers["feed"][_FEED]
    connection = msgspec.structs.replace(offer.factory.connection, instruments=1, messages_a_second=None)
    declared = msgspec.structs.replace(offer.factory, connection=connection)
    fields = {name: getattr(offer, name) for name in offer.__struct_fields__}
    offers["feed"][_FEED] = type(offer)(**{**fields, "factory": declared})
    return Registry(offers, ())


def _overrides(served: Any, connections: int) -> list[str]:
    connect = ", ".join(f"{key}={value!r}" for key, value in msgspec.to_builtins(served).items())
    grid = 'tick_size="0.01", lot_size="0.00001"'
    instruments = [(f"{one}/USDT", f"{one}USDT") for one in symbols(connections)]
    tables = ", ".join(f"{symbol!r}={{venue_symbol={venue!r}, {grid}}}" for symbol, venue in instruments)
    return [
        "mode=paper",
        f"instruments={[symbol for symbol, _ in instruments]!r}",
        f'feed.plugin="{_FEED}"',
        f"feed.connect={{{connect}}}",
        f"instrument={{{tables}}}",
    ]


def _messages(capture: str | None) -> Iterator[RawMessage]:
    """The messages of a capture, or the beginning of the reference session."""
    if capture is not None:
        yield from read_capture(capture)
        return
    registry = Registry.load()
    plan = make_plan(load_config(None, ["mode=replay", f"feed.seconds={_REFERENCE_S}"]), registry)
    yield from registry.get("feed", plan.feed.plugin).factory.source(plan.instruments, plan.feed.options)


def _show(sample: Sample) -> None:
    print(
        f"{sample.seconds:8.1f} s: {sample.sent:>10,} sent, {sample.received:>10,} received, "
        f"{sample.resident / 1e6:7.1f} MB resident, lag {sample.lag_ms:6.1f} ms",
        flush=True,
    )


def main(arguments: Sequence[str]) -> int:
    """Runs a soak as the command line says, and returns the exit code."""
    parser = ArgumentParser(prog="live_soak", description="A live session on many connections for long.")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("--rate", type=float, help="messages a second in all")
    parser.add_argument("--capture", help="a capture whose busiest second says the rate")
    asked = parser.parse_args(arguments)
    rate = asked.rate
    if rate is None:
        busiest = busiest_second(_messages(asked.capture))
        rate = 2.0 * busiest
        print(f"{busiest:,} messages came in the busiest second of {asked.capture or 'the reference session'}")
    print(f"{asked.connections} connections, {rate:,.0f} messages a second in all, {asked.minutes:g} min", flush=True)
    with scratch_folder("live-soak") as folder:
        soaked = soak(asked.minutes * 60, asked.connections, rate, folder, _show)
    sent, received = sum(soaked.sent), sum(soaked.received)
    if len(soaked.samples) > 1:
        first, last = soaked.samples[0], soaked.samples[-1]
        reached = (last.received - first.received) / (last.seconds - first.seconds)
        print(f"{sent:,} sent, {received:,} received, {reached:,.0f} a second")
    lags = [one.lag for one in soaked.feed.connections if one.lag is not None]
    if lags:
        p50, p99, most = (max(getattr(one, name) for one in lags) for name in ("p50_ms", "p99_ms", "max_ms"))
        print(f"lag of the connection with most of it: p50 {p50:,.1f} ms, p99 {p99:,.1f} ms, max {most:,.1f} ms")
    found = problems(soaked)
    print("\n".join(found) or "nothing grew, and nothing was lost")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
