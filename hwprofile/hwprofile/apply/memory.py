"""Sets the NUMA policy of threads and mappings, and checks on which node the pages really are."""

import errno
import mmap
import os
from collections import Counter
from collections.abc import Collection
from dataclasses import replace

from hwprofile.actions import Action, Undo
from hwprofile.apply.ask import Ask
from hwprofile.apply.kernel import KERNEL, Kernel
from hwprofile.apply.pages import Buffer, Pages, pages_of, still_there

__all__ = ["place_buffer", "prefer_node"]

_NAME = "memory-policy"

# From the kernel's include/uapi/linux/mempolicy.h.
_PREFERRED, _BIND = 1, 2
_MODES = ("default", "preferred", "bind", "interleave", "local", "preferred-many", "weighted-interleave")
_FLAGS = 0xF000
_OF_ADDRESS, _ALLOWED = 2, 4
_MOVE = 2

_PERMISSION = "the capability CAP_SYS_NICE, or a container whose filter of system calls lets NUMA policies be set"
_ANOTHER = "the kernel took the call and keeps another policy"
_UNREADABLE = "it was set, and can't be read back"
_FRESH_PAGES = 8
_ASKED_MOST = 4096

_Policy = tuple[int, tuple[int, ...]]


def prefer_node(node: int, *, only: bool = False, kernel: Kernel = KERNEL) -> tuple[Action, Undo | None]:
    """Allocates the calling thread's new memory on a node while it has any; with `only`, on no other node.

    With `only`, the kernel kills processes when the node has no free memory, instead of using another node. Pages that
    were touched already stay where they are. The policy is read back with get_mempolicy, and verified: fresh pages are
    touched, and move_pages reports their node. Only the same thread can undo it, since a policy can't be set from
    outside.
    """
    tid = kernel.tid()
    policy = (_BIND if only else _PREFERRED, (node,))
    ask = Ask(name=_NAME, subject=f"thread {tid}", wanted=_words(policy))
    try:
        before = kernel.memory_policy()
        refusal = _not_allowed(ask, before, node, kernel)
    except OSError as error:
        return ask.declined("unknown", "get_mempolicy", error, _PERMISSION), None
    if refusal is not None or policy == before:
        return refusal or _thread_holds(ask, policy, kernel, fresh_on=node), None
    try:
        kernel.set_memory_policy(*policy)
    except OSError as error:
        return ask.declined(_words(before), "set_mempolicy", error, _PERMISSION), None
    return _thread_holds(ask, policy, kernel, fresh_on=node), lambda: _thread_back(ask, before, tid, kernel)


def place_buffer(
    buffer: Buffer, node: int, *, only: bool = False, move: bool = True, kernel: Kernel = KERNEL
) -> tuple[Action, Undo | None]:
    """Places the whole pages of a buffer on a node; with `move`, also those that are elsewhere already.

    `only` forbids other nodes if this one is full. Only pages wholly inside the buffer are placed, since a policy
    applies to whole pages: a mapping (`mmap.mmap(-1, length)`) has no others. Read back with get_mempolicy, and page
    by page with move_pages.
    """
    pages = pages_of(buffer)
    policy = (_BIND if only else _PREFERRED, (node,))
    ask = Ask(name=_NAME, subject=str(pages), wanted=_words(policy))
    if not pages.length:
        return ask.refused("as before", "its address and length", "no whole page lies in it", "a larger buffer"), None
    try:
        before = kernel.memory_policy(pages.address, _OF_ADDRESS)
        refusal = _not_allowed(ask, before, node, kernel)
    except OSError as error:
        return ask.declined("unknown", "get_mempolicy", error, _PERMISSION), None
    if refusal is not None:
        return refusal, None
    try:
        kernel.bind_range(pages.address, pages.length, *policy, _MOVE if move else 0)
    except OSError as error:
        return ask.declined(_words(before), "mbind", error, _PERMISSION), None
    action = _range_holds(ask, policy, pages, kernel, lie_on=node)
    return action, lambda: _range_back(ask, before, buffer, pages, kernel)


def _not_allowed(ask: Ask, before: _Policy, node: int, kernel: Kernel) -> Action | None:
    """Refuses a node that the kernel would leave out of the policy. Raises `OSError` if the kernel can't be asked."""
    _, allowed = kernel.memory_policy(0, _ALLOWED)
    if node in allowed:
        return None
    return ask.refused(
        _words(before),
        f"get_mempolicy: memory may be used of nodes {_numbers(allowed) or 'none'}",
        f"memory of node {node} may not be used by this process, or there is none",
        "a cpuset with the node (cpuset.mems of the cgroup)",
    )


