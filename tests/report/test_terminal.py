"""The report as terminal text."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from mainspring.report import (
    ActionReport,
    LaneReport,
    LaneTiming,
    SessionReport,
    ThreadReport,
    from_json,
    render_text,
    to_json,
    warnings,
)

HEADINGS = (
    "Profit and position",
    "Orders and fills",
    "Refused orders",
    "2 orders still open or in flight at the end",
    "Slippage",
    "Markouts",
    "Latency",
    "Messages",
    "What ran",
)


def rendered(report: SessionReport, width: int = 80, *, encoding: str = "utf-8", colour: bool = False) -> str:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
    console = Console(
        file=stream,
        width=width,
        force_terminal=colour or None,
        color_system="standard" if colour else "auto",
        _environ={},
    )
    render_text(report, console)
    return raw.getvalue().decode(encoding)


def row(text: str, start: str) -> str:
    return next(line for line in text.splitlines() if line.strip().startswith(start))


@pytest.mark.parametrize("width", [80, 100, 200])
def test_lines_fit_the_console_and_100_columns(report: SessionReport, many_report: SessionReport, width: int) -> None:
    """No line is longer than the console, nor than 100 columns, however wide the console."""
    for one in (report, many_report):
        assert max(map(len, rendered(one, width).splitlines())) <= min(width, 100)


def test_a_file_gets_no_escape_sequences(report: SessionReport, troubled_report: SessionReport) -> None:
    """Piped text is plain, and colour adds nothing but escapes to it."""
    for one in (report, troubled_report):
        plain = rendered(one)
        assert "\x1b" not in plain
        coloured = rendered(one, colour=True)
        assert "\x1b[" in coloured
        assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain


def test_sections_come_in_order(report: SessionReport) -> None:
    """Profit, position, orders and fills begin; latencies follow, then the plan; advice is the last line."""
    text = rendered(report)
    places = [text.index(f"\n{heading}") for heading in HEADINGS]
    assert places == sorted(places)
    end = " ".join(text[places[-1] :].split())
    assert "every budget kept" in end
    assert end.endswith("`mainspring tune` would pick the fastest book.")


def test_figures_are_the_reports(report: SessionReport) -> None:
    """A reader finds the counts, latencies, money and basis points of the report, with units and thousands apart."""
    text = rendered(report, 100)
    assert re.search(r"book +3,288 .* us .* 100 us +█+░+ +49% ok", text)
    assert re.search(r"whole path +41,249 .* 5 ms +█░+ +<1% ok", text)
    assert row(text, "quote ").split() == ["quote", "28,101", "68.1%"]
    assert row(text, "BTC/USDT  ").split() == ["BTC/USDT", "1,812", "1,774", "2", "1,549", "0", "214", "152", "62"]
    assert row(text, "net profit ").split() == ["net", "profit", "-2.1966"]
    assert row(text, "taker  total").split() == ["taker", "total", "62", "+1.48", "+1.93", "+0.45"]
    assert row(text, "collar-bps    ").split() == ["collar-bps", "22"]
    assert report.order_log_sha256 in text


def test_warnings_come_first(report: SessionReport, troubled_report: SessionReport) -> None:
    """What puts the figures in doubt stands above them, and a clean session has no such section."""
    text = rendered(troubled_report)
    assert text.index("Before you trust the figures") < text.index("Profit and position")
    joined = " ".join(text.split())
    for words in (
        "interrupted by the user",
        "1 line of the input",
        "2 gaps",
        "quarantine at the end",
        "crossed 2 times",
    ):
        assert words in joined
    assert "over budget: book" in joined
    assert "net unknown" in joined
    assert warnings(report) == []
    assert "Before you trust" not in rendered(report)


def test_an_error_is_told_with_what_is_still_open(report: SessionReport, change: Callable[..., Any]) -> None:
    """A session that an error ended says how far its figures go, and how many orders a venue may still have."""
    failed = change(report, failure="the book 'x' of acme raised ValueError")
    (first, *_) = warnings(failed)
    assert first.endswith("41,249 messages until then; 2 orders were still open or in flight.")
    assert first in " ".join(rendered(failed).replace("\n  ! ", " ").split())
    instrument = change(report.instruments[0], open_orders=report.instruments[0].open_orders[:1])
    assert warnings(change(failed, instruments=[instrument]))[0].endswith("1 order was still open or in flight.")
    instrument = change(instrument, open_orders=[])
    assert warnings(change(failed, instruments=[instrument]))[0].endswith("and no order was left open.")


def test_no_figure_loses_a_digit_in_a_narrow_console(report: SessionReport, change: Callable[..., Any]) -> None:
    """Where columns don't fit, cells are folded: every digit of every count is still printed."""
    stages = [change(stage, count=98_765_432_100) for stage in report.timing.stages]
    text = rendered(change(report, timing=change(report.timing, stages=stages)), 60)
    stages_text = text[text.index("\nLatency") : text.index("\nMessages")]
    assert sum(map(stages_text.count, "98765432100")) >= 11 * len(stages)
    assert max(map(len, text.splitlines())) <= 60


