"""Applies a placement to running lanes through `hwprofile`'s tuning actions, each with its outcome and its undo."""

import threading

from hwprofile.actions import Action, Scope
from hwprofile.apply import (
    lock_memory,
    pin_process,
    pin_thread,
    prefer_node,
    reserve,
    set_fifo,
    set_timer_slack,
    sweep_threads,
    tune_gc,
)
from mainspring.host.plan import DEFAULT_GC, HardwarePlan, LanePlan, SessionPlan

__all__ = ["RARE_THRESHOLDS", "apply_gc", "apply_to_housekeeping", "apply_to_lane", "apply_to_wired_lane", "try_lanes"]

RARE_THRESHOLDS = (50_000, 20, 100)
"""The `gc.set_threshold` values for "rare"; Python's own are (700, 10, 10) up to 3.12.

The youngest generation is collected once 50,000 more objects were allocated than freed, so garbage in cycles can grow
to some ten megabytes. The middle generation is collected every 20th time, the oldest every 100th time after that.
"""


def apply_to_lane(scope: Scope, lane: LanePlan, hardware: HardwarePlan) -> None:
    """Prepares the calling thread, which is to run the lane, before anything of the lane's is made.

    A lane with a place is held to it; the thread's timer slack and priority are set for any lane.
    """
    place = lane.place
    if place.cpus:
        if hardware.reserve:
            reservation = reserve(place.cpus)
            scope.add(reservation.action, reservation.undo)
        scope.add(*pin_thread(place.cpus, usable=hardware.usable))
        if hardware.memory and place.node is not None:
            scope.add(*prefer_node(place.node))
    if hardware.timer_slack_ns is not None:
        scope.add(*set_timer_slack(hardware.timer_slack_ns))
    if hardware.fifo_priority is not None:
        scope.add(*set_fifo(hardware.fifo_priority))


def apply_to_wired_lane(scope: Scope, lane: LanePlan, hardware: HardwarePlan) -> None:
    """Applies what needs the lane to exist: gc, memory, and threads that libraries have started."""
    apply_gc(scope, lane.parts[0].gc.value)
    if lane.place.cpus and hardware.rest.cpus:
        scope.add(*sweep_threads(hardware.rest.cpus, {threading.get_native_id()}, usable=hardware.usable))
    if hardware.lock_memory:
        scope.add(*lock_memory())


def apply_gc(scope: Scope, setting: str) -> None:
    """Sets this process's garbage collector. `setting` is "as-is", "freeze", "rare" or "off"; `scope` undoes it."""
    if setting == DEFAULT_GC:
        return
    thresholds = RARE_THRESHOLDS if setting == "rare" else None
    scope.add(*tune_gc(freeze=True, thresholds=thresholds, enabled=False if setting == "off" else None))


def apply_to_housekeeping(scope: Scope, hardware: HardwarePlan) -> None:
    """Pins this process, which runs no lane, to the CPUs for everything else."""
    if hardware.rest.cpus:
        scope.add(*pin_process(hardware.rest.cpus, usable=hardware.usable))


def try_lanes(session: SessionPlan) -> dict[str, tuple[Action, ...]]:
    """Tries each lane's placement in this thread, undoes it at once, and returns the outcomes by lane name."""
    tried = {}
    for lane in session.lanes:
        with Scope() as scope:
            apply_to_lane(scope, lane, session.hardware)
            if session.hardware.lock_memory:
                scope.add(*lock_memory())
        tried[lane.name] = scope.actions
    return tried
