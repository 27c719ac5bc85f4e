"""Sets how precisely a thread's sleeps end (timer slack), and its real-time priority (SCHED_FIFO)."""

from dataclasses import replace

from hwprofile.actions import Action, Undo
from hwprofile.apply.ask import Ask
from hwprofile.apply.kernel import KERNEL, Kernel
from hwprofile.apply.reach import inherited_cpus

__all__ = ["set_fifo", "set_timer_slack"]

_OTHER, _FIFO, _ROUND_ROBIN = 0, 1, 2
_RESET_ON_FORK = 0x40000000
_POLICIES = {0: "other", 1: "fifo", 2: "round-robin", 3: "batch", 5: "idle", 6: "deadline", 7: "ext"}
_REAL_TIME = "the capability CAP_SYS_NICE, or a limit on real-time priority (ulimit -r, LimitRTPRIO) that reaches it"
_THROTTLE = "/proc/sys/kernel/sched_rt_runtime_us"


def set_timer_slack(slack_ns: int, *, kernel: Kernel = KERNEL) -> tuple[Action, Undo | None]:
    """Sets how late the calling thread's sleeps may end, in nanoseconds: usually 50,000, at least 1.

    The kernel combines timers that expire within the slack. The value is read back from /proc/TID/timerslack_ns and by
    prctl. Threads that are started later inherit it. The same thread can undo it, or any thread with CAP_SYS_NICE.
    """
    tid = kernel.tid()
    ask = Ask(name="timer-slack", subject=f"thread {tid}", wanted=f"{slack_ns:,} ns")
    if slack_ns < 1:
        return ask.refused("as before", "the request", "0 and less stand for the default", "at least 1 ns"), None
    try:
        before = kernel.timer_slack()
    except OSError as error:
        return ask.declined("unknown", "prctl(PR_GET_TIMERSLACK)", error, "no filter of system calls"), None
    try:
        kernel.set_timer_slack(slack_ns)
    except OSError as error:
        return ask.declined(f"{before:,} ns", "prctl(PR_SET_TIMERSLACK)", error, "no filter of system calls"), None
    action = _slack_holds(ask, slack_ns, tid, kernel)
    return action, None if before == slack_ns else lambda: _slack_back(ask, before, tid, kernel)


def _slack_holds(ask: Ask, slack_ns: int, tid: int, kernel: Kernel) -> Action:
    path = f"/proc/{tid}/timerslack_ns"
    text = kernel.read(path)
    evidence = f"{path}: {'unreadable' if text is None else text}"
    holds = int(text) if text is not None and text.isdigit() else None
    if kernel.tid() == tid:
        try:
            asked = kernel.timer_slack()
        except OSError as error:
            evidence += f"; prctl(PR_GET_TIMERSLACK): {error.strerror or error}"
        else:
            evidence += f"; prctl(PR_GET_TIMERSLACK): {asked}"
            holds = asked
    if holds is None:
        return ask.unknown(evidence, "it was set, and can't be read back")
    if holds == slack_ns:
        return ask.applied(f"{holds:,} ns", evidence)
    return ask.refused(f"{holds:,} ns", evidence, "the kernel keeps another; real-time threads have none")


def _slack_back(ask: Ask, before: int, tid: int, kernel: Kernel) -> Action:
    back = replace(ask, wanted=f"{before:,} ns, as before")
    try:
        if kernel.tid() == tid:
            kernel.set_timer_slack(before)
        else:
            kernel.write(f"/proc/{tid}/timerslack_ns", str(before))
    except FileNotFoundError:
        return back.applied("the thread has ended", f"/proc/{tid}: absent")
    except OSError as error:
        return back.declined(ask.wanted, "timer slack", error, f"the undoing called in thread {tid}, or CAP_SYS_NICE")
    return _slack_holds(back, before, tid, kernel)


