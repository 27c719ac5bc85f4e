"""Reports as JSON, and what is left when the timing is taken away."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from mainspring.errors import DataError
from mainspring.report import SessionReport, from_json, to_json, without_timing


def test_json_comes_back_as_the_same_report(
    report: SessionReport, troubled_report: SessionReport, many_report: SessionReport, empty_report: SessionReport
) -> None:
    """Nothing is lost or changed on the way through JSON."""
    for one in (report, troubled_report, many_report, empty_report):
        assert from_json(to_json(one)) == one


def test_json_is_plain_for_other_programs(report: SessionReport) -> None:
    """Another JSON reader finds figures as numbers, amounts as decimal text and a schema number."""
    read = json.loads(to_json(report))
    assert read["schema"] == 2
    assert read["feed"]["messages"] == 41_249
    assert read["instruments"][0]["net"] == "-2.19660171"
    assert read["timing"]["stages"][0]["p99_ns"] == report.timing.stages[0].p99_ns


def test_two_runs_differ_in_timing_only(report: SessionReport, change: Callable[..., Any]) -> None:
    """Without timing two runs of one input are equal, and a changed figure still shows."""
    slower = change(report, timing=change(report.timing, wall_seconds=9.0, stages=[], host={"cpu": "another"}))
    assert slower != report
    assert to_json(without_timing(slower)) == to_json(without_timing(report))
    other = change(report, order_log_records=1)
    assert without_timing(other) != without_timing(report)


@pytest.mark.parametrize("data", [b"", b"{}", b'{"schema": 2}', b"\xff\xfe", b"[1, 2]"])
def test_what_is_no_report_is_refused(data: bytes) -> None:
    """Broken or foreign JSON is a `DataError`, never half a report."""
    with pytest.raises(DataError, match="no session report"):
        from_json(data)


def test_another_schema_is_refused(report: SessionReport, change: Callable[..., Any]) -> None:
    """A report of another version names both schema numbers."""
    with pytest.raises(DataError, match=r"schema 1; .* schema 2"):
        from_json(to_json(change(report, schema=1)))
