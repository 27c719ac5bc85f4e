"""Samples where the threads of a lane really run, and reports it next to where they should."""

from collections.abc import Callable, Sequence

from hwprofile.actions import Action
from hwprofile.apply import ThreadRan, Watch
from mainspring.host.plan import HardwarePlan, LanePlan, Place
from mainspring.report import ActionReport, ThreadReport

__all__ = ["ThreadWatch", "action_reports", "lane_name", "watch_lane", "watch_rest"]


def lane_name(lane: str) -> str:
    """Returns a lane's name among threads and actions."""
    return f"lane {lane}"


class ThreadWatch:
    """Watches the threads of one process: its main thread, which has a role and a place, and the others.

    If the system reports no threads, the result is empty. `main` is the main thread's role.
    """

    def __init__(self, main: str, place: Place, beside: Place, *, process: int = 0) -> None:
        self._main = main
        self._place = place
        self._beside = beside
        self._watch = Watch(process)
        self._looks = True

    def start(self) -> None:
        """Starts to count."""
        self._look(self._watch.start)

    def sample(self) -> None:
        """Takes one sample."""
        if self._looks:
            self._look(self._watch.sample)

    def _look(self, how: Callable[[], None]) -> None:
        try:
            how()
        except OSError:
            # The process has ended, or this system reports no threads. Earlier samples stay.
            self._looks = False

    def report(self, main_thread: int, actions: Sequence[ActionReport]) -> list[ThreadReport]:
        """Returns what was seen. `main_thread` and `actions` add the outcomes of what put the threads there."""
        ran = self._watch.report()
        return [self._thread(one, main_thread, actions) for one in sorted(ran, key=lambda one: one.tid != main_thread)]

    def _thread(self, ran: ThreadRan, main_thread: int, actions: Sequence[ActionReport]) -> ThreadReport:
        is_main = ran.tid == main_thread
        place = self._place if is_main else self._beside
        wanted = set(place.cpus)
        outcome, reason = _outcome(actions, ("pin",) if is_main else ("sweep", "pin"), pinned=bool(wanted))
        strayed = sum(count for cpu, count in ran.ran_on if cpu not in wanted) if wanted else 0
        if outcome == "applied" and strayed:
            total = sum(count for _, count in ran.ran_on)
            outcome, reason = "partial", f"found elsewhere in {strayed:,} of {total:,} samples"
        return ThreadReport(
            role=self._main if is_main else f"{self._main}: {ran.name}",
            thread=ran.tid,
            wanted=sorted(wanted) if wanted else None,
            seen=list(ran.ran_on),
            voluntary_switches=ran.switches.voluntary if ran.switches is not None else None,
            involuntary_switches=ran.switches.involuntary if ran.switches is not None else None,
            outcome=outcome,
            reason=reason,
        )


def _outcome(actions: Sequence[ActionReport], names: Sequence[str], *, pinned: bool) -> tuple[str, str]:
    if not pinned:
        return "free", ""
    for name in names:
        for action in actions:
            if action.name == name and not action.undone:
                return action.outcome, action.reason or ""
    return "unknown", "nothing placed it there"


def watch_lane(lane: LanePlan, hardware: HardwarePlan, *, process: int = 0) -> ThreadWatch:
    """Returns a watch over the process that runs a lane."""
    beside = hardware.rest if lane.place.cpus else Place()
    return ThreadWatch(lane_name(lane.name), lane.place, beside, process=process)


def watch_rest(hardware: HardwarePlan) -> ThreadWatch:
    """Returns a watch over this process, which supervises lanes."""
    return ThreadWatch("the rest", hardware.rest, hardware.rest)


def action_reports(whose: str, actions: Sequence[Action], *, undone: bool = False) -> list[ActionReport]:
    """Converts actions to report values. `whose` names the process or lane; `undone` are their reversals."""
    return [
        ActionReport(
            whose=whose,
            name=action.name,
            subject=action.subject,
            wanted=action.wanted,
            holds=action.holds,
            outcome=action.outcome,
            evidence=action.evidence,
            reason=action.reason,
            needs=action.needs,
            undone=undone,
        )
        for action in actions
    ]