def set_fifo(priority: int, tid: int = 0, *, kernel: Kernel = KERNEL) -> tuple[Action, Undo | None]:
    """Gives a thread a real-time priority (SCHED_FIFO) of 1 to 99, ahead of all ordinary threads.

    `tid` is the thread's native number, 0 the calling thread. The kernel's throttle stops a thread that never sleeps
    for part of each period (usually 50 ms of each second); the evidence has the figures. Without the throttle, or if
    its setting can't be read, such a thread would block everything else on its core, so it is refused unless the host
    has more cores than this process has real-time threads. Threads and processes that it starts don't inherit the
    priority.
    """
    tid = tid or kernel.tid()
    ask = Ask(name="fifo", subject=f"thread {tid}", wanted=f"fifo, priority {priority}")
    try:
        before, started = kernel.scheduling(tid), kernel.stat(tid).started
    except OSError as error:
        return ask.declined("unknown", "sched_getscheduler", error, _REAL_TIME), None
    holds = _words(*before)
    throttle = kernel.read(_THROTTLE)
    evidence = f"{_THROTTLE}: {'unreadable' if throttle is None else throttle}"
    if throttle in (None, "-1") and not _spare_core(tid, kernel):
        reason = "real-time threads aren't throttled here, and no core is spare: one that spins would stop the host"
        return ask.refused(holds, evidence, reason, f"a further core, or echo 950000 > {_THROTTLE}"), None
    try:
        kernel.set_scheduling(tid, _FIFO | _RESET_ON_FORK, priority)
    except OSError as error:
        return ask.declined(holds, "sched_setscheduler", error, _REAL_TIME), None
    action = _scheduling_holds(ask, (_FIFO | _RESET_ON_FORK, priority), tid, evidence, kernel)
    return action, lambda: _scheduling_back(ask, before, tid, started, kernel)


def _spare_core(tid: int, kernel: Kernel) -> bool:
    """Whether a core is left if this thread and the process's real-time threads each spin on their own core."""
    try:
        cpus = kernel.cpus("/sys/devices/system/cpu/online") or inherited_cpus(kernel)
        busy = {tid}
        for other in kernel.threads(kernel.pid()):
            if kernel.scheduling(other)[0] & ~_RESET_ON_FORK in (_FIFO, _ROUND_ROBIN):
                busy.add(other)
    except OSError:
        return False
    cores = {kernel.cpus(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list") or (cpu,) for cpu in cpus}
    return len(cores) > len(busy)


def _scheduling_holds(ask: Ask, wanted: tuple[int, int], tid: int, evidence: str, kernel: Kernel) -> Action:
    try:
        now = kernel.scheduling(tid)
    except OSError as error:
        return ask.unknown(f"sched_getscheduler: {error.strerror or error}", "it was set, and can't be read back")
    evidence = f"sched_getscheduler: {_words(*now)}; {evidence}"
    if now == wanted:
        return ask.applied(_words(*now), evidence)
    return ask.partial(_words(*now), evidence, "the kernel took the call and keeps something else")


def _scheduling_back(ask: Ask, before: tuple[int, int], tid: int, started: int, kernel: Kernel) -> Action:
    back = replace(ask, wanted=f"{_words(*before)}, as before")
    policy, priority = before
    try:
        if kernel.stat(tid).started != started:
            return back.applied("the thread has ended", f"/proc/{tid}/stat: another thread has its number now")
        kernel.set_scheduling(tid, policy, priority)
    except (ProcessLookupError, FileNotFoundError):
        return back.applied("the thread has ended", f"/proc/{tid}/stat: absent")
    except PermissionError:
        return _back_with_flag(back, before, tid, kernel)
    except OSError as error:
        return back.declined(ask.wanted, "sched_setscheduler", error, _REAL_TIME)
    return _scheduling_holds(back, before, tid, "undone", kernel)


def _back_with_flag(back: Ask, before: tuple[int, int], tid: int, kernel: Kernel) -> Action:
    """Leaves SCHED_FIFO but keeps the reset-on-fork flag, which only a privileged thread may clear."""
    policy, priority = before
    try:
        kernel.set_scheduling(tid, policy | _RESET_ON_FORK, priority)
    except OSError as error:
        return back.declined("fifo", "sched_setscheduler", error, _REAL_TIME)
    reason = (
        "the flag that new threads start as ordinary ones stays: taking it off needs privilege, and it does no harm"
    )
    return back.partial(_words(*before), "sched_setscheduler, with SCHED_RESET_ON_FORK", reason, "CAP_SYS_NICE")


def _words(policy: int, priority: int) -> str:
    number = policy & ~_RESET_ON_FORK
    name = _POLICIES.get(number, f"policy {number}")
    return f"{name}, priority {priority}" if number in (_FIFO, _ROUND_ROBIN) else name
