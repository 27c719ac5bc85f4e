"""How figures are written, and the points that a chart keeps."""

from random import Random

import pytest

from mainspring.report import MidPoint, downsample, stage_report, verdict
from mainspring.report.figures import (
    amount,
    amount_decimals,
    at_step,
    bps,
    duration,
    fine_latency,
    latency,
    memory,
    percent,
    round_latency,
    signed,
)
from mainspring.report.printable import printable
from mainspring.telemetry import Histogram


@pytest.mark.parametrize(
    ("ns", "shown"),
    [
        (0, "0 ns"),
        (999, "999 ns"),
        (1_000, "1.00 us"),
        (9_994, "9.99 us"),
        (9_996, "10.0 us"),
        (99_960, "100 us"),
        (999_499, "999 us"),
        (999_500, "1.00 ms"),
        (1_500_000_000, "1.50 s"),
        (3_600_000_000_000, "3,600 s"),
    ],
)
def test_latency_has_three_digits_and_a_unit(ns: int, shown: str) -> None:
    """A latency never shows as 1,000 of a unit that has a larger one, nor with digits that aren't measured."""
    assert latency(ns) == shown


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (3.94, "3.94 ns"),
        (33.61, "33.6 ns"),
        (999.4, "999 ns"),
        (999.6, "1.00 us"),
        (53_310, "53.3 us"),
        (2e9, "2,000 ms"),
    ],
)
def test_a_fine_latency_has_three_digits(nanoseconds: float, text: str) -> None:
    """The unit is the one that leaves the figure below a thousand."""
    assert fine_latency(nanoseconds) == text


def test_units_fit_their_figures() -> None:
    """Durations, sizes, shares and basis points in the words of docs/report.md."""
    assert [round_latency(ns) for ns in (100_000, 5_000_000, 2_500)] == ["100 us", "5 ms", "2.5 us"]
    assert [duration(s) for s in (0.6231, 12.34, 346, 7_300)] == ["0.623 s", "12.3 s", "5 min 46 s", "2 h 01 min"]
    assert [memory(size) for size in (999, 87_412_736, 3 * 10**15)] == ["999 B", "87.4 MB", "3,000 TB"]
    assert [percent(part, 1000) for part in (0, 0.45, 10, 1000)] == ["0.0%", "0.045%", "1.0%", "100.0%"]
    assert [bps(value) for value in (1.234, -1234.5, -0.001, None)] == ["+1.23", "-1,234.50", "0.00", "-"]


def test_a_column_has_one_precision_from_its_grid() -> None:
    """Sizes and prices show the decimals of the finest step in their column, zero too; a mid may need one more."""
    lots = ["0.1", "0.00001000"]
    assert [at_step(text, lots) for text in ("0", "0.0", "1.39", "-1000", None)] == [
        *("0.00000", "0.00000", "1.39000", "-1,000.00000", "-")
    ]
    assert at_step("61880.06", ["0.01"], halves=True) == "61,880.060"
    assert [at_step("7", ["1"]), at_step("7.5", ["1"], halves=True), at_step("70", ["10"])] == ["7", "7.5", "70"]
    assert [signed(text, 2) for text in ("1234.5", "-1", "0.001", None)] == ["+1,234.50", "-1.00", "0.00", "-"]


def test_amounts_keep_their_sign_and_say_no_more_than_they_know() -> None:
    """Decimal text is exact unless rounded, a rounded loss isn't "-0.00", and what is no number is shown as it is."""
    assert amount("1234567.00000001") == "1,234,567.00000001"
    assert amount("-0.001", 2) == "0.00"
    assert amount("-0.5", 2) == "-0.50"
    assert amount(None) == "-"
    assert amount("NaN") == "NaN"
    assert amount_decimals(["0.00012", None]) == 8
    assert amount_decimals(["0.00012", "-1.5"]) == 4
    assert amount_decimals(["1000"]) == 2


def test_unprintable_characters_are_replaced() -> None:
    """Escapes, line breaks, direction overrides and lone surrogates are replaced; letters of any script stay."""
    assert printable("a\x1b[31m\n\u202e\ud800") == "a\ufffd[31m\ufffd\ufffd\ufffd"
    assert printable("naïve 東京 €") == "naïve 東京 €"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_downsampling_keeps_the_extremes_and_the_ends(seed: int) -> None:
    """No more points than asked, in order, with the first, the last, the lowest and the highest among them."""
    random = Random(seed)
    times = sorted(random.randrange(10**12) for _ in range(9_000))
    points = [MidPoint(time_ns, random.gauss(100, 5)) for time_ns in times]
    kept = downsample(points, 400)
    assert 200 < len(kept) <= 400
    assert kept == sorted(kept, key=lambda point: point.time_ns)
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    prices = [point.price for point in points]
    assert {min(prices), max(prices)} <= {point.price for point in kept}
    assert downsample(points[:400], 400) == points[:400]


def test_downsampling_stands_a_burst() -> None:
    """Points that all have one time are reduced too."""
    points = [MidPoint(5, float(price)) for price in range(1000)]
    assert [point.price for point in downsample(points, 8)] == [0.0, 999.0]


def test_stage_report_holds_the_histograms_figures() -> None:
    """Percentiles, passes over the budget and the verdict come from the histogram."""
    histogram = Histogram()
    histogram.record_many(range(1, 2001))
    stage = stage_report("book", histogram, 1.5)
    assert (stage.count, stage.p50_ns, stage.p99_ns, stage.max_ns, stage.over_budget) == (2000, 1000, 1980, 2000, 500)
    assert stage.percentiles[0] == (0, 1)
    assert verdict(stage) == "over"
    assert verdict(stage_report("book", histogram, 1.98)) == "within"
    assert verdict(stage_report("book", histogram, None)) == "no budget"
    assert verdict(stage_report("book", Histogram(), 1.5)) == "idle"
