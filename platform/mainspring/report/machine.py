"""What the machine did in a session, as frozen values: pace, races, threads and drift."""

import msgspec

__all__ = ["ActionReport", "CandidateReport", "DriftReport", "LaneTiming", "PacePoint", "RaceReport", "ThreadReport"]


class PacePoint(msgspec.Struct, frozen=True, array_like=True):
    """Progress of a session: nanoseconds since its start, messages so far, and the receive time of the last."""

    wall_ns: int
    messages: int
    receive_ns: int


class CandidateReport(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate of a race.

    `gain` is how many times as fast as the default it was, between `low` and `high` with the race's confidence; None
    if it didn't race, and `note` then says why.
    """

    plugin: str
    distribution: str
    version: str
    gain: float | None
    low: float | None
    high: float | None
    note: str = ""


class RaceReport(msgspec.Struct, frozen=True, kw_only=True):
    """A race for a slot, from the host's profile.

    `noise` is how far apart two runs of the same candidate were (0.02 is 2%). `because` explains the decision, with
    its date and freshness.
    """

    slot: str
    default: str
    winner: str
    rounds: int
    noise: float
    because: str
    candidates: list[CandidateReport]


class ThreadReport(msgspec.Struct, frozen=True, kw_only=True):
    """Where a thread should run, and where the scheduler ran it.

    `wanted` are the CPUs that it was pinned to, None if it was left free. `seen` are pairs of CPU and the number of
    samples that found it there. `outcome` is "applied", "partial", "refused", "unknown", or "free" if nothing was
    wanted; anything that isn't applied has its `reason`. Switches are since the session's start, None if the system
    doesn't report them.
    """

    role: str
    thread: int
    wanted: list[int] | None
    seen: list[tuple[int, int]]
    voluntary_switches: int | None
    involuntary_switches: int | None
    outcome: str
    reason: str = ""


class ActionReport(msgspec.Struct, frozen=True, kw_only=True):
    """A tuning action, as reported by `hwprofile.actions.Action`.

    `whose` is the lane's name or "the rest"; `undone` says that this is the undo. `outcome` is "applied", "partial",
    "refused" or "unknown"; anything that isn't applied has its `reason`, and in `needs` what would make it possible.
    """

    whose: str
    name: str
    subject: str
    wanted: str
    holds: str
    outcome: str
    evidence: str
    reason: str | None = None
    needs: str | None = None
    undone: bool = False


class DriftReport(msgspec.Struct, frozen=True, kw_only=True):
    """A stage of a lane whose median has drifted from that of this host's profile, and by what factor.

    It drifted at the lane's message number `message` (the first is 1), received at `receive_ns`, and this was certain
    by number `certain_at`. `factor` is the geometric mean of the windows' medians between the two, over `expected_ns`.
    """

    lane: str
    stage: str
    message: int
    receive_ns: int
    certain_at: int
    factor: float
    expected_ns: float


class LaneTiming(msgspec.Struct, frozen=True, kw_only=True):
    """How a lane's process performed. Memory is the process's peak."""

    name: str
    process: int
    wall_seconds: float
    messages_per_second: float
    peak_rss_bytes: int
