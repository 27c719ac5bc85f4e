import errno
import mmap

import pytest

from hwprofile.actions import Scope
from hwprofile.apply import place_buffer, prefer_node
from hwprofile.apply.pages import pages_of
from hwprofile.apply.syscalls import numbers


def test_prefer_node(kernel):
    """A thread's policy is read back, seen on fresh pages, and undone to what it was."""
    kernel.policies[100] = (3, (0, 1))
    with Scope() as scope:
        action = scope.add(*prefer_node(1, kernel=kernel))
        assert (action.outcome, action.holds) == ("applied", "preferred node 1")
        assert action.evidence == "get_mempolicy: preferred node 1; move_pages: fresh pages, 8 on node 1"
        assert scope.add(*prefer_node(0, only=True, kernel=kernel)).holds == "bind node 0"
    assert kernel.policies[100] == (3, (0, 1))
    assert [action.holds for action in scope.undone] == ["preferred node 1", "interleave node 0, 1"]


def test_a_node_that_may_not_be_used(kernel):
    """A node outside the cpuset is refused before the call."""
    action, undo = prefer_node(2, kernel=kernel)
    assert (action.outcome, undo) == ("refused", None)
    assert action.reason.startswith("memory of node 2 may not be used")
    action, undo = place_buffer(mmap.mmap(-1, 8192), 2, kernel=kernel)
    assert (action.outcome, undo) == ("refused", None)
    assert not {"set_memory_policy", "bind_range"} & set(kernel.calls)


def test_fresh_pages_elsewhere(kernel):
    """A policy that holds while the pages come from another node is partial: the node has none to give."""
    kernel.page_nodes = lambda addresses: (1,) * 3 + (0,) * (len(addresses) - 3)
    action, undo = prefer_node(1, kernel=kernel)
    assert (action.outcome, action.holds) == ("partial", "preferred node 1; 3 on node 1, 5 on node 0")
    assert undo is not None
    assert undo().outcome == "applied"


@pytest.mark.parametrize("call", ["memory_policy", "set_memory_policy"])
@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EPERM])
def test_calls_that_fail(kernel, call, number):
    """Without the call, or with a filter against it, it is refused in words."""
    kernel.always(call, number)
    action, undo = prefer_node(0, kernel=kernel)
    assert (action.outcome, undo) == ("refused", None)
    assert errno.errorcode[number] in action.evidence


def test_evidence_that_fails(kernel):
    """Without move_pages the policy itself still is evidence; without get_mempolicy after, it is unknown."""
    kernel.always("page_nodes", errno.EPERM)
    action, _ = prefer_node(0, kernel=kernel)
    assert action.outcome == "applied"
    assert action.evidence.endswith("move_pages: Operation not permitted")
    kernel.fail("memory_policy", None, None, errno.EPERM)
    action, undo = prefer_node(1, kernel=kernel)
    assert action.outcome == "unknown"
    assert undo is not None
    assert undo().outcome == "applied"


def test_undone_from_another_thread(kernel):
    """Another thread can't undo it, says so, and leaves its own policy alone."""
    _, undo = prefer_node(1, kernel=kernel)
    kernel.me = 101
    assert undo is not None
    action = undo()
    assert action.outcome == "refused"
    assert "thread 100" in (action.needs or "")
    assert kernel.policies[101] == (0, ())


def test_place_buffer(kernel):
    """A mapping's policy is read back page by page, told where pages lie elsewhere, and undone."""
    mapping = mmap.mmap(-1, 4 * mmap.PAGESIZE)
    first = pages_of(mapping).address
    for index, node in enumerate((1, 1, -errno.ENOENT, 0)):
        kernel.pages[first + index * mmap.PAGESIZE] = node
    action, undo = place_buffer(mapping, 1, kernel=kernel)
    assert action.outcome == "partial"
    assert action.holds == "preferred node 1; 2 on node 1, 1 on node 0, 1 not touched yet"
    assert undo is not None
    assert undo().outcome == "applied"
    assert kernel.ranges[first] == (0, ())
    kernel.pages[first + 3 * mmap.PAGESIZE] = 1
    action, undo = place_buffer(mapping, 1, kernel=kernel)
    assert action.outcome == "applied"
    mapping.close()
    assert undo is not None
    assert undo().holds == "the buffer is closed"
    assert kernel.ranges[first] == (1, (1,))


def test_only_whole_pages_inside():
    """Pages that are only partly of the buffer belong to others too, and are left out."""
    mapping = mmap.mmap(-1, 4 * mmap.PAGESIZE)
    whole = pages_of(mapping)
    with memoryview(mapping) as view:
        inner = pages_of(view[1:-1])
        assert pages_of(view[1 : mmap.PAGESIZE]).length == 0
    assert (inner.address, inner.length) == (whole.address + mmap.PAGESIZE, 2 * mmap.PAGESIZE)
    assert len(inner.addresses) == 2
    assert pages_of(bytearray()).length == 0
    with pytest.raises(TypeError):
        pages_of(memoryview(b"read-only" * 1000))


def test_no_whole_page(kernel):
    """A buffer without a whole page is refused."""
    action, undo = place_buffer(bytearray(10), 0, kernel=kernel)
    assert (action.outcome, action.reason, undo) == ("refused", "no whole page lies in it", None)


def test_numbers_of_calls():
    """The numbers are those of the kernel's tables, and unknown elsewhere, a 32-bit program included."""
    known = numbers("x86_64", 64)
    assert known is not None
    assert (known.mbind, known.set_mempolicy, known.get_mempolicy, known.move_pages) == (237, 238, 239, 279)
    known = numbers("aarch64", 64)
    assert known is not None
    assert (known.mbind, known.get_mempolicy, known.set_mempolicy, known.move_pages) == (235, 236, 237, 239)
    assert numbers("riscv64", 64) is None
    assert numbers("x86_64", 32) is None
