"""The stages of a lane and their clocks. Recording is one append to a list; folding happens between chunks."""

from collections.abc import Mapping
from typing import Final

from mainspring.telemetry import STAGES, Histogram, StageBuffer, StageSample

__all__ = ["FUSED", "LaneStages"]

FUSED: Final = "feed+book"
"""What feed and book are called where they are run, and timed, as one."""

_FUSED, _WHOLE = "fused", "whole_path"
_COUNTED: Final = {FUSED: _FUSED, _WHOLE: _WHOLE}
"""Stages whose passes come counted from a `mainspring.seams.Fused`, and what it calls them."""


class LaneStages:
    """One recorder a stage: call it with the nanoseconds that a pass took.

    `venue` is the time from an order's leaving to its acknowledgement, in the lane's clock, simulated where the venue
    is. `fused` is what feed and book took where they were run as one; its histogram's name is `FUSED`.
    `whole_path` is one pass over a message, from its bytes to whatever orders it led to.
    """

    __slots__ = (
        "_buffers",
        "_counted",
        "book",
        "feed",
        "fused",
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
        self.fused = Histogram()
        self.feed = self._buffers["feed"].append
        self.book = self._buffers["book"].append
        self.strategy = self._buffers["strategy"].append
        self.slippage = self._buffers["slippage"].append
        self.risk = self._buffers["risk"].append
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

    def gather(self) -> None:
        """Brings the samples up to date. Called between chunks."""
        for buffer in self._buffers.values():
            buffer.gather()

    def histograms(self) -> dict[str, Histogram]:
        """The histogram of each stage, everything recorded so far included."""
        for buffer in self._buffers.values():
            buffer.fold()
        single = {stage: buffer.histogram for stage, buffer in self._buffers.items()}
        return {FUSED: self.fused, **single} if self.fused.count else single

    def add_fused(self, times: Mapping[str, tuple[Mapping[int, int], int, int]]) -> None:
        """Adds what a `mainspring.seams.Fused` has timed."""
        self.fused.add(*times[_FUSED])
        self._buffers[_WHOLE].histogram.add(*times[_WHOLE])
        for kind, sample in self._counted:
            sample.gather_counted(times[kind][0])
