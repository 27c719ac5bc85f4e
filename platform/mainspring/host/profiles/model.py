"""What a tune leaves behind for later starts: the *profile* of one host and one workload, as frozen values."""

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
"""`fresh`: everything is as it was measured. `stale`: it is used, but something has changed that a new tune should see.
`nearest`: this workload wasn't raced, and the profile of the one most like it is used. `none`: nothing was raced.
`unused`: what was raced says nothing of this host. `refused`: the file can't be believed."""


class HostKey(msgspec.Struct, frozen=True, kw_only=True):
    """The host that was measured, in the parts that decide whether a profile still holds.

    `cpu` is a digest of the CPU's identity, instruction sets, topology and hypervisor; `usable` the CPUs that the
    process may run on and `quota` how many of them at once (None: unlimited), as text. A profile of another `cpu`,
    `usable` or `quota` isn't used; one of another `kernel` or `python` is used and is stale. `fingerprint` is
    `hwprofile.profile.HostProfile.fingerprint`; `words` names the host for a person.
    """

    fingerprint: str
    cpu: str
    usable: str
    quota: str | None
    kernel: str
    python: str
    words: str


class CandidateRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate of a race, and what it would put into the slots. Figures as in `hwprofile.tune.CandidateResult`."""

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
    """What one race decided.

    `slots` are the winner's: {"decoder": "native", "codec (json)": "orjson", "book": "ladder"}, each by the `slot` of
    its `Choice` or `Setting` in the plan, filled by the plugin's name or the value as text.

    `race` is "pipeline", "codec (binary)", "chunk" or "gc". `chunk` and `gc` are slots of their own: how
    many messages a lane takes at a time, and how the garbage collector is set. `noise` is 0.02 for 2%, `grade` how fit
    the host was, `because` the decision in words.
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
    """The whole lane, tuned against default, in turns in fresh processes: how many times as fast, within bounds."""

    gain: float
    low: float
    high: float
    rounds: int
    because: str


class Skipped(msgspec.Struct, frozen=True, kw_only=True):
    """A race that wasn't run: the slots that it would have decided, and why, in one line."""

    race: str
    slots: tuple[str, ...]
    because: str


class WorkloadKey(msgspec.Struct, frozen=True, kw_only=True):
    """What identifies a workload: `digest`, 64 hexadecimal digits over all that decides what a message costs.

    `parts` has a digest of each part of it, by the part's name, to tell in what two workloads differ. `description` is
    for a person.
    """

    digest: str
    parts: dict[str, str]
    description: str


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """The whole. `candidates` has the version of each that took part by seam and name, "book ladder":
    "mainspring-native 0.1.0".

    `workload`, `workload_parts` and `workload_description` are those of its `WorkloadKey`. `installed` are the plugins
    of the raced seams that could run when it was raced, "book ladder": with others, the same workload has a profile of
    its own. `skipped` are the races that weren't run. `tuned_at` is UTC in ISO 8601. `stages_ns` has the median of each
    stage in the tuned lane, in nanoseconds, for the drift watch. `imported_from` is the fingerprint of the identical
    machine on which it was raced, if it was another one.
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
    """What is known of a workload on this host: the profile that is used, or None, and why it is so in one line."""

    freshness: Freshness
    because: str
    profile: Profile | None = None
