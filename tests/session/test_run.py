"""Whole sessions: the reference session and the recorded one, from bytes to the report."""

import gzip
import importlib.util
import itertools
import math
import os
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import msgspec
import pytest

from hwprofile.apply.kernel import KERNEL
from mainspring.errors import CaptureError, ConfigError, DataError
from mainspring.host.config import load_config
from mainspring.host.planning import make_plan
from mainspring.host.session_planning import make_session
from mainspring.report import to_html, warnings, without_timing
from mainspring.session import run_session
from mainspring.session.lane_run import LaneRun

CAPTURES = Path(__file__).resolve().parents[2].parent / "shared/data/binance"
SPOT = CAPTURES / "spot/btcusdt_20240808.gz"
SHORT = "feed.seconds=25"


@pytest.fixture
def run(registry):
    """Runs the built-in configuration with overrides."""

    def run(*overrides, **options):
        return run_session(make_session(load_config(None, overrides), registry), registry, **options)

    return run


@pytest.fixture
def generated(registry):
    """The messages of a short reference session."""
    plan = make_plan(load_config(None, [SHORT]), registry)
    return list(registry.get("feed", "simulated").factory.source(plan.instruments, plan.feed.options))


def write(path, messages):
    path.write_bytes(b"".join(b"%d %s\n" % message for message in messages))
    return f'feed={{plugin="binance-spot", capture="{path}"}}'


def test_the_reference_session_trades(run):
    """The built-in configuration quotes, is filled, and ends with a live, uncrossed book and no gap."""
    report = run("feed.seconds=60")
    (instrument,) = report.instruments
    assert report.feed.messages > 5_000
    assert report.feed.gaps == 0
    assert instrument.fills > 0
    assert instrument.book.live
    assert instrument.book.crossed == 0
    stages = {stage.stage for stage in report.timing.stages}
    assert stages >= {"strategy", "slippage", "risk", "route"}
    # Where both are native, they are timed as one.
    assert stages >= {"feed+book"} or stages >= {"feed", "book"}
    assert report.order_log_records > 0


def test_a_report_has_what_its_charts_are_drawn_from(run):
    """The pace ends with the last message, every sent order counts, and fills weigh up to the tables' costs."""
    report = run("feed.seconds=60")
    (instrument,) = report.instruments
    pace = report.timing.pace
    assert [point.messages for point in pace] == sorted({point.messages for point in pace})
    assert pace[-1].messages == report.feed.messages
    assert pace[-1].receive_ns == report.feed.last_receive_ns
    assert pace[-1].wall_ns == pytest.approx(report.timing.wall_seconds * 1e9, abs=1)
    routed = next(stage.count for stage in report.timing.stages if stage.stage == "route")
    assert instrument.accepted < instrument.orders_sent <= routed, "cancels are routed too"
    assert {one.replaces for one in instrument.order_samples} == {False, True}
    (costs,) = instrument.slippage
    fills = instrument.fill_samples
    assert len(fills) == costs.fills
    assert weighed((one.estimated_bps, one.size) for one in fills) == pytest.approx(costs.estimated_bps)
    for at, markout in enumerate(instrument.markouts):
        moves = [(one.markouts_bps[at], one.size) for one in fills]
        assert markout.fills + markout.not_measurable == costs.fills
        assert markout.not_measurable == [move for move, _ in moves].count(None)
        assert weighed(moves) == pytest.approx(markout.bps)
    adverse = next(part for part in costs.parts if part.name == "adverse-selection")
    assert adverse.realised_bps == -instrument.markouts[2].bps, "that of 5 s"


def weighed(values):
    """The mean by size of what is known."""
    known = [(value, float(size)) for value, size in values if value is not None]
    return sum(value * size for value, size in known) / sum(size for _, size in known)


def test_every_fill_lies_on_the_price_line_of_the_page(run):
    """The tip of each triangle is within a pixel of the mid's line, however fast the price moved there.

    Apart from fills whose print came late, when the mid had moved on.
    """
    report = run("feed.seconds=60")
    (drawing,) = re.findall(r'<svg class="chart wide price".*?</svg>', to_html(report), re.DOTALL)
    (points,) = re.findall(r'class="mid" points="([^"]*)"', drawing)
    line = [tuple(map(float, point.split(","))) for point in points.split()]
    tips = [tuple(map(float, tip)) for tip in re.findall(r'class="fill [^"]*" d="M([\d.]+) ([\d.]+)', drawing)]
    assert len(tips) == report.instruments[0].fills > 100
    late = [one for one in report.instruments[0].fill_samples if abs(float(one.price) - one.mid) > 0.5]
    assert len(late) < len(tips) / 5
    assert sum(from_line(line, *tip) > 1 for tip in tips) <= len(late)


