import errno
import mmap

from hwprofile.apply import advise_huge_pages, lock_memory, prefault
from hwprofile.apply.pages import pages_of

FOLDER = "/sys/kernel/mm/transparent_hugepage"
MB = 1 << 20


def test_locked_and_unlocked(kernel):
    """All memory is locked, later mappings too, and the kernel's count is the evidence."""
    action, undo = lock_memory(kernel=kernel)
    assert (action.outcome, kernel.advice) == ("applied", [1 | 2])
    assert action.evidence == "VmLck: 8,388,608 bytes, VmSize: 8,388,608 bytes"
    assert undo is not None
    assert undo().holds == "0 bytes locked"
    assert kernel.locked == 0


def test_under_a_limit(kernel):
    """Beyond the limit it is refused; below it, later mappings aren't locked, since they would fail."""
    kernel.limit = 4 * MB
    action, undo = lock_memory(kernel=kernel)
    assert (action.outcome, undo) == ("refused", None)
    assert action.reason == "8,388,608 bytes are mapped, and 4,194,304 may be locked"
    kernel.limit = 16 * MB
    action, undo = lock_memory(kernel=kernel)
    assert (action.outcome, kernel.advice) == ("partial", [1])
    assert "CAP_IPC_LOCK" in (action.needs or "")
    assert undo is not None
    undo()
    assert lock_memory(future=False, kernel=kernel)[0].outcome == "applied"


def test_more_than_there_is(kernel):
    """What would not fit into memory is refused, before the kernel has to end processes for it; on fault it may."""
    kernel.files["/proc/meminfo"] = "MemTotal: 9 kB\nMemAvailable:   1024 kB"
    action, undo = lock_memory(kernel=kernel)
    assert (action.outcome, undo) == ("refused", None)
    assert action.reason == "4,194,304 bytes more would become resident, and 1,048,576 are available"
    assert lock_memory(on_fault=True, kernel=kernel)[0].outcome == "applied"
    assert kernel.advice == [1 | 2 | 4]
    kernel.locked, kernel.files = 0, {}
    assert lock_memory(memory_limit=1 * MB, kernel=kernel)[0].outcome == "refused"


def test_locked_by_others_before(kernel):
    """What was locked before can't be told from ours, so that it stays locked, and this is said."""
    kernel.locked = MB
    _, undo = lock_memory(kernel=kernel)
    assert undo is not None
    assert undo().outcome == "refused"
    assert "unlock_memory" not in kernel.calls


def test_lock_declined(kernel):
    """What the kernel declines is refused with what would be needed."""
    kernel.fail("lock_memory", errno.EPERM)
    action, undo = lock_memory(kernel=kernel)
    assert (action.outcome, undo) == ("refused", None)
    assert "ulimit -l unlimited" in (action.needs or "")


def test_prefault_keeps_the_content(kernel):
    """With the kernel's help and without, the content stays, at the edges of the buffer too."""
    content = bytes(range(256)) * 64
    for number in (None, errno.EINVAL):
        kernel.fail("advise", number)
        buffer = bytearray(content)
        action, undo = prefault(buffer, kernel=kernel)
        assert (action.outcome, undo, bytes(buffer)) == ("applied", None, content)
        assert ("madvise" in action.evidence) == (number is None)
    assert prefault(bytearray(), kernel=kernel)[0].outcome == "applied"


def test_prefault_in_part(kernel):
    """Pages that aren't there afterwards are counted."""
    mapping = mmap.mmap(-1, 4 * mmap.PAGESIZE)
    kernel.pages[pages_of(mapping).addresses[2]] = -errno.ENOENT
    action, _ = prefault(mapping, kernel=kernel)
    assert (action.outcome, action.holds) == ("partial", "1 pages aren't there")


def test_huge_pages(kernel):
    """Advice is read back from the mapping's flags, and advised against on the way back."""
    mapping = mmap.mmap(-1, 8 * MB)
    pages = pages_of(mapping)

    def smaps(flags, huge=0):
        span = f"{pages.address:x}-{pages.address + pages.length:x}"
        return (
            f"00400000-00401000 r-xp 00000000 fe:00 1 /bin/a-b: c\nAnonHugePages: 7 kB\nVmFlags: rd ex hg\n"
            f"{span} rw-p 00000000 00:00 0\nSize: 8192 kB\nAnonHugePages:  {huge} kB\nVmFlags: {flags}"
        )

    texts = [smaps("rd wr"), smaps("rd wr hg", 2048), smaps("rd wr nh", 2048)]
    kernel.files |= {f"{FOLDER}/enabled": "always [madvise] never", f"{FOLDER}/hpage_pmd_size": "2097152"}
    plain = kernel.read
    kernel.read = lambda path: texts.pop(0) if path == "/proc/self/smaps" else plain(path)
    action, undo = advise_huge_pages(mapping, kernel=kernel)
    assert action.outcome == "applied"
    assert action.evidence == "smaps: flags rd wr hg, 2,097,152 bytes in huge pages now"
    assert undo is not None
    assert undo().outcome == "applied"
    assert kernel.advice == [14, 15]


def test_huge_pages_that_nothing_tells_of(kernel):
    """Advice that was taken, of which the mapping's flags don't tell, is unknown, and can be undone."""
    kernel.files |= {f"{FOLDER}/enabled": "[always] madvise never", f"{FOLDER}/hpage_pmd_size": "2097152"}
    action, undo = advise_huge_pages(mmap.mmap(-1, 8 * MB), kernel=kernel)
    assert (action.outcome, kernel.advice) == ("unknown", [14])
    assert undo is not None
    undo()
    assert kernel.advice == [14, 15]


def test_huge_pages_refused(kernel):
    """Switched off, too small, shared, or not there at all: refused, and why."""
    mapping = mmap.mmap(-1, 8 * MB)
    assert advise_huge_pages(mapping, kernel=kernel)[0].reason == "this kernel has no transparent huge pages"
    kernel.files |= {f"{FOLDER}/enabled": "always madvise [never]", f"{FOLDER}/hpage_pmd_size": "2097152"}
    action, _ = advise_huge_pages(mapping, kernel=kernel)
    assert (action.reason, action.needs) == ("they are switched off", f"write to {FOLDER}/enabled: madvise")
    kernel.files[f"{FOLDER}/enabled"] = "[always] madvise never"
    assert "multiple" in (advise_huge_pages(bytearray(MB), kernel=kernel)[0].needs or "")
    pages = pages_of(mapping)
    kernel.files["/proc/self/smaps"] = f"{pages.address:x}-{pages.address + pages.length:x} rw-s\nVmFlags: rd sh"
    kernel.files[f"{FOLDER}/shmem_enabled"] = "always [never]"
    assert "MAP_PRIVATE" in (advise_huge_pages(mapping, kernel=kernel)[0].needs or "")
    assert kernel.advice == []
