"""Reports of a made-up session: as it was, and with what a report must cope with."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from mainspring.report import SessionReport, stage_report
from mainspring.session.currency_totals import currency_totals
from mainspring.telemetry import Histogram

from .samples import changed, sample_drift, sample_instrument, sample_report


@pytest.fixture(scope="session")
def report() -> SessionReport:
    """A session in which nothing went wrong."""
    return sample_report()


@pytest.fixture(scope="session")
def troubled_report(report: SessionReport) -> SessionReport:
    """The same session with everything that a report must warn of, and one stage over its budget."""
    instrument = report.instruments[0]
    book = changed(instrument.book, live=False, crossed=2, bid=None)
    slow = changed(report.timing.stages[1], budget_us=10.0, over_budget=3_102)
    idle = stage_report("route", Histogram(), 500)
    return changed(
        report,
        feed=changed(report.feed, gaps=2, resyncs=1, bad_lines=1),
        instruments=(instruments := [changed(instrument, book=book, unrealised=None, profit=None, net=None)]),
        totals=currency_totals(instruments),
        stopped_early="interrupted by the user after message 41,249",
        timing=changed(
            report.timing, stages=[report.timing.stages[0], slow, idle, report.timing.stages[2]], drift=sample_drift()
        ),
    )


@pytest.fixture(scope="session")
def many_report(report: SessionReport) -> SessionReport:
    """A session of five instruments, the last of which never traded."""
    symbols = ["BTC/USDT", "ETH/USDT", "SOL/USDT", "BTCUSD_PERP"]
    instruments = [sample_instrument(Random(index), symbol, 300, 10) for index, symbol in enumerate(symbols)]
    quiet = changed(
        sample_instrument(Random(9), "DOGE/USDT", 0, 0),
        slippage=[],
        markouts=[],
        orders=0,
        accepted=0,
        cancelled=0,
        net="0",
    )
    instruments.append(quiet)
    return changed(report, instruments=instruments, totals=currency_totals(instruments))


@pytest.fixture(scope="session")
def hostile_report(report: SessionReport) -> SessionReport:
    """A session whose every free text tries to be markup, an escape sequence or a broken line."""
    hostile = '[red]x</style><script>alert("1")</script>&\x1b[31m\n\u202e\ud800\'"'
    instrument = report.instruments[0]
    return changed(
        report,
        config=hostile,
        mode=hostile,
        mainspring=hostile,
        slots=[changed(slot, plugin=hostile, distribution=hostile, because=hostile) for slot in report.slots],
        feed=changed(report.feed, source=hostile, by_kind={hostile: 1}, not_applied={hostile: 1}),
        refusals={hostile: 3},
        stopped_early=hostile,
        totals=[changed(total, currency=hostile, net=hostile) for total in report.totals],
        instruments=[
            changed(
                instrument,
                symbol=hostile,
                profit_currency=hostile,
                net=hostile,
                slippage=[
                    changed(line, role=hostile, parts=[changed(one, name=hostile) for one in line.parts])
                    for line in instrument.slippage
                ],
                markouts=[changed(line, role=hostile + line.role) for line in instrument.markouts],
                open_orders=[
                    changed(one, strategy=hostile, state=hostile, side=hostile) for one in instrument.open_orders
                ],
                fill_samples=[
                    changed(mark, side="buy", strategy=hostile, size=hostile) for mark in instrument.fill_samples
                ],
                order_samples=[changed(one, side=hostile) for one in instrument.order_samples],
            )
        ],
        timing=changed(
            report.timing,
            stages=[changed(stage, stage=hostile) for stage in report.timing.stages],
            host={hostile: hostile},
            drift=[changed(one, lane=hostile, stage=hostile) for one in sample_drift()],
            races=[
                changed(
                    race,
                    slot=hostile,
                    default=hostile,
                    winner=hostile,
                    because=hostile,
                    candidates=[
                        changed(one, plugin=hostile, distribution=hostile, note=hostile) for one in race.candidates
                    ],
                )
                for race in report.timing.races
            ],
            threads=[changed(one, role=hostile, outcome=hostile, reason=hostile) for one in report.timing.threads],
        ),
    )


@pytest.fixture(scope="session")
def empty_report(report: SessionReport) -> SessionReport:
    """A session that got no message at all."""
    feed = changed(report.feed, messages=0, first_receive_ns=0, last_receive_ns=0, by_kind={}, not_applied={})
    timing = changed(
        report.timing, stages=[], wall_seconds=0.0, messages_per_second=0.0, host={}, pace=[], races=[], threads=[]
    )
    return changed(report, slots=[], feed=feed, instruments=[], totals=[], refusals={}, timing=timing)


@pytest.fixture
def change() -> Callable[..., Any]:
    """Makes a changed copy of a report or a part of one."""
    return changed
