"""Applies a plan to threads, memory and CPUs. Every action reports what was wanted, what holds, and how to undo it."""

from hwprofile.apply.gc import tune_gc
from hwprofile.apply.huge_pages import advise_huge_pages
from hwprofile.apply.kernel import Kernel
from hwprofile.apply.memory import place_buffer, prefer_node
from hwprofile.apply.pinning import pin_process, pin_thread, sweep_threads
from hwprofile.apply.placement import plan_placement
from hwprofile.apply.reach import reachable_cpus
from hwprofile.apply.reservation import Reservation, reserve, taken_cpus
from hwprofile.apply.residency import lock_memory, prefault
from hwprofile.apply.roles import Assignment, Placement, Role
from hwprofile.apply.strategies import STRATEGIES, PlacementStrategy
from hwprofile.apply.threads import Switches
from hwprofile.apply.timing import set_fifo, set_timer_slack
from hwprofile.apply.watch import ThreadRan, Watch

__all__ = [
    "STRATEGIES",
    "Assignment",
    "Kernel",
    "Placement",
    "PlacementStrategy",
    "Reservation",
    "Role",
    "Switches",
    "ThreadRan",
    "Watch",
    "advise_huge_pages",
    "lock_memory",
    "pin_process",
    "pin_thread",
    "place_buffer",
    "plan_placement",
    "prefault",
    "prefer_node",
    "reachable_cpus",
    "reserve",
    "set_fifo",
    "set_timer_slack",
    "sweep_threads",
    "taken_cpus",
    "tune_gc",
]
