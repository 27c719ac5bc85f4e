"""Asks the kernel to hold a buffer in transparent huge pages."""

from dataclasses import replace

from hwprofile.actions import Action, Undo
from hwprofile.apply.ask import Ask
from hwprofile.apply.kernel import KERNEL, Kernel
from hwprofile.apply.pages import Buffer, Pages, pages_of, still_there

__all__ = ["advise_huge_pages"]

_ADVISE, _ADVISE_NOT = 14, 15
_FOLDER = "/sys/kernel/mm/transparent_hugepage"
_PERMISSION = "a container whose filter of system calls lets madvise pass"


def advise_huge_pages(buffer: Buffer, *, kernel: Kernel = KERNEL) -> tuple[Action, Undo | None]:
    """Advises the kernel to back a buffer with huge pages.

    Call it before the buffer is touched: the kernel merges existing small pages late. Python's mappings are shared with
    forked processes unless they are created with `flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS`; huge pages for shared
    mappings have a setting of their own, which is usually off.

    The result is read back from the mapping's flags in /proc/self/smaps, which also has how much of it is in huge pages
    now. Undoing advises against huge pages: the kernel can't withdraw advice, and doesn't split huge pages for it.
    """
    pages = pages_of(buffer)
    ask = Ask(name="huge-pages", subject=str(pages), wanted="huge pages advised")
    before, _ = _mapped(pages, kernel)
    setting = f"{_FOLDER}/{'shmem_enabled' if 'sh' in before.split() else 'enabled'}"
    policy, size = kernel.read(setting), kernel.read(f"{_FOLDER}/hpage_pmd_size")
    if policy is None or size is None:
        return ask.refused(
            "none", f"{setting}: absent", "this kernel has no transparent huge pages", "one that has"
        ), None
    if "[never]" in policy or "[deny]" in policy:
        word = "advise, or map it MAP_PRIVATE" if setting.endswith("shmem_enabled") else "madvise"
        return ask.refused("none", f"{setting}: {policy}", "they are switched off", f"write to {setting}: {word}"), None
    if not pages_of(buffer, size=int(size)).length:
        needs = f"a buffer with {int(size):,} bytes from a multiple of that on"
        return ask.refused("none", str(pages), "not one huge page lies wholly in it", needs), None
    try:
        kernel.advise(pages.address, pages.length, _ADVISE)
    except OSError as error:
        return ask.declined("none", "madvise(MADV_HUGEPAGE)", error, _PERMISSION), None
    flags, huge = _mapped(pages, kernel)
    evidence = f"smaps: flags {flags or 'absent'}, {huge:,} bytes in huge pages now"
    action = (
        ask.applied(ask.wanted, evidence)
        if "hg" in flags.split()
        else ask.unknown(evidence, "the advice was taken, and the mapping's flags don't tell of it")
    )
    return action, None if "hg" in before.split() else lambda: _advise_not(ask, buffer, pages, kernel)


def _advise_not(ask: Ask, buffer: Buffer, pages: Pages, kernel: Kernel) -> Action:
    back = replace(ask, wanted="huge pages not advised")
    if not still_there(buffer, pages):
        return back.applied("the buffer is closed", "advice ends with its pages")
    try:
        kernel.advise(pages.address, pages.length, _ADVISE_NOT)
    except OSError as error:
        return back.declined("huge pages advised", "madvise(MADV_NOHUGEPAGE)", error, _PERMISSION)
    flags, huge = _mapped(pages, kernel)
    evidence = f"smaps: flags {flags or 'absent'}, {huge:,} bytes in huge pages stay so"
    if "hg" in flags.split():
        return back.refused("huge pages advised", evidence, "the kernel took the call and keeps the advice")
    return back.applied("huge pages advised against", evidence)


def _mapped(pages: Pages, kernel: Kernel) -> tuple[str, int]:
    """Returns the flags of the mapping that contains the first page, and how many of its bytes are in huge pages."""
    inside, huge = False, 0
    for line in (kernel.read("/proc/self/smaps") or "").splitlines():
        name, _, value = line.partition(":")
        # A mapping's entry starts with its range, "7f00-7f10 rw-p ..."; its fields follow, the flags last.
        first, dash, last = name.split(" ", 1)[0].partition("-")
        if dash:
            inside = int(first, 16) <= pages.address < int(last, 16)
        elif inside and name == "AnonHugePages":
            huge = int(value.split()[0]) * 1024
        elif inside and name == "VmFlags":
            return value.strip(), huge
    return "", 0
