"""Holds what runs to its place, by the acts of `hwprofile`, each of which says what came of it and how it is undone."""

import threading

from hwprofile.acts import Act, Hold
from hwprofile.apply import (
    lock_memory,
    pin_process,
    pin_thread,
    prefer_node,
    reserve,
    set_fifo,
    set_timer_slack,
    sweep_threads,
    tune_collector,
)
from mainspring.host.plan import HardwarePlan, LanePlan, SessionPlan

__all__ = ["hold_lane", "hold_made_lane", "hold_rest", "try_lanes"]


def hold_lane(hold: Hold, lane: LanePlan, hardware: HardwarePlan) -> None:
    """Holds the calling thread, which is to run the lane, to its place, before anything of the lane's is made.

    Nothing is done where lanes aren't pinned, or the host told of no CPU.
    """
    place = lane.place
    if not place.cpus:
        return
    if hardware.reserve:
        reservation = reserve(place.cpus)
        hold.add(reservation.act, reservation.undo)
    hold.add(*pin_thread(place.cpus, usable=hardware.usable))
    if hardware.memory and place.node is not None:
        hold.add(*prefer_node(place.node))
    if hardware.timer_slack_ns is not None:
        hold.add(*set_timer_slack(hardware.timer_slack_ns))
    if hardware.fifo_priority is not None:
        hold.add(*set_fifo(hardware.fifo_priority))


def hold_made_lane(hold: Hold, lane: LanePlan, hardware: HardwarePlan) -> None:
    """What can be held only once the lane is made: threads that libraries have started, memory, the collector."""
    if not lane.place.cpus:
        return
    if hardware.rest.cpus:
        hold.add(*sweep_threads(hardware.rest.cpus, {threading.get_native_id()}, usable=hardware.usable))
    if hardware.lock_memory:
        hold.add(*lock_memory())
    if hardware.collector != "as-is":
        hold.add(*tune_collector(freeze=True, enabled=False if hardware.collector == "off" else None))


def hold_rest(hold: Hold, hardware: HardwarePlan) -> None:
    """Holds all of this process, which runs no lane, to where the rest is to run."""
    if hardware.rest.cpus:
        hold.add(*pin_process(hardware.rest.cpus, usable=hardware.usable))


def try_lanes(session: SessionPlan) -> dict[str, tuple[Act, ...]]:
    """What would hold each lane in its place, tried out in this thread and undone at once, by the lane's name."""
    tried = {}
    for lane in session.lanes:
        with Hold() as hold:
            hold_lane(hold, lane, session.hardware)
            if lane.place.cpus and session.hardware.lock_memory:
                hold.add(*lock_memory())
        tried[lane.name] = hold.acts
    return tried
