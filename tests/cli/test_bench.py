"""`bench` and `scaling` as a user types them: lists, baselines, pages and exit codes."""

import dataclasses
import json
import sys

import pyperf
import pytest

from mainspring.report.capacity import Outside
from mainspring_perf.host import code as code_here
from mainspring_perf.host import host_profile
from mainspring_perf.run import Timed
from mainspring_perf.store import save_run
from mainspring_perf.versus import Comparison, Difference

SLOWER = Difference(
    suite="hooks",
    benchmark="bound call",
    verdict="slower",
    ratio=1.2,
    low=1.1,
    high=1.3,
    then_ns=100.0,
    now_ns=120.0,
    fails=True,
)


@pytest.fixture
def bench_of_elsewhere(monkeypatch, tmp_path):
    """A baseline "theirs" of another host."""
    monkeypatch.setenv("MAINSPRING_BENCH", str(tmp_path / "bench"))
    here = host_profile()
    profile = dataclasses.replace(here, cpu=dataclasses.replace(here.cpu, model_name="Another CPU", model=9999))
    run = pyperf.Run([1e-7, 1.1e-7], metadata={"name": "x", "description": "w"}, collect_metadata=False)
    about = {"saved": "2026-11-26T00:00:00+00:00", "python": "/nowhere/python", "python_version": "3.11.0"}
    save_run("theirs", {("hooks", "bound call"): pyperf.Benchmark([run])}, host=profile, code=code_here(), about=about)


def test_bench_lists_its_suites(mainspring):
    """`bench --list` names the suites, each with a line on what it times."""
    code, out, _ = mainspring("bench", "--list")
    assert code == 0
    assert {line.split()[0] for line in out.splitlines()} >= {"book", "codec", "lane", "risk", "slippage"}


def test_tiny_checks_answers_and_times_nothing_else(mainspring):
    """`bench --tiny` runs each benchmark at its small size; a baseline can't be made of such times."""
    code, out, _ = mainspring("bench", "--tiny", "hooks", "--only", "bound", "--json")
    assert code == 0
    assert [(row["benchmark"], row["tail"]) for row in json.loads(out)] == [("bound call", None)]
    code, out, err = mainspring("bench", "--tiny", "hooks", "--save", "small")
    assert (code, out) == (2, "")
    assert "--tiny only checks answers" in err


@pytest.mark.gate
def test_a_baseline_of_another_host_is_compared_when_asked_for(mainspring, bench_of_elsewhere):
    """`--across-hosts` runs the benchmark and holds it against the other host's figures, and says so."""
    code, out, _ = mainspring("bench", "hooks", "--against", "theirs", "--only", "bound", "--fast", "--across-hosts")
    assert code == 0
    assert "it is from another host" in " ".join(out.split())


def test_a_baseline_of_another_host_is_refused(mainspring, bench_of_elsewhere):
    """A difference to another machine says nothing about the code: it has to be asked for."""
    code, out, err = mainspring("bench", "hooks", "--against", "theirs", "--only", "bound")
    assert (code, out) == (2, "")
    assert "is from another host (Another CPU" in " ".join(err.split())
    assert "--across-hosts" in err


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_a_baseline_that_is_cut_short_is_no_slower_code(mainspring, bench_of_elsewhere, tmp_path, share):
    """Exit code 2 and what is wrong with the file, never the 1 that says "slower"."""
    file = tmp_path / "bench" / "baselines" / "theirs" / "pyperf.json"
    whole = file.read_bytes()
    file.write_bytes(whole[: int(share * len(whole))])
    code, out, err = mainspring("bench", "hooks", "--against", "theirs", "--across-hosts", "--fail-over", "5%")
    assert (code, out) == (2, "")
    assert "isn't a baseline of `mainspring bench --save`" in " ".join(err.split())