def from_line(line, x, y):
    """How far a place is from the nearest segment of a line, all in pixels."""
    nearest = math.inf
    for (x1, y1), (x2, y2) in itertools.pairwise(line):
        if x1 - 2 <= x <= x2 + 2:
            along, up = x2 - x1, y2 - y1
            length = along * along + up * up
            share = 0 if not length else min(max(((x - x1) * along + (y - y1) * up) / length, 0), 1)
            nearest = min(nearest, math.hypot(x1 + share * along - x, y1 + share * up - y))
    return nearest


def test_orders_left_at_the_end_are_listed(run):
    """Whatever has neither filled, nor been cancelled or rejected, is in the report with its state."""
    report = run(SHORT)
    (one,) = report.instruments
    assert one.open_orders
    assert {order.state for order in one.open_orders} <= {
        "accepted",
        "partially-filled",
        "in-flight",
        "cancel-pending",
        "replace-pending",
    }
    for order in one.open_orders:
        assert (order.strategy, order.side) in {("maker", "buy"), ("maker", "sell")}
        assert float(order.filled) < float(order.size)
        assert order.created_ns <= report.feed.last_receive_ns


def test_the_prices_at_the_end_are_the_mark(run, tmp_path):
    """A quote that is newer than the book gives bid, ask and the mid between them, at which positions are marked."""
    book = b'{"lastUpdateId":10,"bids":[["100.00","1"]],"asks":[["100.02","1"]]}'
    quote = b'{"u":11,"s":"BTCUSDT","b":"100.01","B":"2","a":"100.02","A":"1"}'
    source = write(tmp_path / "a.cap", [(1, book), (2, quote)])
    report = run("mode=replay", source, 'instruments=["BTC/USDT"]')
    (instrument,) = report.instruments
    shown = instrument.book
    assert (shown.bid, shown.ask, shown.mid) == ("100.01", "100.02", "100.015")
    assert (instrument.mark, instrument.mark_source) == ("100.015", "mid")


def test_unrealised_profit_is_at_the_prices_shown(run):
    """An open position's unrealised profit is what the mid of the bid and ask shown makes of it."""
    (instrument,) = run(SHORT).instruments
    bid, ask = Fraction(instrument.book.bid), Fraction(instrument.book.ask)
    assert Fraction(instrument.mark) == (bid + ask) / 2
    position, entry = Fraction(instrument.position), Fraction(instrument.average_entry)
    assert position
    assert Fraction(instrument.unrealised) == position * ((bid + ask) / 2 - entry)


def test_the_recorded_session_trades(run):
    """The recorded BTC spot market: every message, fills, no gap."""
    if not SPOT.exists():
        pytest.skip("captures absent: binance/spot/btcusdt_20240808.gz")
    report = run(f'feed={{capture="{SPOT}"}}')
    (instrument,) = report.instruments
    assert report.feed.messages == 41_249
    assert (report.feed.gaps, report.feed.bad_lines, instrument.book.crossed) == (0, 0, 0)
    assert instrument.fills > 0
    assert report.slots[0].plugin == "binance-spot"


JITTER = ("seed=7", "latency.plugin=distribution", "latency.request_jitter_us=100", "latency.response_us=50")
TREND = ('strategy.trend={plugin="momentum", size=0.01}',)


@pytest.mark.parametrize(
    "overrides",
    [
        (),
        ('strategy.trend={plugin="momentum", size=0.01}',),
        JITTER,
    ],
)
def test_same_input_same_report(run, overrides):
    """Two runs of one input give the same report, its times aside, the order log's digest included."""
    first, second = (without_timing(run(SHORT, *overrides)) for _ in range(2))
    assert first == second
    assert first.order_log_sha256


def test_another_seed_is_another_session(run):
    """Another market seed leads to another order log."""
    assert run(SHORT).order_log_sha256 != run(SHORT, "feed.seed=2").order_log_sha256


@pytest.mark.parametrize("book", ["bisect-list", "sorted-dict"])
@pytest.mark.parametrize("codec", ["json", "orjson", "msgspec"])
def test_any_book_and_codec_give_the_same_orders(run, book, codec):
    """Books and codecs are interchangeable: the order log is the same with each."""
    reference = run(SHORT)
    assert run(SHORT, f"book.plugin={book}", f"codec.json={codec}").order_log_sha256 == reference.order_log_sha256


