"""The sections on the machine: lanes, threads, and drift. None means a section without rows."""

from rich.table import Table

from mainspring.report.figures import NONE, clock, latency, memory, times_as_long, whole_percent
from mainspring.report.machine import DriftReport, LaneTiming, ThreadReport
from mainspring.report.model import LaneReport, SessionReport
from mainspring.report.terminal.look import Column, Look

__all__ = ["drift_section", "lanes_section", "threads_section"]


def lanes_section(report: SessionReport, look: Look) -> Table | None:
    """Shows each lane: its process, what it traded, how far it came and how it ended."""
    if not report.lanes:
        return None
    columns = (
        Column("lane", "left"),
        Column("process"),
        Column("instruments", "left"),
        *(Column(title) for title in ("messages", "a second", "memory")),
        Column("ended", "left"),
    )
    timings = {timing.name: timing for timing in report.timing.lanes}
    return look.table(columns, [_lane(lane, timings.get(lane.name)) for lane in report.lanes])


def _lane(lane: LaneReport, timing: LaneTiming | None) -> tuple[str, ...]:
    process = rate = peak = NONE
    if timing is not None:
        process = str(timing.process)
        rate = f"{timing.messages_per_second:,.0f}" if timing.messages_per_second else NONE
        peak = memory(timing.peak_rss_bytes) if timing.peak_rss_bytes else NONE
    return lane.name, process, ", ".join(lane.instruments), f"{lane.messages:,}", rate, peak, lane.ended


def threads_section(report: SessionReport, look: Look) -> Table | None:
    """Shows each thread: its intended CPUs, those it was found on, and how often it was preempted."""
    if not report.timing.threads:
        return None
    columns = (
        *(Column(title, "left") for title in ("thread", "wanted cpu", "found on")),
        *(Column(title) for title in ("preempted", "gave way")),
        Column("outcome", "left"),
    )
    return look.table(columns, [_thread(thread) for thread in report.timing.threads])


def _thread(thread: ThreadReport) -> tuple[str, ...]:
    total = sum(samples for _, samples in thread.seen)
    found = ", ".join(f"{cpu} ({whole_percent(samples / total)})" for cpu, samples in thread.seen) if total else NONE
    switches = (thread.involuntary_switches, thread.voluntary_switches)
    return (
        thread.role,
        "any" if thread.wanted is None else ", ".join(map(str, thread.wanted)),
        found,
        *(NONE if count is None else f"{count:,}" for count in switches),
        f"{thread.outcome}: {thread.reason}" if thread.reason else thread.outcome,
    )


def drift_section(report: SessionReport, look: Look) -> Table | None:
    """Shows each stage whose median has drifted from that of the host's profile: since when, and how far."""
    if not report.timing.drift:
        return None
    columns = (
        *(Column(title, "left") for title in ("lane", "stage")),
        *(Column(title) for title in ("takes", "of", "since message")),
        Column("received about", "left"),
        Column("certain at"),
    )
    return look.table(columns, [_drift(one) for one in report.timing.drift])


def _drift(one: DriftReport) -> tuple[str, ...]:
    return (
        one.lane,
        one.stage.replace("_", " "),
        times_as_long(one.factor),
        latency(one.expected_ns),
        f"{one.message:,}",
        clock(one.receive_ns),
        f"{one.certain_at:,}",
    )