def test_a_library_that_cannot_be_imported_costs_its_own_plugin_alone(mainspring, monkeypatch, tmp_path):
    """Its codec is listed with the reason, in the suite too, and the others are run."""
    (tmp_path / "simdjson.py").write_text("raise ImportError('undefined symbol: PyLong_x')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "simdjson", raising=False)
    reason = (
        "needs the package simdjson, which can't be imported: ImportError: undefined symbol: PyLong_x; reinstall it"
    )
    code, out, err = mainspring("plugins", "list", "--json")
    assert code == 0, err
    assert [row["name"] for row in json.loads(out)["plugins"] if reason in (row["unusable"] or "")] == ["simdjson"]
    code, out, err = mainspring("bench", "codec", "--tiny", "--only", "trade")
    assert code == 0, err
    assert f"codec simdjson: {reason}" in " ".join(out.split())
    assert "orjson: decode trade" in out


def test_a_slower_code_ends_with_exit_code_one(mainspring, bench_of_elsewhere, monkeypatch):
    """`--fail-over` sets the exit code, by what the comparison says."""
    failing = Comparison(against="theirs", how="so", noise=0.01, differences=(SLOWER,))
    monkeypatch.setattr("mainspring.cli.bench._measure", lambda *_: (None, failing))
    code, out, _ = mainspring("bench", "hooks", "--against", "theirs", "--across-hosts", "--fail-over", "5%")
    assert code == 1
    assert "slower, FAILS" in " ".join(out.split())
    reported = json.loads(mainspring("bench", "hooks", "--against", "theirs", "--across-hosts", "--json")[1])
    assert reported["comparison"]["differences"][0]["ratio"] == 1.2


def test_history_of_no_runs_says_so(mainspring, monkeypatch, tmp_path):
    """Nothing saved: said, with what saves; and the page is written all the same."""
    monkeypatch.setenv("MAINSPRING_BENCH", str(tmp_path / "bench"))
    code, out, err = mainspring("bench", "history", "--html", tmp_path / "history.html")
    assert (code, out) == (0, "")
    assert "no run is saved on this host" in err
    assert "No run has been saved" in (tmp_path / "history.html").read_text(encoding="utf-8")


def test_bench_writes_its_page(mainspring, monkeypatch, tmp_path):
    """`bench --html` writes the rows that it prints as a page; a file that can't be written is told before the work."""
    row = dict.fromkeys(("ratio", "baseline", "ratio_at_least", "target_us", "met"))
    row |= {"suite": "book", "benchmark": "ladder", "one_ns": 100.0, "spread": 0.0, "input": "deltas"}
    row |= {"tail": None, "size_bytes": None}
    timed = Timed(rows=[row], benchmarks={}, unmeasured={})
    monkeypatch.setattr("mainspring.cli.bench.run_suites", lambda *_, **__: timed)
    code, out, _ = mainspring("bench", "--html", tmp_path / "page.html")
    assert code == 0
    assert "ladder" in out
    assert "ladder: 100 ns" in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert mainspring("bench", "--html", tmp_path / "absent" / "page.html")[0] == 2


def test_scaling_sizes_a_fleet_from_a_report(mainspring, monkeypatch, tmp_path):
    """`scaling --size` splits a message's cost and says how many lanes carry the peak; a load of 1 is refused."""
    costs = Outside(fold_ns=100.0, message_ns=300.0)
    monkeypatch.setattr("mainspring.cli.scaling.calibrate", lambda: {"python": costs})
    path = tmp_path / "report.json"
    path.write_text(mainspring("run", "--json", "--quiet", "--set", "feed.seconds=30")[1], encoding="utf-8")
    code, out, _ = mainspring("scaling", "--size", path, "--peak", "1e6", "--load", "0.5", "--json")
    found = json.loads(out)
    assert code == 0
    assert {"strategy", "between the stages", "around the path"} <= set(found["share_ns"])
    assert {"feed+book"} <= set(found["share_ns"]) or {"feed", "book"} <= set(found["share_ns"])
    assert sum(found["share_ns"].values()) == pytest.approx(found["message_ns"])
    assert (found["lanes"] - 1) * found["saturation"] * 0.5 < 1e6 <= found["lanes"] * found["saturation"] * 0.5
    assert "lanes loaded to 50%" in mainspring("scaling", "--size", path)[1]
    assert mainspring("scaling", "--size", path, "--load", "1")[0] == 2
    assert mainspring("scaling", "--size", tmp_path / "absent.json")[0] == 2
    assert mainspring("scaling", "nothing")[0] == 2