def test_one_pinned_lane_runs_in_its_place_and_leaves_it(run):
    """In this process: same results, each action reported with its undoing, the thread seen on its CPU, then freed."""
    if not hasattr(os, "sched_getaffinity"):
        pytest.skip("affinity masks are absent on this system")
    before = os.sched_getaffinity(0)
    wanted = max(before)
    pinned = run(SHORT, f"hardware.pin=[{wanted}]", "hardware.timer_slack_ns=1", "hardware.gc=freeze")
    assert os.sched_getaffinity(0) == before
    free = run(SHORT)
    rows = [{row.slot: row for row in report.slots} for report in (pinned, free)]
    assert {slot for slot in rows[0] if rows[0][slot] != rows[1][slot]} == {"gc"}
    assert msgspec.structs.replace(without_timing(pinned), slots=free.slots) == without_timing(free)
    actions = {action.name: action for action in pinned.timing.actions if not action.undone}
    assert (actions["pin"].outcome, actions["pin"].holds) == ("applied", f"CPU {wanted}")
    assert {"timer-slack", "gc"} <= set(actions)
    undone = {action.name for action in pinned.timing.actions if action.undone}
    assert {"pin", "timer-slack", "gc"} <= undone
    main = next(thread for thread in pinned.timing.threads if thread.thread == os.getpid())
    assert (main.role, main.wanted, main.outcome) == ("lane 1", [wanted], "applied")
    assert {cpu for cpu, _ in main.seen} == {wanted}
    assert main.involuntary_switches >= 0
    loose = next(thread for thread in free.timing.threads if thread.thread == os.getpid())
    assert (loose.wanted, loose.outcome) == (None, "free")
    assert free.timing.actions == []


def test_one_lane_that_isnt_pinned_gets_its_settings_too(run):
    """Timer slack, priority and locked memory are asked for, read back, told and undone, without any pin."""
    try:
        before = KERNEL.timer_slack()
    except OSError:
        pytest.skip("timer slack is absent on this system")
    report = run(SHORT, "hardware.timer_slack_ns=1", "hardware.fifo_priority=1", "hardware.lock_memory=true")
    actions = {action.name: action for action in report.timing.actions if not action.undone}
    assert set(actions) == {"timer-slack", "fifo", "lock-memory"}
    assert (actions["timer-slack"].outcome, actions["timer-slack"].holds) == ("applied", "1 ns")
    assert all(action.outcome == "applied" or action.reason for action in actions.values())
    assert KERNEL.timer_slack() == before
    assert "timer-slack" in {action.name for action in report.timing.actions if action.undone}


def test_replay_makes_no_order(run):
    """In replay mode markets are rebuilt and nothing is traded."""
    report = run(SHORT, "mode=replay")
    assert report.order_log_records == 0
    assert report.instruments[0].book.live
    assert report.instruments[0].orders == 0


def test_no_limit_no_order(run, tmp_path, registry):
    """Without [risk] every order is refused, and the reason says so."""
    config = tmp_path / "session.toml"
    config.write_text(
        'instruments = ["BTC/USDT"]\nfeed = { plugin = "simulated", seconds = 25 }\n'
        '[strategy.maker]\nplugin = "quote-maker"\nsize = 0.01\n'
        "[market]\ndaily_volume = 30_000\ndaily_volatility = 0.02\n"
    )
    session = make_session(load_config(config), registry)
    assert "max_position" in session.missing_limits()
    report = run_session(session, registry)
    assert set(report.refusals) == {"limit-not-set"}
    assert report.instruments[0].fills == 0


