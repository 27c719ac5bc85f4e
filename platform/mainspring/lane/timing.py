"""The stages of a lane and their clocks. Recording is one append to a list; folding happens between chunks."""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from mainspring.telemetry import STAGES, Histogram, StageBuffer, StageSample

__all__ = ["FUSED", "LaneStages"]

FUSED: Final = "feed+book"
"""What feed and book are called where they are run, and timed, as one."""

_FUSED = "fused"
_IN_RUNS: Final = ("strategy", "slippage", "risk", "route", "venue", "whole_path")
_COUNTED: Final = {FUSED: _FUSED, **{stage: stage for stage in _IN_RUNS}}
"""Stages whose passes come counted from a `mainspring.seams.Fused`, and what it calls them."""

_Times: TypeAlias = Mapping[str, tuple[Mapping[int, int], int, int]]


class LaneStages:
    """One recorder a stage: call it with the nanoseconds that a pass took.

    `venue` is the time from an order's leaving to its acknowledgement, in the lane's clock, simulated where the venue
    is. `journal` is what a commit waited for. `fused` is what feed and book took where they were run as one; its
    histogram's name is `FUSED`. `whole_path` is one pass over a message, from its bytes to whatever orders it led to.
    """

    __slots__ = (
        "_buffers",
        "_counted",
        "_sources",
        "book",
        "feed",
        "fused",
        "journal",
        "risk",
        "route",
        "slippage",
        "strategy",
        "venue",
        "whole_path",
    )

    def __init__(self) -> None:
        self._buffers = {stage: StageBuffer() for stage in STAGES}
        self._counted: list[tuple[str, StageSample]] = []
        self._sources: list[Callable[[], _Times]] = []
        self.fused = Histogram()
        self.feed = self._buffers["feed"].append
        self.book = self._buffers["book"].append
        self.strategy = self._buffers["strategy"].append
        self.slippage = self._buffers["slippage"].append
        self.risk = self._buffers["risk"].append
        self.journal = self._buffers["journal"].append
        self.route = self._buffers["route"].append
        self.venue = self._buffers["venue"].append
        self.whole_path = self._buffers["whole_path"].append

    def fold(self) -> None:
        """Moves what has gathered into the histograms. Called between chunks, never within a pass."""
        for buffer in self._buffers.values():
            buffer.fold_if_full()

    def watch(self, stage: str) -> StageSample:
        """Takes a sample of a stage's passes from now on. Raises `KeyError` for a stage that there isn't."""
        sample = StageSample() if stage == FUSED else self._buffers[stage].watch()
        if stage in _COUNTED:
            self._counted.append((_COUNTED[stage], sample))
        return sample

    def unwatch(self, stage: str) -> None:
        """Takes no further sample of a stage."""
        if stage != FUSED:
            self._buffers[stage].unwatch()
        self._counted = [one for one in self._counted if one[0] != _COUNTED.get(stage)]

    def add_source(self, take_times: Callable[[], _Times]) -> None:
        """Takes the `take_times` of a `mainspring.seams.Fused` or its costs, which keep times until they are asked."""
        self._sources.append(take_times)

    def gather(self) -> None:
        """Brings the samples up to date. Called between chunks."""
        self._take()
        for buffer in self._buffers.values():
            buffer.gather()

    def histogram(self, stage: str) -> Histogram:
        """Returns the histogram of one stage, everything recorded so far included. Called between chunks."""
        self._take()
        if stage == FUSED:
            return self.fused
        buffer = self._buffers[stage]
        buffer.fold()
        return buffer.histogram

    def histograms(self) -> dict[str, Histogram]:
        """The histogram of each stage, everything recorded so far included."""
        self._take()
        for buffer in self._buffers.values():
            buffer.fold()
        single = {stage: buffer.histogram for stage, buffer in self._buffers.items()}
        return {FUSED: self.fused, **single} if self.fused.count else single

    def _take(self) -> None:
        for take_times in self._sources:
            times = take_times()
            for kind, counted in times.items():
                histogram = self.fused if kind == _FUSED else self._buffers[kind].histogram
                histogram.add(*counted)
            for kind, sample in self._counted:
                if kind in times:
                    sample.gather_counted(times[kind][0])
