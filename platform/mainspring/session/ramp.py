"""A ramp of one flag in one lane: which share it is at, when the next may come, and what holds it up."""

from typing import Final, Literal, NamedTuple, TypeAlias

__all__ = ["Ramp", "Verdict", "VerdictKind"]

VerdictKind: TypeAlias = Literal["pass", "fail", "inconclusive"]

_SECOND_NS: Final = 1_000_000_000


class Verdict(NamedTuple):
    """What guards say of a step: whether the candidate does as well as the control, and why not if it doesn't."""

    kind: VerdictKind
    why: str = ""


class Ramp:
    """Goes through `steps_bp`, shares in basis points, each for at least `every_s` seconds of the lane's time.

    It goes on only if the guards let it pass after something has happened in the step: a verdict that isn't conclusive
    holds it where it is, and so does a step without traffic. `paused` says what holds it up; empty if nothing does.
    """

    def __init__(self, steps_bp: tuple[int, ...], every_s: float) -> None:
        self.steps_bp = steps_bp
        self.paused = ""
        self.finished = False
        """Whether it has been at its last share for as long as at each other one, and the guards let it pass there."""
        self._every_ns = round(every_s * _SECOND_NS)
        self._at = -1
        self._due_ns = 0
        self._traffic = 0

    @property
    def step(self) -> int:
        """Which share it is at, from 1; 0 before it has begun."""
        return self._at + 1

    @property
    def share_bp(self) -> int:
        """The share that it is at."""
        return self.steps_bp[self._at] if self._at >= 0 else 0

    @property
    def done(self) -> bool:
        """Whether it is at its last share."""
        return self._at == len(self.steps_bp) - 1

    def look(self, now_ns: int, traffic: int, verdict: Verdict) -> bool:
        """Goes on if it is time; returns whether it did.

        `traffic` counts what has happened in the lane so far, and `verdict` is of the step until now.
        """
        if self.finished:
            return False
        if self._at < 0:
            return self._go_on(now_ns, traffic)
        if now_ns < self._due_ns:
            return False
        if traffic == self._traffic:
            self.paused = "no traffic since the last step"
        elif verdict.kind != "pass":
            self.paused = verdict.why
        elif self.done:
            self.finished, self.paused = True, ""
        else:
            return self._go_on(now_ns, traffic)
        return False

    def _go_on(self, now_ns: int, traffic: int) -> bool:
        self._at += 1
        self._due_ns = now_ns + self._every_ns
        self._traffic = traffic
        self.paused = ""
        return True