def test_a_gap_stops_trading_until_the_book_is_whole_again(run, generated, tmp_path):
    """With a depth message cut out, the book is quarantined: it isn't live at the end, and the gap is counted."""
    depth = [index for index, (_, raw) in enumerate(generated) if b"depthUpdate" in raw]
    cut = depth[len(depth) // 2]
    report = run(write(tmp_path / "cut.txt", generated[:cut] + generated[cut + 1 :]))
    assert report.feed.gaps == 1
    assert not report.instruments[0].book.live
    whole = run(write(tmp_path / "whole.txt", generated))
    assert report.instruments[0].fills < whole.instruments[0].fills


def test_captures_that_follow_one_another_are_one(run, generated, tmp_path):
    """A capture cut in two and read one after the other gives the orders of the whole."""
    whole = run(write(tmp_path / "whole.txt", generated))
    half = len(generated) // 2
    write(tmp_path / "a.txt", generated[:half])
    (tmp_path / "b.gz").write_bytes(gzip.compress(b"".join(b"%d %s\n" % message for message in generated[half:])))
    halves = f'feed={{plugin="binance-spot", capture=["{tmp_path / "a.txt"}", "{tmp_path / "b.gz"}"]}}'
    assert run(halves).order_log_sha256 == whole.order_log_sha256


def test_a_bad_message_stops_the_session_at_its_line(run, generated, tmp_path):
    """A message that can't be read is an error with file and line; with skip_bad it is counted, and the rest runs."""
    broken = list(generated)
    broken[99] = (broken[99][0], broken[99][1][:-5])
    source = write(tmp_path / "broken.txt", broken)
    with pytest.raises(CaptureError, match=r"broken\.txt, line 100: .*--skip-bad") as caught:
        run(source)
    assert caught.value.line == 100
    report = run(source, "feed.skip_bad=true")
    assert report.feed.bad_lines == 1
    assert report.feed.messages == len(generated)


def test_skipping_bad_messages_works_for_generated_sessions_too(run):
    """Generated faults are counted as bad lines where they are to be skipped, and end the run where not."""
    with pytest.raises(CaptureError):
        run(SHORT, "feed.faults.truncate=0.05")
    assert run(SHORT, "feed.faults.truncate=0.05", "feed.skip_bad=true").feed.bad_lines > 0


def test_times_that_go_back_are_told(run, generated, tmp_path):
    """The first step back is told with its message, both times, what follows from it and what to do, by any decoder."""
    hour_ns = 3_600 * 10**9
    moved = [(at - hour_ns if index >= 50 else at, raw) for index, (at, raw) in enumerate(generated)]
    source = write(tmp_path / "moved.txt", moved)
    for decoder in ("python", "native") if importlib.util.find_spec("mainspring_native") else ("python",):
        report = run(source, f"decoder.plugin={decoder}", "session.chunk=40")
        step = report.feed.first_back
        assert report.feed.times_back == 1
        assert (step.message, step.from_ns, step.to_ns) == (51, moved[49][0], moved[50][0])
        (said,) = [warning for warning in warnings(report) if "Receive times went back 1 time" in warning]
        assert "first at message 51: from 2024-01-01 00:00:" in said
        assert "to 2023-12-31 23:00:" in said
        assert "the paper venue and all timers stand still" in said
        assert "Sort the capture by receive time" in said


def test_a_capture_of_something_else_is_refused(run, tmp_path):
    """A file whose messages no feed knows isn't run as an empty market."""
    path = tmp_path / "other.txt"
    path.write_bytes(b'1723161253937085768 {"hello":"world"}\n' * 10)
    with pytest.raises((ConfigError, DataError), match="no feed can read any json message"):
        run(f'feed={{capture="{path}"}}')


def test_progress_reaches_the_end(run):
    """Progress rises and ends with the last message."""
    reported = []
    report = run(SHORT, progress=lambda messages, fraction: reported.append((messages, fraction)))
    assert reported == sorted(reported)
    assert reported[-1] == (report.feed.messages, 1.0)


TEN_RUNS = f"""
import gc, tracemalloc
from mainspring.host.config import load_config
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.session import run_session

registry = Registry.load()
tracemalloc.start()

def traced_after(runs):
    for _ in range(runs):
        run_session(make_session(load_config(None, [{SHORT!r}]), registry), registry)
    gc.collect()
    return tracemalloc.get_traced_memory()[0]

before = traced_after(2)
grown = traced_after(8) - before
print(grown, *tracemalloc.take_snapshot().statistics("lineno")[:5], sep=chr(10))
"""


@pytest.mark.gate
def test_memory_stays_flat_over_ten_runs():
    """Ten sessions in one process leave no more behind than two do.

    In a process of their own: a table of the interpreter's that other tests have filled may double at any time.
    """
    ran = subprocess.run([sys.executable, "-c", TEN_RUNS], capture_output=True, text=True, check=True)
    grown, *most = ran.stdout.splitlines()
    assert int(grown) < 60_000, f"{grown} bytes more after eight runs; most of all that is held: {most}"


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_the_session_with_its_report(run, monkeypatch, name):
    """Each signal that asks to stop is the reason to stop after the chunk in hand, and doesn't end the process."""
    if not hasattr(signal, name):
        pytest.skip(f"signal absent: {name}")
    step, before = LaneRun.step, signal.getsignal(getattr(signal, name))

    def step_and_signal(self):
        os.kill(os.getpid(), getattr(signal, name))
        return step(self)

    monkeypatch.setattr(LaneRun, "step", step_and_signal)
    report = run(SHORT)
    assert report.stopped_early == f"signal {name}"
    assert report.feed.messages == 0
    assert signal.getsignal(getattr(signal, name)) == before


def test_a_session_runs_in_any_thread(run):
    """A thread can't take signals, and a session in it runs to its end, with the same orders."""
    with ThreadPoolExecutor(1) as pool:
        report = pool.submit(run, SHORT).result()
    assert report.stopped_early is None
    assert without_timing(report) == without_timing(run(SHORT))
