"""Confines threads and processes to CPUs, and reads back the result."""

import contextlib
import errno
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from hwprofile.actions import Action, Undo
from hwprofile.apply.ask import Ask
from hwprofile.apply.kernel import KERNEL, Kernel
from hwprofile.apply.reach import inherited_cpus
from hwprofile.cpu_lists import cpu_list

__all__ = ["pin_process", "pin_thread", "sweep_threads"]

_PERMISSION = "a thread of the same user, or the capability CAP_SYS_NICE"
_WIDER = "a wider mask (taskset, sched_setaffinity) or cpuset (cpuset.cpus of the cgroup) for this process"
# A new thread inherits its creator's mask, so a pass over all threads that finds no new one has covered them all.
_PASSES_MOST = 16
_NAMED_MOST = 8


def pin_thread(
    cpus: Collection[int], tid: int = 0, *, usable: Collection[int] | None = None, kernel: Kernel = KERNEL
) -> tuple[Action, Undo | None]:
    """Confines one thread to CPUs; `tid` is its native number, 0 the calling thread.

    The kernel silently drops CPUs that the thread may not use. So a CPU that isn't in `usable` is refused here, before
    anything changes, and the mask is read back afterwards. `usable` are the CPUs that may be requested
    (`reachable_cpus` of a profile); None stands for those that this process could run on when this was first called.
    """
    tid = tid or kernel.tid()
    cpus = tuple(sorted(set(cpus)))
    ask = Ask(name="pin", subject=f"thread {tid}", wanted=_words(cpus))
    refusal = _refusal(ask, cpus, usable, kernel)
    if refusal is not None:
        return refusal, None
    try:
        move = _move(tid, cpus, kernel)
    except OSError as error:
        return ask.declined("as before", "sched_setaffinity", error, _PERMISSION), None
    action = _reported(ask, cpus, move, kernel)
    return action, None if move.after == move.before else lambda: _put_back(ask, (move,), kernel)


def pin_process(
    cpus: Collection[int], pid: int = 0, *, usable: Collection[int] | None = None, kernel: Kernel = KERNEL
) -> tuple[Action, Undo | None]:
    """Confines all threads of a process to CPUs; 0 is this process. Threads that they start later inherit the mask."""
    pid = pid or kernel.pid()
    return _confine("pin", f"process {pid}", cpus, pid, (), usable, kernel)


def sweep_threads(
    cpus: Collection[int],
    except_tids: Collection[int] = (),
    *,
    usable: Collection[int] | None = None,
    kernel: Kernel = KERNEL,
) -> tuple[Action, Undo | None]:
    """Confines this process's threads to CPUs, except those named. Includes threads that libraries started."""
    pid = kernel.pid()
    others = f" but {', '.join(map(str, sorted(except_tids)))}" if except_tids else ""
    return _confine("sweep", f"threads of process {pid}{others}", cpus, pid, except_tids, usable, kernel)


@dataclass(frozen=True, kw_only=True)
class _Move:
    """A thread, identified by its start time, with its masks before and after; `after` is None if it can't be read."""

    tid: int
    name: str
    started: int
    before: tuple[int, ...]
    after: tuple[int, ...] | None


def _move(tid: int, cpus: Sequence[int], kernel: Kernel) -> _Move:
    """Confines a thread. Raises `OSError` if nothing changed."""
    stat, before = kernel.stat(tid), kernel.affinity(tid)
    if stat.ended:
        raise ProcessLookupError(errno.ESRCH, "it has ended")
    kernel.set_affinity(tid, cpus)
    after: tuple[int, ...] | None
    try:
        after = kernel.affinity(tid)
    except ProcessLookupError:
        raise
    except OSError:
        # A system call filter may allow setting a mask but not reading it.
        after = None
    return _Move(tid=tid, name=stat.name, started=stat.started, before=before, after=after)


def _reported(ask: Ask, cpus: tuple[int, ...], move: _Move, kernel: Kernel) -> Action:
    """Returns the outcome of pinning one thread."""
    if move.after is None:
        return ask.unknown("sched_getaffinity failed after the mask was set", "it can't be read back", _PERMISSION)
    evidence = f"sched_getaffinity({move.tid}): {cpu_list(move.after)}"
    with contextlib.suppress(OSError):
        evidence += f"; last ran on CPU {kernel.stat(move.tid).cpu}"
    holds = _words(move.after)
    if move.after == cpus:
        return ask.applied(holds, evidence)
    reason = f"the kernel took the call and keeps {holds}"
    report = ask.refused if move.after == move.before else ask.partial
    return report(holds, evidence, reason, _WIDER)


