"""How many messages a lane can take, from what its stages cost; and how many lanes that makes.

A lane does one message after the other, so what a message costs, on average over the messages of a workload, is the
inverse of the rate at which it saturates. A session's report has nearly all of it: the mean of the whole path. What
goes on outside the clocks is added: each timed pass is folded into a histogram between chunks, and something has to
hand the lane its messages. These costs belong to the host and the decoder, not to the workload, and
`mainspring_perf.scaling.calibration` measures them once.

A lane that waits between messages finds the processor's predictors and caches colder, and its stages cost more than
they do at saturation. By how much belongs to the host and the decoder too, and stage costs that were taken at a low
load are brought down by it.
"""

import math
from collections.abc import Mapping, Sequence

import msgspec

from mainspring.report.model import SessionReport, StageReport
from mainspring.report.stretches import stretches

__all__ = ["Calibration", "Capacity", "Outside", "busiest", "capacity", "capacity_of", "lanes_needed"]

_FUSED = "feed+book"
_WHOLE = "whole_path"
# The venue's time is the session's own clock, and nobody works meanwhile.
_NOT_WORK = frozenset({_WHOLE, "venue"})


class Outside(msgspec.Struct, frozen=True, kw_only=True):
    """What a decoder's lane costs outside its clocks, in nanoseconds.

    `fold_ns` is per timed pass, `message_ns` per message that runs alone, `callback_ns` per time that a fused run
    stops to call a strategy. `pause` is how many times as much the path costs in a lane that waits for most of its
    messages as in one that never does.
    """

    fold_ns: float
    message_ns: float
    callback_ns: float = 0.0
    pause: float = 1.0


Calibration = Mapping[str, Outside]
"""What each decoder of a host costs outside its clocks, by the decoder's name."""


class Capacity(msgspec.Struct, frozen=True, kw_only=True):
    """What a message costs, in nanoseconds, split by where the time goes; and the rate at which a lane saturates.

    `share_ns` has the stages, "between the stages" (the venue's simulation, events handed on) and "around the path".
    """

    share_ns: dict[str, float]

    @property
    def message_ns(self) -> float:
        """What a message costs on average."""
        return sum(self.share_ns.values())

    @property
    def saturation(self) -> float:
        """Messages a second that a lane can take at most."""
        return 1e9 / self.message_ns


def capacity(report: SessionReport, calibration: Calibration) -> Capacity:
    """The capacity of a lane that does what the report's session did. Raises `ValueError` for one without messages."""
    decoder = next((slot.plugin for slot in report.slots if slot.slot == "decoder"), "python")
    return capacity_of(report.timing.stages, decoder, calibration)


def capacity_of(
    stages: Sequence[StageReport], decoder: str, calibration: Calibration, *, paused: bool = False
) -> Capacity:
    """The same, from the stages alone. A decoder that isn't in the calibration is taken for the Python one.

    `paused` says that the lane waited for most of its messages: a replay, as sessions are, never does.
    """
    by_name = {stage.stage: stage for stage in stages}
    whole = by_name.get(_WHOLE)
    if whole is None or not whole.count:
        raise ValueError("the report has no message that went through a lane: there is nothing to predict from")
    messages = whole.count
    outside = calibration.get(decoder, calibration["python"])
    full = messages * (outside.pause if paused else 1.0)
    share = {stage.stage: stage.count * stage.mean_ns / full for stage in stages if stage.stage not in _NOT_WORK}
    share["between the stages"] = max(whole.mean_ns * messages / full - sum(share.values()), 0.0)
    share["around the path"] = _around(by_name, messages, outside)
    return Capacity(share_ns=share)


def _around(by_name: Mapping[str, StageReport], messages: int, outside: Outside) -> float:
    fused = by_name[_FUSED].count if _FUSED in by_name else 0
    alone = max(messages - fused, 0)
    # Of fused messages the decoder has counted stages and path itself.
    passes = alone + sum(stage.count for name, stage in by_name.items() if name not in {_FUSED, _WHOLE})
    callbacks = by_name["strategy"].count * fused / messages if "strategy" in by_name else 0.0
    return (passes * outside.fold_ns + alone * outside.message_ns + callbacks * outside.callback_ns) / messages


def busiest(report: SessionReport) -> float:
    """The most messages that came in a second of market time, over a stretch between two samples of the pace.

    Raises `ValueError` for a report that doesn't tell.
    """
    found = stretches(report.timing.pace, report.feed.first_receive_ns, max(len(report.timing.pace), 1))
    # A stretch of a few messages, such as the last one, is no rate.
    full = max((one.messages for one in found), default=0)
    rates = [one.arrived for one in found if one.arrived is not None and one.messages >= full / 2]
    if not rates:
        raise ValueError("the report doesn't tell how many messages came in a second; say it with --peak")
    return max(rates)


def lanes_needed(peak: float, saturation: float, load: float) -> int:
    """How many lanes carry `peak` messages a second, each loaded to `load` of its saturation at most.

    Raises `ValueError` unless 0 < load < 1: a lane at its saturation falls behind for ever.
    """
    if not 0 < load < 1:
        raise ValueError(f"the load is a share of a lane's saturation, above 0 and below 1, not {load:g}")
    return max(math.ceil(peak / (saturation * load)), 1)
