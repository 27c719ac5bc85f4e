"""A stint in one process: the payload is calibrated, everything is warmed up, and rounds are run in a random order."""

import gc
import time
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import NamedTuple

from hwprofile.tune.orders import Disturbance, Round, Stint, StintOrder
from hwprofile.tune.signs import RunDelay, Throttling, put_aside, ran_on
from hwprofile.tune.values import Contest, Score

__all__ = ["RoundSigns", "round_signs", "run_stint"]

_RESOLUTIONS = 1_000
_LEAST_NS = 100_000
_MOST_BLOCKS = 1 << 12
_WARM_UP = 3


class RoundSigns(NamedTuple):
    """What tells whether a round was disturbed: see `hwprofile.tune.signs`."""

    cpu: int | None
    throttled: int | None


def round_signs() -> Callable[[], RoundSigns]:
    """Reads the signs of this thread as they are whenever it is called."""
    throttled = Throttling()

    def read() -> RoundSigns:
        cpu = ran_on()
        return RoundSigns(cpu, throttled(cpu))

    return read


def run_stint(
    contest: Contest,
    order: StintOrder,
    *,
    clock: Callable[[], float] = time.perf_counter,
    signs: Callable[[], RoundSigns] | None = None,
) -> Stint:
    """Runs the stint. Warm-up rounds are run like the others, and don't count.

    Each candidate runs the same payload in a round. Time in which the thread was ready and others had its CPU is taken
    off a score: it isn't the candidate's. A round during which a CPU was throttled, or in which the thread was moved to
    another CPU, is told with its reason, and so are the runs in which it was put aside for others. The garbage
    collector leaves alone what lived before the rounds, and is off while candidates run, for all alike; a contest in
    which it takes part switches it itself.
    """
    signs = signs or round_signs()
    random = Random(order.seed)  # noqa: S311  an order of turns, no secret
    contest.start(order.names, unseen=order.unseen)
    blocks = order.blocks or _calibrated(contest, order.default)
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
            one = _round(contest, order.names, blocks, random, signs, delay)
            if at >= _WARM_UP:
                rounds.append(one)
            at += 1
        seconds = clock() - began
    finally:
        delay.close()
        if was_on:
            gc.enable()
        gc.unfreeze()
    return Stint(names=order.names, blocks=blocks, seconds=seconds, rounds=tuple(rounds))


def _calibrated(contest: Contest, default: str) -> int:
    """So much work that a payload takes the default 1,000 times the clock's resolution, and 0.1 ms at least: short
    ones are less often disturbed, and there are more of them."""
    enough = max(_LEAST_NS, int(_RESOLUTIONS * 1e9 * time.get_clock_info("perf_counter").resolution))
    blocks = 1
    while blocks < _MOST_BLOCKS:
        contest.advance(blocks)
        # The quicker of two: the first one may have been the first of its kind.
        first = contest.run(default).elapsed_ns
        contest.advance(blocks)
        if min(first, contest.run(default).elapsed_ns) >= enough:
            break
        blocks *= 2
    return blocks


def _round(
    contest: Contest,
    names: tuple[str, ...],
    blocks: int,
    random: Random,
    signs: Callable[[], RoundSigns],
    delay: RunDelay,
) -> Round:
    contest.advance(blocks)
    scores: dict[str, Score] = {}
    aside: list[int] = []
    before, count = signs(), put_aside()
    for place in random.sample(range(len(names)), len(names)):
        waited = delay()
        score = contest.run(names[place])
        waited = delay() - waited if score.waited_ns is None else score.waited_ns
        scores[names[place]] = replace(score, elapsed_ns=max(score.elapsed_ns - waited, 1)) if waited else score
        if (now := put_aside()) != count:
            aside.append(place)
            count = now
    after = signs()
    # What its candidates left behind, and no more: what lived before is frozen.
    gc.collect()
    return Round(
        scores=tuple(scores[name] for name in names), dropped=_disturbed(before, after), put_aside=tuple(sorted(aside))
    )


def _disturbed(before: RoundSigns, after: RoundSigns) -> Disturbance | None:
    if after.cpu != before.cpu:
        return "moved"
    return "throttled" if after.throttled != before.throttled else None
