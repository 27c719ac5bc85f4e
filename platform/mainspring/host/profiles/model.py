"""A tuning profile: what a tune of one host and one workload leaves for later starts, as frozen values."""

from typing import Literal

import msgspec

__all__ = [
    "SCHEMA",
    "CandidateRecord",
    "Decision",
    "Found",
    "Freshness",
    "HostKey",
    "Paired",
    "Profile",
    "Skipped",
    "WorkloadKey",
]

SCHEMA = 2

Freshness = Literal["fresh", "stale", "nearest", "none", "unused", "refused"]
"""`fresh`: everything is as it was measured. `stale`: it is used, but something has changed, so tune again.
`nearest`: this workload wasn't raced, so the most similar one's profile is used. `none`: nothing was raced.
`unused`: it was raced on a different host. `refused`: the file is damaged or invalid."""


class HostKey(msgspec.Struct, frozen=True, kw_only=True):
    """The measured host, in the parts that decide whether a profile still holds.

    `cpu` is a digest of the CPU's identity, instruction sets, topology and hypervisor; `usable` are the CPUs that the
    process may run on and `quota` how many of them at once (None: unlimited), as text. A profile with another `cpu`,
    `usable` or `quota` isn't used; one with another `kernel` or `python` is used and is stale. `fingerprint` is
    `hwprofile.profile.HostProfile.fingerprint`; `words` describes the host for a person.
    """

    fingerprint: str
    cpu: str
    usable: str
    quota: str | None
    kernel: str
    python: str
    words: str


class CandidateRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate of a race and its plugins by slot. Figures are as in `hwprofile.tune.CandidateResult`."""

    name: str
    slots: dict[str, str]
    standing: str
    because: str
    gain: float | None = None
    low: float | None = None
    high: float | None = None
    tail_gain: float | None = None
    memory_bytes: int | None = None
    rounds: int = 0
    ratios: tuple[float, ...] = ()


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one race.

    `slots` are the winner's: {"decoder": "native", "codec (json)": "orjson", "book": "ladder"}, by the `slot` of its
    `Choice` or `Setting` in the plan; the values are plugin names, or settings as text.

    `race` is "pipeline", "chunk" or "gc". `chunk` and `gc` are slots of their own: how many messages
    a lane processes at a time, and the garbage collector's setting. `noise` is 0.02 for 2%, `grade` how quiet the host
    was, and `because` explains the decision.
    """

    race: str
    slots: dict[str, str]
    default: dict[str, str]
    because: str
    grade: str
    noise: float
    rounds: int
    processes: int
    dropped: int
    seed: int
    candidates: tuple[CandidateRecord, ...]


class Paired(msgspec.Struct, frozen=True, kw_only=True):
    """The whole lane, tuned against default, in alternating fresh processes: the speed ratio and its bounds."""

    gain: float
    low: float
    high: float
    rounds: int
    because: str


class Skipped(msgspec.Struct, frozen=True, kw_only=True):
    """A race that wasn't run: the slots that it would have decided, and the reason in one line."""

    race: str
    slots: tuple[str, ...]
    because: str


class WorkloadKey(msgspec.Struct, frozen=True, kw_only=True):
    """Identifies a workload: `digest`, 64 hexadecimal digits, covers everything that decides what a message costs.

    `parts` has a digest of each part, by name, to say how two workloads differ. `description` is for a person.
    """

    digest: str
    parts: dict[str, str]
    description: str


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """A complete profile.

    `candidates` holds each candidate's version by seam and name: "book ladder": "mainspring-native 0.1.0". `workload`,
    `workload_parts` and `workload_description` are those of its `WorkloadKey`. `installed` lists the plugins of the
    raced seams that could run when it was raced ("book ladder"): with others, the same workload has a profile of its
    own. `skipped` are the races that weren't run. `tuned_at` is UTC in ISO 8601. `stages_ns` holds the median of each
    stage in the tuned lane, in nanoseconds, for drift detection. `imported_from` is the fingerprint of the identical
    machine on which it was raced, if that was another one.
    """

    schema: int = SCHEMA
    mainspring: str
    host: HostKey
    workload: str
    workload_description: str
    workload_parts: dict[str, str] = {}
    installed: tuple[str, ...] = ()
    objective: str
    tuned_at: str
    budget_s: float
    seconds: float
    candidates: dict[str, str]
    decisions: tuple[Decision, ...]
    skipped: tuple[Skipped, ...] = ()
    paired: Paired | None = None
    stages_ns: dict[str, float] = {}
    imported_from: str | None = None


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a workload on this host: the profile that is used, or None, and the reason in one line."""

    freshness: Freshness
    because: str
    profile: Profile | None = None
