"""Keeps memory resident: locks it, and touches it before use."""

import mmap
from dataclasses import dataclass, replace

from hwprofile.actions import Action, Undo
from hwprofile.apply.ask import Ask
from hwprofile.apply.kernel import KERNEL, Kernel
from hwprofile.apply.pages import Buffer, pages_of
from hwprofile.apply.status import has_capability, status_bytes

__all__ = ["lock_memory", "prefault"]

# From the kernel's include/uapi: mman.h, mman-common.h and capability.h.
_CURRENT, _FUTURE, _ON_FAULT = 1, 2, 4
_POPULATE_WRITE = 23
_IPC_LOCK = 14

_STATUS = "/proc/self/status"
_UNLIMITED = "ulimit -l unlimited (systemd: LimitMEMLOCK=infinity), or the capability CAP_IPC_LOCK"


@dataclass(frozen=True, kw_only=True)
class _Sizes:
    """The process's mapped, resident and locked bytes, and the limit on locked bytes (None: no limit)."""

    mapped: int
    resident: int
    locked: int
    limit: int | None


def lock_memory(
    *, future: bool = True, on_fault: bool = False, memory_limit: float | None = None, kernel: Kernel = KERNEL
) -> tuple[Action, Undo | None]:
    """Locks all memory of the process so that it can't be paged out.

    `future` also locks what is mapped later, unless locked memory is limited: such mappings would then fail. All memory
    becomes resident at once, or, with `on_fault`, when it is touched. Refused if that exceeds the host's available
    memory or `memory_limit` (the cgroup's, in bytes; None for no limit), because the kernel would kill processes.
    """
    wanted = f"all memory locked{', and what is mapped later' if future else ''}"
    ask = Ask(name="lock-memory", subject=f"process {kernel.pid()}", wanted=wanted)
    sizes = _sizes(kernel)
    if sizes is None:
        return ask.refused("unknown", f"{_STATUS} doesn't say", "how much memory would be locked isn't known"), None
    holds = f"{sizes.locked:,} bytes locked"
    refusal = _too_much(sizes, memory_limit, kernel, resident=not on_fault)
    if refusal is not None:
        return ask.refused(holds, f"{_STATUS}, getrlimit, /proc/meminfo", *refusal), None
    later = future and sizes.limit is None
    try:
        kernel.lock_memory(_CURRENT | (_FUTURE if later else 0) | (_ON_FAULT if on_fault else 0))
    except OSError as error:
        return ask.declined(holds, "mlockall", error, _UNLIMITED), None
    now = _sizes(kernel)
    evidence = f"VmLck: {now.locked if now else 0:,} bytes, VmSize: {now.mapped if now else 0:,} bytes"
    if now is None or not now.locked:
        action = ask.unknown(evidence, "mlockall succeeded, and the kernel counts nothing as locked")
    elif future and not later:
        reason = f"{sizes.limit:,} bytes may be locked, and mapping more would fail if it were to be locked too"
        action = ask.partial("what is mapped now is locked", evidence, reason, _UNLIMITED)
    else:
        action = ask.applied(wanted, evidence)
    return action, lambda: _unlock(ask, sizes, kernel)


def prefault(buffer: Buffer, *, kernel: Kernel = KERNEL) -> tuple[Action, Undo | None]:
    """Makes every page of a buffer resident before it is used. Keeps the content; there is nothing to undo.

    Call it before other threads write to the buffer: on kernels before 5.14, a byte of each page is read and written
    back.
    """
    pages = pages_of(buffer)
    with memoryview(buffer).cast("B") as view:
        ask = Ask(name="prefault", subject=f"{view.nbytes:,} bytes, {pages}", wanted="every page is there")
        how = "madvise(MADV_POPULATE_WRITE)"
        try:
            if pages.length:
                kernel.advise(pages.address, pages.length, _POPULATE_WRITE)
        except OSError:
            how = "a byte of each page read and written back"
            for offset in range(0, view.nbytes, mmap.PAGESIZE):
                view[offset] = view[offset]
        # The first and the last page may be only partly in this buffer.
        for offset in (0, view.nbytes - 1) if view.nbytes else ():
            view[offset] = view[offset]
    count = len(pages.addresses)
    try:
        absent = sum(node < 0 for node in kernel.page_nodes(pages.addresses)) if count else 0
    except OSError as error:
        return ask.applied(ask.wanted, f"{how}; move_pages: {error.strerror or error}"), None
    evidence = f"{how}; move_pages: {count - absent} of {count} whole pages are there"
    if absent:
        return ask.partial(
            f"{absent} pages aren't there", evidence, "the kernel took them away again, or gave none"
        ), None
    return ask.applied(ask.wanted, evidence), None


def _sizes(kernel: Kernel) -> _Sizes | None:
    status = kernel.read(_STATUS) or ""
    mapped, resident, locked = (status_bytes(status, name) for name in ("VmSize", "VmRSS", "VmLck"))
    if mapped is None or resident is None or locked is None:
        return None
    limit = None if has_capability(status, _IPC_LOCK) else kernel.locked_limit()
    return _Sizes(mapped=mapped, resident=resident, locked=locked, limit=limit)


def _too_much(sizes: _Sizes, memory_limit: float | None, kernel: Kernel, *, resident: bool) -> tuple[str, str] | None:
    """Returns why the memory can't be locked and what would be needed; None if it can be locked."""
    if sizes.limit is not None and sizes.mapped > sizes.limit:
        return f"{sizes.mapped:,} bytes are mapped, and {sizes.limit:,} may be locked", _UNLIMITED
    if not resident:
        return None
    more = sizes.mapped - sizes.resident
    left = status_bytes(kernel.read("/proc/meminfo") or "", "MemAvailable")
    if left is not None and more > left:
        return f"{more:,} bytes more would become resident, and {left:,} are available", "more memory, or on_fault=True"
    if memory_limit is not None and sizes.mapped > memory_limit:
        return (
            f"{sizes.mapped:,} bytes would be resident, and the cgroup may have {int(memory_limit):,}",
            "a higher memory limit, or on_fault=True",
        )
    return None


def _unlock(ask: Ask, before: _Sizes, kernel: Kernel) -> Action:
    back = replace(ask, wanted=f"{before.locked:,} bytes locked, as before")
    if before.locked:
        reason = "other code had locked memory before, and unlocking would unlock that too"
        return back.refused(
            "all is still locked", f"VmLck before: {before.locked:,} bytes", reason, "the process to end"
        )
    try:
        kernel.unlock_memory()
    except OSError as error:
        return back.declined("still locked", "munlockall", error, _UNLIMITED)
    now = _sizes(kernel)
    if now is None:
        return back.unknown(f"{_STATUS} doesn't say", "munlockall succeeded, and it can't be read back")
    evidence = f"VmLck: {now.locked:,} bytes"
    if now.locked:
        return back.partial(evidence, evidence, "other code has locked memory meanwhile")
    return back.applied("0 bytes locked", evidence)