def _confine(
    name: str,
    subject: str,
    cpus: Collection[int],
    pid: int,
    except_tids: Collection[int],
    usable: Collection[int] | None,
    kernel: Kernel,
) -> tuple[Action, Undo | None]:
    cpus = tuple(sorted(set(cpus)))
    ask = Ask(name=name, subject=subject, wanted=_words(cpus))
    refusal = _refusal(ask, cpus, usable, kernel)
    if refusal is not None:
        return refusal, None
    moves: list[_Move] = []
    errors: list[tuple[int, OSError]] = []
    try:
        for tid in _each_thread(pid, except_tids, kernel):
            try:
                moves.append(_move(tid, cpus, kernel))
            except (ProcessLookupError, FileNotFoundError):
                # It has ended, so there is nothing left to confine.
                continue
            except OSError as error:
                errors.append((tid, error))
    except OSError as error:
        errors.append((pid, error))
    if errors and not moves:
        return ask.declined("as before", f"sched_setaffinity({errors[0][0]})", errors[0][1], _PERMISSION), None
    changed = tuple(move for move in moves if move.after != move.before)
    action = _reported_all(ask, cpus, moves, errors)
    return action, (lambda: _put_back(ask, changed, kernel)) if changed else None


def _each_thread(pid: int, except_tids: Collection[int], kernel: Kernel) -> Iterable[int]:
    """Yields every thread of the process once, including those that start meanwhile."""
    seen = set(except_tids)
    for _ in range(_PASSES_MOST):
        fresh = [tid for tid in kernel.threads(pid) if tid not in seen]
        if not fresh:
            return
        seen.update(fresh)
        yield from fresh


def _reported_all(
    ask: Ask, cpus: tuple[int, ...], moves: Sequence[_Move], errors: Sequence[tuple[int, OSError]]
) -> Action:
    """Returns the outcome of confining all of them."""
    there = [f"{move.name} ({move.tid})" for move in moves]
    more = ", ..." if len(there) > _NAMED_MOST else ""
    evidence = f"sched_getaffinity of {len(there)} threads: {', '.join(there[:_NAMED_MOST])}{more}"
    short = [move for move in moves if move.after != cpus]
    kept = len(moves) - len(short)
    if not short and not errors:
        return ask.applied(f"{ask.wanted}, {kept} threads" if kept else "there is no such thread", evidence)
    parts = [f"{move.name} ({move.tid}) is on {_words(move.after)}" for move in short]
    parts += [f"{tid}: {error.strerror or error}" for tid, error in errors]
    report = ask.partial if kept or any(move.after != move.before for move in short) else ask.refused
    holds = f"{ask.wanted}, {kept} of {len(moves) + len(errors)} threads"
    return report(holds, evidence, "; ".join(parts), _WIDER if short else _PERMISSION)


def _refusal(ask: Ask, cpus: tuple[int, ...], usable: Collection[int] | None, kernel: Kernel) -> Action | None:
    """Refuses a request that the kernel would accept but not carry out."""
    try:
        may = frozenset(inherited_cpus(kernel) if usable is None else usable)
    except OSError as error:
        return ask.declined("as before", "sched_getaffinity", error, _PERMISSION)
    evidence = f"CPUs that may be used: {cpu_list(may)}"
    outside = sorted(set(cpus) - may)
    if outside:
        return ask.refused("as before", evidence, f"{_words(outside)} may not be used by this process", _WIDER)
    if not cpus:
        return ask.refused("as before", evidence, "no CPU was named", "at least one CPU")
    return None


def _put_back(ask: Ask, moves: Sequence[_Move], kernel: Kernel) -> Action:
    """Restores the threads' earlier masks. A thread that ended, or whose number was reused, is left alone."""
    back, short, ended = 0, 0, 0
    wrong = []
    for move in reversed(moves):
        try:
            stat = kernel.stat(move.tid)
            if stat.started != move.started or stat.ended:
                ended += 1
                continue
            kernel.set_affinity(move.tid, move.before)
            after = kernel.affinity(move.tid)
        except (ProcessLookupError, FileNotFoundError):
            ended += 1
        except OSError as error:
            wrong.append(f"{move.name} ({move.tid}): {error.strerror or error}")
        else:
            if after == move.before:
                back += 1
            else:
                short += 1
                wrong.append(f"{move.name} ({move.tid}) is on {_words(after)}")
    masks = " or ".join(_words(cpus) for cpus in sorted({move.before for move in moves}))
    undoing = replace(ask, wanted=f"{masks}, as before")
    evidence = f"sched_getaffinity: {back} put back, {ended} ended, {len(wrong)} not put back"
    if not wrong:
        return undoing.applied(undoing.wanted if back else "ended", evidence)
    report = undoing.partial if back or short else undoing.refused
    return report(f"{back} of {len(moves) - ended} put back", evidence, "; ".join(wrong), _WIDER)


def _words(cpus: Collection[int] | None) -> str:
    if cpus is None:
        return "CPUs that can't be read back"
    return f"CPU{'' if len(cpus) == 1 else 's'} {cpu_list(cpus)}"