def test_hostile_names_print_literally(hostile_report: SessionReport) -> None:
    """A plugin named "[red]x" is printed so; escape sequences and line breaks in a name reach nobody."""
    text = rendered(hostile_report, 100, colour=True)
    assert "[red]x" in text
    assert "\x1b[31m[red]" not in text
    assert "\u202e" not in text
    assert "\x1b" not in rendered(hostile_report, 100)
    assert max(map(len, rendered(hostile_report, 100).splitlines())) <= 100


def test_an_ascii_terminal_gets_ascii(report: SessionReport, hostile_report: SessionReport) -> None:
    """Where the encoding has no block characters the bar is made of # and nothing fails."""
    assert "####.... " in rendered(report, 100, encoding="ascii")
    rendered(hostile_report, encoding="ascii")


def test_several_instruments_get_a_row_each(many_report: SessionReport) -> None:
    """Many instruments are rows, their nets are added up in the closing line."""
    text = rendered(many_report)
    assert text.count("DOGE/USDT") == 2
    assert "net -8.7864 USDT" in " ".join(text.split())


def test_an_empty_session_is_told_as_one(empty_report: SessionReport) -> None:
    """No message, no instrument, no stage: a short report that says so."""
    text = rendered(empty_report)
    assert "No message came in." in text
    assert "Latency" not in text
    assert len(text.splitlines()) < 25


def test_lanes_and_threads_have_their_sections(report: SessionReport, change: Callable[..., Any]) -> None:
    """A row for each lane with its end, for each thread with where it was; the failed lane is the first warning."""
    assert "Lanes" not in rendered(change(report, timing=change(report.timing, threads=[])))
    lanes = [
        LaneReport(name="1", instruments=["a:X", "b:Y"], ended="finished", messages=1_234),
        LaneReport(
            name="2",
            instruments=["c:Z"],
            ended="failed",
            messages=99,
            failure="process 42 was killed by SIGKILL",
            has_figures=False,
        ),
    ]
    timings = [
        LaneTiming(name="1", process=41, wall_seconds=2.0, messages_per_second=617.0, peak_rss_bytes=2**26),
        LaneTiming(name="2", process=42, wall_seconds=0.0, messages_per_second=0.0, peak_rss_bytes=0),
    ]
    thread = ThreadReport(
        role="lane 1",
        thread=41,
        wanted=[3],
        seen=[(3, 9), (5, 1)],
        voluntary_switches=7,
        involuntary_switches=1_000,
        outcome="partial",
        reason="found elsewhere",
    )
    action = ActionReport(
        whose="lane 1",
        name="fifo",
        subject="thread 41",
        wanted="fifo, priority 1",
        holds="other",
        outcome="refused",
        evidence="sched_setscheduler",
        reason="not permitted",
        needs="CAP_SYS_NICE",
    )
    timing = change(report.timing, lanes=timings, threads=[thread], actions=[action])
    many = change(report, lanes=lanes, timing=timing)
    text = rendered(many, 100)
    assert row(text, "1  ").split() == ["1", "41", "a:X,", "b:Y", "1,234", "617", "67.1", "MB", "finished"]
    assert row(text, "2  ").split() == ["2", "42", "c:Z", "99", "-", "-", "failed"]
    assert row(text, "lane 1").split()[2:8] == ["3", "3", "(90%),", "5", "(10%)", "1,000"]
    found = warnings(many)
    assert found[0].startswith("Lane 2 failed: process 42 was killed by SIGKILL. Nothing of c:Z is in this report")
    assert found[-1] == (
        "lane 1 isn't held as [hardware] wants: fifo of thread 41 refused: not permitted; it needs CAP_SYS_NICE."
    )
    assert from_json(to_json(many)) == many
    assert max(map(len, text.splitlines())) <= 100


def test_drift_has_a_section_with_what_to_do(report: SessionReport, troubled_report: SessionReport) -> None:
    """A row for each stage that has parted under a heading that says what to do; where none has, not a word of it."""
    text = rendered(troubled_report, 100)
    heading = "2 stages have parted from this host's profile; `mainspring tune` measures again"
    section = text[text.index(f"\n{heading}\n") :]
    assert row(section, "1     book").split() == [
        *("1", "book", "1.62x", "21.0", "us", "16,385", "2024-08-08", "12:02:17", "UTC", "40,960")
    ]
    assert "0.48x" in row(section, "1     whole path")
    assert "parted" not in rendered(report, 100)


def test_no_word_of_what_ran_is_split_at_80_columns(report: SessionReport, change: Callable[..., Any]) -> None:
    """Only plugins of another distribution than most name theirs, and long names stay whole."""
    long = {"slot": "risk max_order_notional", "plugin": "max_order_notional"}
    native = {"plugin": "ladder", "distribution": "mainspring-native"}
    slots = [*report.slots, change(report.slots[2], **native), change(report.slots[4], **long)]
    text = rendered(change(report, slots=slots))
    ran = text[text.index("\nWhat ran, from mainspring 0.1.0 unless noted\n") :]
    assert ran.split().count("(mainspring-native") == 1
    assert ran.split().count("max_order_notional") == 2
    assert "\nWhat ran, all from mainspring 0.1.0\n" in rendered(report)
