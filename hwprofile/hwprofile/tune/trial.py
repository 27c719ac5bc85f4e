"""Runs a trial in one process: calibrates the payload, warms up, and runs rounds in random order."""

import gc
import time
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import NamedTuple

from hwprofile.tune.orders import Disturbance, Round, Trial, TrialOrder
from hwprofile.tune.signs import RunDelay, Throttling, put_aside, ran_on
from hwprofile.tune.values import Race, Score

__all__ = ["RoundSigns", "round_signs", "run_trial"]

_RESOLUTIONS = 1_000
_LEAST_NS = 100_000
_MOST_BLOCKS = 1 << 12
_WARM_UP = 3


class RoundSigns(NamedTuple):
    """The readings that show if a round was disturbed: see `hwprofile.tune.signs`."""

    cpu: int | None
    throttled: int | None


def round_signs() -> Callable[[], RoundSigns]:
    """Yields a function that reads the signs of this thread."""
    throttled = Throttling()

    def read() -> RoundSigns:
        cpu = ran_on()
        return RoundSigns(cpu, throttled(cpu))

    return read


def run_trial(
    race: Race,
    order: TrialOrder,
    *,
    clock: Callable[[], float] = time.perf_counter,
    signs: Callable[[], RoundSigns] | None = None,
) -> Trial:
    """Runs the trial. Warm-up rounds run like the others, but don't count.

    In a round each candidate runs the same payload. Time in which the thread was ready but others had its CPU is
    subtracted from a score, since it isn't the candidate's. A round during which a CPU was throttled, or in which the
    thread moved to another CPU, is reported with the reason, and so are the runs in which it was preempted. The
    garbage collector ignores objects older than the rounds, and is off while candidates run, equally for all; a race
    about it sets it itself. `clock` is the clock to read.
    """
    signs = signs or round_signs()
    random = Random(order.seed)  # noqa: S311  an order of turns, no secret
    race.start(order.names, unseen=order.unseen)
    blocks = order.blocks or _calibrated(race, order.default)
    gc.collect()
    gc.freeze()
    was_on, delay = gc.isenabled(), RunDelay()
    gc.disable()
    try:
        rounds: list[Round] = []
        began = clock()
        until = began + order.seconds
        at = 0
        while at < order.least or clock() < until:
            one = _round(race, order.names, blocks, random, signs, delay)
            if at >= _WARM_UP:
                rounds.append(one)
            at += 1
        seconds = clock() - began
    finally:
        delay.close()
        if was_on:
            gc.enable()
        gc.unfreeze()
    return Trial(names=order.names, blocks=blocks, seconds=seconds, rounds=tuple(rounds))


def _calibrated(race: Race, default: str) -> int:
    """Returns the work for which the default takes 1,000 times the clock's resolution, and at least 0.1 ms.

    Short payloads are disturbed less often, and more of them fit into the budget.
    """
    enough = max(_LEAST_NS, int(_RESOLUTIONS * 1e9 * time.get_clock_info("perf_counter").resolution))
    blocks = 1
    while blocks < _MOST_BLOCKS:
        race.advance(blocks)
        # The faster of two: the first may have had one-time costs.
        first = race.run(default).elapsed_ns
        race.advance(blocks)
        if min(first, race.run(default).elapsed_ns) >= enough:
            break
        blocks *= 2
    return blocks


def _round(
    race: Race,
    names: tuple[str, ...],
    blocks: int,
    random: Random,
    signs: Callable[[], RoundSigns],
    delay: RunDelay,
) -> Round:
    race.advance(blocks)
    scores: dict[str, Score] = {}
    aside: list[int] = []
    before, count = signs(), put_aside()
    for place in random.sample(range(len(names)), len(names)):
        waited = delay()
        score = race.run(names[place])
        waited = delay() - waited if score.waited_ns is None else score.waited_ns
        scores[names[place]] = replace(score, elapsed_ns=max(score.elapsed_ns - waited, 1)) if waited else score
        if (now := put_aside()) != count:
            aside.append(place)
            count = now
    after = signs()
    # Collects only what the candidates left behind: older objects are frozen.
    gc.collect()
    return Round(
        scores=tuple(scores[name] for name in names), dropped=_disturbed(before, after), put_aside=tuple(sorted(aside))
    )


def _disturbed(before: RoundSigns, after: RoundSigns) -> Disturbance | None:
    if after.cpu != before.cpu:
        return "moved"
    return "throttled" if after.throttled != before.throttled else None