def _thread_holds(ask: Ask, policy: _Policy, kernel: Kernel, *, fresh_on: int | None) -> Action:
    try:
        now = kernel.memory_policy()
    except OSError as error:
        return ask.unknown(f"get_mempolicy: {error.strerror or error}", _UNREADABLE, _PERMISSION)
    holds = _words(now)
    evidence = f"get_mempolicy: {holds}"
    if now != policy:
        return ask.partial(holds, evidence, _ANOTHER)
    if fresh_on is None:
        return ask.applied(holds, evidence)
    try:
        lie = _fresh_pages(kernel)
    except OSError as error:
        return ask.applied(holds, f"{evidence}; move_pages: {error.strerror or error}")
    evidence += f"; move_pages: fresh pages, {_tally(lie)}"
    if set(lie) == {fresh_on}:
        return ask.applied(holds, evidence)
    reason = f"of fresh pages, only {sum(node == fresh_on for node in lie)} of {len(lie)} came from node {fresh_on}"
    return ask.partial(f"{holds}; {_tally(lie)}", evidence, reason, f"free memory on node {fresh_on}")


def _fresh_pages(kernel: Kernel) -> tuple[int, ...]:
    """Touches some new pages, and returns the node of each."""
    private = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    with mmap.mmap(-1, _FRESH_PAGES * mmap.PAGESIZE, flags=private) as mapping:
        for offset in range(0, len(mapping), mmap.PAGESIZE):
            mapping[offset] = 1
        return kernel.page_nodes(pages_of(mapping).addresses)


def _thread_back(ask: Ask, before: _Policy, tid: int, kernel: Kernel) -> Action:
    back = replace(ask, wanted=f"{_words(before)}, as before")
    if kernel.tid() != tid:
        return back.refused(
            ask.wanted,
            f"undone by thread {kernel.tid()}",
            "a thread's memory policy can be set by the thread itself only",
            f"the undoing called in thread {tid}; the policy ends with the thread",
        )
    try:
        kernel.set_memory_policy(*before)
    except OSError as error:
        return back.declined(ask.wanted, "set_mempolicy", error, _PERMISSION)
    return _thread_holds(back, before, kernel, fresh_on=None)


def _range_holds(ask: Ask, policy: _Policy, pages: Pages, kernel: Kernel, *, lie_on: int | None) -> Action:
    try:
        now = kernel.memory_policy(pages.address, _OF_ADDRESS)
    except OSError as error:
        return ask.unknown(f"get_mempolicy: {error.strerror or error}", _UNREADABLE, _PERMISSION)
    holds = _words(now)
    evidence = f"get_mempolicy: {holds}"
    if now != policy:
        return ask.partial(holds, evidence, _ANOTHER)
    if lie_on is None:
        return ask.applied(holds, evidence)
    asked = pages.addresses[:_ASKED_MOST]
    try:
        lie = kernel.page_nodes(asked)
    except OSError as error:
        return ask.applied(holds, f"{evidence}; move_pages: {error.strerror or error}")
    of = f"the first {len(asked)} pages" if len(asked) < len(pages.addresses) else f"{len(asked)} pages"
    evidence += f"; move_pages: of {of}, {_tally(lie)}"
    elsewhere = sum(node >= 0 and node != lie_on for node in lie)
    if not elsewhere:
        return ask.applied(holds, evidence)
    reason = f"{elsewhere} pages lie on another node and weren't moved"
    needs = f"free memory on node {lie_on}, and pages that no other process maps"
    return ask.partial(f"{holds}; {_tally(lie)}", evidence, reason, needs)


def _range_back(ask: Ask, before: _Policy, buffer: Buffer, pages: Pages, kernel: Kernel) -> Action:
    back = replace(ask, wanted=f"{_words(before)}, as before")
    if not still_there(buffer, pages):
        return back.applied("the buffer is closed", "a policy ends with its pages")
    try:
        kernel.bind_range(pages.address, pages.length, *before, 0)
    except OSError as error:
        return back.declined(ask.wanted, "mbind", error, _PERMISSION)
    return _range_holds(back, before, pages, kernel, lie_on=None)


def _words(policy: _Policy) -> str:
    mode, nodes = policy
    number, flags = mode & ~_FLAGS, mode & _FLAGS
    name = _MODES[number] if number < len(_MODES) else f"policy {number}"
    return f"{name}{f' node {_numbers(nodes)}' if nodes else ''}{f' (flags {flags:#x})' if flags else ''}"


def _tally(lie: Collection[int]) -> str:
    """Counts pages by node. A negative number is the kernel's error for a page: ENOENT if it was never touched."""
    parts = []
    for node, count in sorted(Counter(lie).items(), reverse=True):
        what = "not touched yet" if node == -errno.ENOENT else f"on node {node}" if node >= 0 else os.strerror(-node)
        parts.append(f"{count} {what}")
    return ", ".join(parts)


def _numbers(nodes: Collection[int]) -> str:
    return ", ".join(map(str, sorted(nodes)))
