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
from mainspring.host.plan import DEFAULT_COLLECTOR, HardwarePlan, LanePlan, SessionPlan

__all__ = ["RARE_THRESHOLDS", "hold_collector", "hold_lane", "hold_made_lane", "hold_rest", "try_lanes"]

RARE_THRESHOLDS = (50_000, 20, 100)
"""`gc.set_threshold` of a "rare" collector; Python's own are (700, 10, 10) up to 3.12.

Young objects are looked at once 50,000 more were made than freed: what is kept from being freed by a cycle meanwhile is
some ten megabytes. The middle generation has its turn with every 20th, the oldest with every 100th of these.
"""


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
    """What can be held only once the lane is made: the collector; threads that libraries have started, and memory."""
    hold_collector(hold, lane.parts[0].collector.value)
    if not lane.place.cpus:
        return
    if hardware.rest.cpus:
        hold.add(*sweep_threads(hardware.rest.cpus, {threading.get_native_id()}, usable=hardware.usable))
    if hardware.lock_memory:
        hold.add(*lock_memory())


def hold_collector(hold: Hold, setting: str) -> None:
    """Has the garbage collector of this process do as set: "as-is", "freeze", "rare" or "off"."""
    if setting == DEFAULT_COLLECTOR:
        return
    thresholds = RARE_THRESHOLDS if setting == "rare" else None
    hold.add(*tune_collector(freeze=True, thresholds=thresholds, enabled=False if setting == "off" else None))


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
