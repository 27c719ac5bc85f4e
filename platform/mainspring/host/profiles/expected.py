"""Sets how long each lane's stages should take, from the profile that chose its parts."""

import msgspec

from mainspring.host.plan import LanePlan, SessionPlan
from mainspring.host.profiles.model import Profile
from mainspring.lane import FUSED
from mainspring.telemetry import STAGES

__all__ = ["expect_stages"]

_SIMULATED = "venue"
_SEES_ALL = ("feed", FUSED, "whole_path")


def expect_stages(session: SessionPlan, profile: Profile) -> SessionPlan:
    """Returns the session with the expected medians of each lane's stages: see `mainspring.session.drift`.

    The profile's medians are those of one lane with the profile's own choices, one feed and all of its instruments. So
    nothing is expected of a session with another plugin in a raced slot, or with several feeds. With several lanes,
    nothing is expected of stages that also see the messages of the other lanes' instruments. The venue stage is a
    simulation's and is left out.
    """
    if len(session.feeds) > 1 or not _is_as_tuned(session, profile):
        return session
    stages_ns = {
        stage: median_ns
        for stage, median_ns in profile.stages_ns.items()
        if stage in (*STAGES, FUSED) and stage != _SIMULATED and median_ns > 0
    }
    if len(session.lanes) > 1:
        stages_ns = {stage: one for stage, one in stages_ns.items() if stage not in _SEES_ALL}
    lanes: tuple[LanePlan, ...] = tuple(msgspec.structs.replace(lane, stages_ns=stages_ns) for lane in session.lanes)
    return msgspec.structs.replace(session, lanes=lanes)


def _is_as_tuned(session: SessionPlan, profile: Profile) -> bool:
    tuned = {slot: provided_by for decision in profile.decisions for slot, provided_by in decision.slots.items()}
    planned = {choice.slot: choice.plugin for choice in session.choices()}
    return all(planned.get(slot) == provided_by for slot, provided_by in tuned.items())
