"""Makes system calls that Python has no functions for: NUMA policy, timer slack, locked memory (by ctypes).

The C library has no functions for NUMA policy (libnuma has), so these calls are made by number, which depends on the
architecture. If the numbers aren't known, and on systems other than Linux, every function raises `OSError` with
`ENOSYS`, as a kernel without the call does.
"""

import ctypes
import errno
import functools
import os
import platform
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass

__all__ = [
    "NODES_MOST",
    "Numbers",
    "get_mempolicy",
    "get_timer_slack",
    "madvise",
    "mbind",
    "mlockall",
    "move_pages",
    "munlockall",
    "numbers",
    "set_mempolicy",
    "set_timer_slack",
]

NODES_MOST = 1024
"""The kernel's largest possible number of NUMA nodes (`MAX_NUMNODES`)."""

_WORD = 8 * ctypes.sizeof(ctypes.c_ulong)
_PR_SET_TIMERSLACK = 29
_PR_GET_TIMERSLACK = 30


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """The calls' numbers on one architecture, from the kernel's system call tables."""

    mbind: int
    get_mempolicy: int
    set_mempolicy: int
    move_pages: int


_NUMBERS = {
    "x86_64": Numbers(mbind=237, set_mempolicy=238, get_mempolicy=239, move_pages=279),
    "aarch64": Numbers(mbind=235, get_mempolicy=236, set_mempolicy=237, move_pages=239),
}


def numbers(machine: str | None = None, pointer_bits: int = _WORD) -> Numbers | None:
    """Returns the numbers for an architecture (None: this one), or None if they aren't known.

    A 32-bit program on a 64-bit kernel (`pointer_bits` is 32) has other numbers than its kernel's architecture: not
    known.
    """
    known = _NUMBERS.get(platform.machine().lower() if machine is None else machine)
    return known if pointer_bits == 64 else None


def set_mempolicy(mode: int, nodes: Collection[int]) -> None:
    """Sets the memory policy of the calling thread. See set_mempolicy(2)."""
    mask, bits = _mask(nodes)
    _raw("set_mempolicy", ctypes.c_int(mode), mask, ctypes.c_ulong(bits))


def get_mempolicy(address: int = 0, flags: int = 0) -> tuple[int, tuple[int, ...]]:
    """Returns the policy of the calling thread, or, by `flags`, of an address: its mode with flags, and its nodes."""
    mode = ctypes.c_int()
    mask, bits = _mask(())
    _raw(
        "get_mempolicy", ctypes.byref(mode), mask, ctypes.c_ulong(bits), ctypes.c_void_p(address), ctypes.c_ulong(flags)
    )
    return mode.value, tuple(node for node in range(NODES_MOST) if mask[node // _WORD] >> node % _WORD & 1)


def mbind(address: int, length: int, mode: int, nodes: Collection[int], flags: int) -> None:
    """Sets the memory policy of whole pages, from the start of a page. See mbind(2)."""
    mask, bits = _mask(nodes)
    _raw(
        "mbind",
        ctypes.c_void_p(address),
        ctypes.c_ulong(length),
        ctypes.c_int(mode),
        mask,
        ctypes.c_ulong(bits),
        ctypes.c_uint(flags),
    )


def move_pages(addresses: Sequence[int]) -> tuple[int, ...]:
    """Returns the node of each page, by its address, or a negative errno."""
    count = len(addresses)
    pages = (ctypes.c_void_p * count)(*addresses)
    status = (ctypes.c_int * count)()
    _raw("move_pages", ctypes.c_int(0), ctypes.c_ulong(count), pages, None, status, ctypes.c_int(0))
    return tuple(status)


def set_timer_slack(slack_ns: int) -> None:
    """Sets the timer slack of the calling thread, in nanoseconds. 0 restores the one that it started with."""
    _called("prctl", ctypes.c_int(_PR_SET_TIMERSLACK), *map(ctypes.c_ulong, (slack_ns, 0, 0, 0)))


def get_timer_slack() -> int:
    """The timer slack of the calling thread, in nanoseconds."""
    return _called("prctl", ctypes.c_int(_PR_GET_TIMERSLACK), *map(ctypes.c_ulong, (0, 0, 0, 0)))


def mlockall(flags: int) -> None:
    """Locks the process's memory."""
    _called("mlockall", ctypes.c_int(flags))


def munlockall() -> None:
    """Unlocks all memory of the process."""
    _called("munlockall")


def madvise(address: int, length: int, advice: int) -> None:
    """Advises the kernel on whole pages, from the start of a page. See madvise(2)."""
    _called("madvise", ctypes.c_void_p(address), ctypes.c_size_t(length), ctypes.c_int(advice))


def _mask(nodes: Collection[int]) -> tuple[ctypes.Array[ctypes.c_ulong], int]:
    """Returns the nodes as a mask, and the length in bits that the kernel expects: one more than it reads."""
    words = (ctypes.c_ulong * (NODES_MOST // _WORD))()
    for node in nodes:
        if not 0 <= node < NODES_MOST:
            raise OSError(errno.EINVAL, f"no node has the number {node}")
        words[node // _WORD] |= 1 << node % _WORD
    return words, NODES_MOST + 1


def _raw(name: str, *arguments: object) -> int:
    known = numbers()
    if known is None or not sys.platform.startswith("linux"):
        raise OSError(errno.ENOSYS, f"the number of {name} isn't known on {platform.system()} {platform.machine()}")
    return _called("syscall", ctypes.c_long(getattr(known, name)), *arguments)


def _called(name: str, *arguments: object) -> int:
    function = _function(name)
    if function is None:
        raise OSError(errno.ENOSYS, f"{platform.system()} has no {name}")
    result: int = function(*arguments)
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


@functools.cache
def _function(name: str) -> "ctypes._NamedFuncPointer | None":
    """Returns the C library's function; None if there is none, or on other systems, where the constants differ."""
    if not sys.platform.startswith("linux"):
        return None
    function = getattr(ctypes.CDLL(None, use_errno=True), name, None)
    if function is not None:
        function.restype = ctypes.c_long if name == "syscall" else ctypes.c_int
    return function
