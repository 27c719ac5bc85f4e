"""Grades a host for racing by the noise while the default raced itself."""

import math

from hwprofile.tune.samples import Samples
from hwprofile.tune.signs import Signs
from hwprofile.tune.values import Grade, Health

__all__ = ["UNFIT_NOISE", "grade_of", "noise_of"]

UNFIT_NOISE = 0.05
"""If two runs of one candidate differ by more than this, chance would decide a race."""

_HOPELESS_NOISE = 0.20
_QUIET_NOISE = 0.01
_UNFIT_STEAL = 0.25
_QUIET_STEAL = 0.02
_QUIET_PRESSURE = 10.0


def noise_of(again: Samples) -> float:
    """Returns the noise: the difference between two runs of one candidate, as a fraction, plus a standard error."""
    return (
        math.expm1(abs(again.estimate) + again.error) if len(again.processes) > 1 else math.expm1(abs(again.estimate))
    )


def grade_of(again: Samples, before: Signs, after: Signs, seconds: float) -> Health:
    """Grades the host. `again` are the default's rounds against itself; `before` and `after` are signs around them."""
    noise = noise_of(again)
    # One process says little, so at that point only hopeless noise ends the race.
    most = UNFIT_NOISE if len(again.processes) > 1 else _HOPELESS_NOISE
    steal = _part(before.steal, after.steal, before.total, after.total)
    pressure = None
    if before.waited_us is not None and after.waited_us is not None and seconds > 0:
        pressure = min((after.waited_us - before.waited_us) / seconds / 1e4, 100.0)
    throttled = None
    if before.throttled is not None and after.throttled is not None:
        throttled = after.throttled - before.throttled
    low, high = again.interval
    troubles = []
    unfit = True
    if noise > most:
        troubles.append(f"the default differs from itself by {noise:.1%}; above {most:.0%}, chance decides")
    elif abs(again.estimate) > _QUIET_NOISE and (low > 0 or high < 0):
        troubles.append(f"the default differs from itself by {abs(math.expm1(again.estimate)):.1%}, which isn't chance")
    elif steal is not None and steal > _UNFIT_STEAL:
        troubles.append(f"the hypervisor takes {steal:.0%} of the CPUs' time")
    else:
        unfit = False
        if noise > _QUIET_NOISE:
            troubles.append(f"the default differs from itself by {noise:.1%}")
        if steal is not None and steal > _QUIET_STEAL:
            troubles.append(f"the hypervisor takes {steal:.0%} of the CPUs' time")
        if pressure is not None and pressure > _QUIET_PRESSURE:
            troubles.append(f"tasks wait for a CPU {pressure:.0f}% of the time")
        if throttled:
            troubles.append(f"CPUs were throttled {throttled} times")
    grade: Grade = "unfit" if unfit else "noisy" if troubles else "quiet"
    because = "; ".join(troubles) or f"the default differs from itself by {noise:.1%}, and nothing disturbs it"
    return Health(grade=grade, noise=noise, steal=steal, pressure=pressure, throttled=throttled, because=because)


def _part(before: int | None, after: int | None, of_before: int | None, of_after: int | None) -> float | None:
    if before is None or after is None or of_before is None or of_after is None or of_after <= of_before:
        return None
    return (after - before) / (of_after - of_before)
