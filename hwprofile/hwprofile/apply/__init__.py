"""Holds threads, memory and CPUs to a plan. Every act says what was wanted, what holds now, and how it is undone."""

from hwprofile.apply.kernel import Kernel
from hwprofile.apply.memory import place_buffer, prefer_node
from hwprofile.apply.pinning import pin_process, pin_thread, sweep_threads
from hwprofile.apply.placement import Placement, Role, Seat, plan_placement
from hwprofile.apply.reach import reachable_cpus
from hwprofile.apply.strategies import STRATEGIES, Strategy

__all__ = [
    "STRATEGIES",
    "Kernel",
    "Placement",
    "Role",
    "Seat",
    "Strategy",
    "pin_process",
    "pin_thread",
    "place_buffer",
    "plan_placement",
    "prefer_node",
    "reachable_cpus",
    "sweep_threads",
]
